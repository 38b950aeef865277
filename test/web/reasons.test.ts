// What the page makes of every code that the server can refuse or close with.

import { MatchMakeError, ServerError } from "@colyseus/sdk";
import { describe, expect, test } from "@jest/globals";
import { ERRORS } from "../../schema/errors.ts";
import { MapError } from "../../sim/map.ts";
import { isTokenRefused, REMEDIES, type Reason, reasonOfClose, reasonOfError } from "../../web/reasons.ts";

const { badJoinOption, unknownMap, tokenForged, tokenExpired, tokenForeign, storeAway, outdated } = ERRORS;
const { foreignOrigin, tooManyJoins, tooManyConnections, tooLarge, busy, stopping } = ERRORS;
const { takenOver, flooding, notReading, idle, serverShutdown, badFrame } = ERRORS;

describe("a refused join", () => {
  test.each<[string, { code: number; sentence: string }, Reason, (typeof REMEDIES)[Reason]]>([
    ["badJoinOption", badJoinOption, "badName", "none"],
    ["unknownMap", unknownMap, "unknownMap", "none"],
    ["storeAway", storeAway, "storeAway", "wait"],
    ["stopping", stopping, "restarting", "wait"],
    ["busy", busy, "full", "wait"],
    ["tooManyJoins", tooManyJoins, "tooMany", "wait"],
    ["tooManyConnections", tooManyConnections, "tooMany", "wait"],
    ["outdated", outdated, "outdated", "reload"],
    ["foreignOrigin", foreignOrigin, "foreignSite", "none"],
    ["tooLarge", tooLarge, "refused", "none"],
    ["takenOver", takenOver, "takenOver", "join"],
    ["tokenForged", tokenForged, "lost", "wait"],
    ["tokenExpired", tokenExpired, "lost", "wait"],
  ])("%s", (_, { code, sentence }, reason, remedy) => {
    expect(reasonOfError(new MatchMakeError(sentence, code))).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });

  test("at the sign-in is a refusal like any other", () => {
    expect(reasonOfError(new ServerError(tooManyJoins.code, tooManyJoins.sentence))).toBe("tooMany");
  });

  test("for its token may be mended by another one", () => {
    for (const { code } of [tokenForged, tokenExpired, tokenForeign]) {
      expect(isTokenRefused(new MatchMakeError("", code))).toBe(true);
    }
    expect(isTokenRefused(new MatchMakeError("", busy.code))).toBe(false);
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
  test.each<[string, { code: number }, Reason, (typeof REMEDIES)[Reason]]>([
    ["serverShutdown", serverShutdown, "restarting", "wait"],
    ["takenOver", takenOver, "takenOver", "join"],
    ["flooding", flooding, "flooding", "join"],
    ["notReading", notReading, "notReading", "join"],
    ["idle", idle, "idle", "join"],
    ["badFrame", badFrame, "lost", "wait"],
  ])("%s", (_, { code }, reason, remedy) => {
    expect(reasonOfClose(code)).toBe(reason);
    expect(REMEDIES[reason]).toBe(remedy);
  });
});

test("no refusal and no close code is without a reason of its own, but those that a page never gets", () => {
  const others = ["tokenForged", "tokenExpired", "badMove", "unknownMessage", "badFrame", "joinRefused"];
  const forgotten = Object.entries(ERRORS).filter(
    ([name, { code, sentence }]) =>
      !others.includes(name) &&
      reasonOfError(new MatchMakeError(sentence, code)) === "lost" &&
      reasonOfClose(code) === "lost",
  );
  expect(forgotten).toEqual([]);
});
