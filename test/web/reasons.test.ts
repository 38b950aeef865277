// How the page maps the server's errors to reasons.

import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { describe, expect, test } from "@jest/globals";
import { ERRORS, type ErrorName, taggedMessage } from "../../schema/errors.ts";
import { MapError } from "../../sim/map.ts";
import { isTokenRefused, REMEDIES, type Reason, reasonOfClose, reasonOfError } from "../../web/reasons.ts";

/** Returns the error that the SDK throws for a refused join. */
const refusedWith = (name: ErrorName) => new MatchMakeError(taggedMessage(name), ERRORS[name].code);

describe("a failed join", () => {
  test.each<[ErrorName, Reason, (typeof REMEDIES)[Reason]]>([
    ["badJoinOption", "badName", "none"],
    ["unknownMap", "unknownMap", "none"],
    ["storeUnavailable", "storeUnavailable", "wait"],
    ["stopping", "restarting", "wait"],
    ["busy", "full", "wait"],
    ["tooManyJoins", "tooMany", "wait"],
    ["tooManyConnections", "tooMany", "wait"],
    ["outdated", "outdated", "reload"],
    ["foreignOrigin", "foreignSite", "none"],
    ["tooLarge", "refused", "none"],
    ["takenOver", "takenOver", "join"],
    ["tokenInvalid", "lost", "wait"],
    ["tokenExpired", "lost", "wait"],
  ])("with the error %s has the reason %s and the remedy %s", (name, reason, remedy) => {
    expect(reasonOfError(refusedWith(name))).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });

  test("has the same reason if the sign-in is refused", () => {
    expect(reasonOfError(new ServerError(ERRORS.tooManyJoins.code, taggedMessage("tooManyJoins")))).toBe("tooMany");
  });

  test("is reported as a refused token only for token errors", () => {
    for (const name of ["tokenInvalid", "tokenExpired", "tokenForeign"] as const) {
      expect(isTokenRefused(refusedWith(name))).toBe(true);
    }
    // `foreignOrigin` has the status of `tokenForeign`.
    for (const name of ["busy", "foreignOrigin"] as const) expect(isTokenRefused(refusedWith(name))).toBe(false);
  });

  test("can be retried if there was no response, or a 5xx response", () => {
    expect(reasonOfError(new TypeError("Failed to fetch"))).toBe("lost");
    expect(reasonOfError(new ServerError("ECONNREFUSED" as unknown as number, "no server"))).toBe("lost");
    expect(reasonOfError(new MatchMakeError("", 500))).toBe("lost");
    // The response of a proxy without a running server behind it.
    expect(reasonOfError(new MatchMakeError("Service Unavailable", 503))).toBe("full");
  });

  test("has the reason badMap if the page cannot read the map", () => {
    expect(reasonOfError(new MapError("plaza", "it is empty"))).toBe("badMap");
  });
});

describe("a closed connection", () => {
  test.each<[ErrorName, Reason, (typeof REMEDIES)[Reason]]>([
    ["serverShutdown", "restarting", "wait"],
    ["takenOver", "takenOver", "join"],
    ["flooding", "flooding", "join"],
    ["slowConsumer", "slowConsumer", "join"],
    ["idle", "idle", "join"],
    ["badFrame", "lost", "wait"],
  ])("with the code of %s has the reason %s and the remedy %s", (name, reason, remedy) => {
    expect(reasonOfClose(ERRORS[name].code)).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });
});

/** Errors that the page never receives, or that it treats as a lost connection. */
const WITHOUT_REASON: ErrorName[] = [
  ...(["tokenInvalid", "tokenExpired", "badMove", "unknownMessage", "badFrame", "joinRefused"] as const),
  ...(["metricsTokenInvalid", "passwordInvalid", "internalError"] as const),
];

test("only errors that the page does not receive or treats as a lost connection have no specific reason", () => {
  const unmapped = (Object.keys(ERRORS) as ErrorName[]).filter(
    (name) => reasonOfError(refusedWith(name)) === "lost" && reasonOfClose(ERRORS[name].code) === "lost",
  );
  expect(unmapped.sort()).toEqual(WITHOUT_REASON.sort());
});
