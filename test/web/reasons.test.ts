// Tests how the page maps errors to the reason that it shows, and to the remedy: what the page or its user does next.

import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { describe, expect, test } from "@jest/globals";
import { ERRORS, type ErrorName, taggedMessage } from "../../schema/errors.ts";
import { MapError } from "../../sim/map.ts";
import { REMEDIES, type Reason, reasonOfClose, reasonOfError } from "../../web/reasons.ts";

/** Returns the error that the SDK throws for a refused join. */
const refusedWith = (name: ErrorName) => new MatchMakeError(taggedMessage(name), ERRORS[name].code);

describe("failed joins:", () => {
  test.each<[ErrorName, Reason, (typeof REMEDIES)[Reason]]>([
    ["badJoinOption", "badName", "none"],
    ["unknownMap", "unknownMap", "none"],
    ["storeUnavailable", "storeUnavailable", "wait"],
    ["stopping", "restarting", "wait"],
    ["busy", "busy", "wait"],
    ["worldFull", "full", "wait"],
    ["clusterAway", "restarting", "wait"],
    ["upgradeRequired", "proxy", "wait"],
    ["upgradeDropped", "proxy", "wait"],
    ["tooManyJoins", "tooMany", "wait"],
    ["tooManyConnections", "tooMany", "wait"],
    ["outdated", "outdated", "reload"],
    ["foreignOrigin", "foreignSite", "none"],
    ["tooLarge", "refused", "none"],
    ["takenOver", "takenOver", "join"],
    ["tokenInvalid", "lost", "wait"],
    ["tokenExpired", "lost", "wait"],
  ])("a failed join with the error %s has the reason %s and the remedy %s", (name, reason, remedy) => {
    expect(reasonOfError(refusedWith(name))).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });

  test("a failed join has the reason tooMany if the rate limit refuses the sign-in that precedes the join", () => {
    expect(reasonOfError(new ServerError(ERRORS.tooManyJoins.code, taggedMessage("tooManyJoins")))).toBe("tooMany");
  });

  test("a failed join has the reason `busy` if the status is 503, and `lost` if there is no response or the status is 500", () => {
    expect(reasonOfError(new TypeError("Failed to fetch"))).toBe("lost");
    expect(reasonOfError(new ServerError("ECONNREFUSED" as unknown as number, "no server"))).toBe("lost");
    expect(reasonOfError(new MatchMakeError("", 500))).toBe("lost");
    // A proxy responds with this status if no server runs behind the proxy.
    expect(reasonOfError(new MatchMakeError("Service Unavailable", 503))).toBe("busy");
  });

  test("a failed join has the reason badMap if the page cannot read the map", () => {
    expect(reasonOfError(new MapError("plaza", "it is empty"))).toBe("badMap");
  });
});

describe("closed connections:", () => {
  test.each<[ErrorName, Reason, (typeof REMEDIES)[Reason]]>([
    ["serverShutdown", "restarting", "wait"],
    ["takenOver", "takenOver", "join"],
    ["flooding", "flooding", "join"],
    ["slowConsumer", "slowConsumer", "join"],
    ["idle", "idle", "join"],
    ["kicked", "kicked", "join"],
    ["badFrame", "lost", "wait"],
  ])("a closed connection with the code of %s has the reason %s and the remedy %s", (name, reason, remedy) => {
    expect(reasonOfClose(ERRORS[name].code)).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });
});

/**
 * Errors without a reason of their own. The page never receives some of them, and treats others as a lost connection.
 * For the rest, the page stays in the room, and shows the error in its chat box or as a notice.
 */
const WITHOUT_REASON: ErrorName[] = [
  ...([
    "tokenInvalid",
    "tokenExpired",
    "badMove",
    "unknownMessage",
    "tooManyInputs",
    "badFrame",
    "joinRefused",
    "replaced",
  ] as const),
  ...(["badSay", "tooManySays", "muted", "invitationEnded"] as const),
  ...(["metricsTokenInvalid", "passwordInvalid", "internalError", "roomFull"] as const),
];

test("each error has a reason other than `lost`, except for the errors in WITHOUT_REASON", () => {
  const unmapped = (Object.keys(ERRORS) as ErrorName[]).filter(
    (name) => reasonOfError(refusedWith(name)) === "lost" && reasonOfClose(ERRORS[name].code) === "lost",
  );
  expect(unmapped.sort()).toEqual(WITHOUT_REASON.sort());
});
