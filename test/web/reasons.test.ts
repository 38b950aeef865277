// What the page makes of every code that the server can refuse or close with.

import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { describe, expect, test } from "@jest/globals";
import { ERRORS, type ErrorName, taggedMessage } from "../../schema/errors.ts";
import { MapError } from "../../sim/map.ts";
import { isTokenRefused, REMEDIES, type Reason, reasonOfClose, reasonOfError } from "../../web/reasons.ts";

/** What the SDK makes of an error that refuses a join. */
const refusedWith = (name: ErrorName) => new MatchMakeError(taggedMessage(name), ERRORS[name].code);

describe("a refused join", () => {
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
  ])("%s", (name, reason, remedy) => {
    expect(reasonOfError(refusedWith(name))).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });

  test("at the sign-in is a refusal like any other", () => {
    expect(reasonOfError(new ServerError(ERRORS.tooManyJoins.code, taggedMessage("tooManyJoins")))).toBe("tooMany");
  });

  test("for its token may be mended by another one", () => {
    for (const name of ["tokenInvalid", "tokenExpired", "tokenForeign"] as const) {
      expect(isTokenRefused(refusedWith(name))).toBe(true);
    }
    // `foreignOrigin` has the status of `tokenForeign`.
    for (const name of ["busy", "foreignOrigin"] as const) expect(isTokenRefused(refusedWith(name))).toBe(false);
  });

  test("may pass, if there was no answer, or one that speaks of the server", () => {
    expect(reasonOfError(new TypeError("Failed to fetch"))).toBe("lost");
    expect(reasonOfError(new ServerError("ECONNREFUSED" as unknown as number, "no server"))).toBe("lost");
    expect(reasonOfError(new MatchMakeError("", 500))).toBe("lost");
    // A proxy's own answer, while nothing is behind it.
    expect(reasonOfError(new MatchMakeError("Service Unavailable", 503))).toBe("full");
  });

  test("is none of the server's, if it is the map that cannot be read", () => {
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
  ])("%s", (name, reason, remedy) => {
    expect(reasonOfClose(ERRORS[name].code)).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });
});

/** Errors that a page never gets, or that are only a lost connection to it. */
const WITHOUT_REASON: ErrorName[] = [
  ...(["tokenInvalid", "tokenExpired", "badMove", "unknownMessage", "badFrame", "joinRefused"] as const),
  ...(["metricsTokenInvalid", "passwordInvalid", "internalError"] as const),
];

test("every error that a page can get has a reason of its own", () => {
  const forgotten = (Object.keys(ERRORS) as ErrorName[]).filter(
    (name) => reasonOfError(refusedWith(name)) === "lost" && reasonOfClose(ERRORS[name].code) === "lost",
  );
  expect(forgotten.sort()).toEqual(WITHOUT_REASON.sort());
});
