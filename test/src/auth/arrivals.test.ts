// Tests the tokens with which players arrive on another map.
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { Arrivals } from "../../../src/auth/arrivals.ts";
import { newPlayerId, Tokens } from "../../../src/auth/tokens.ts";
import { runs } from "../../support/long.ts";
import { SECRETS } from "../../support/server.ts";

const PLACE = { map: "meadow", x: 100, y: 200 };
const ADA = newPlayerId();
const BEN = newPlayerId();
const arrivals = new Arrivals(SECRETS.current);

afterEach(() => {
  jest.restoreAllMocks();
});

/** Sets the clock to a time, and stops it there. */
function setClock(time: number): void {
  jest.spyOn(Date, "now").mockReturnValue(time);
}

test.each([ADA, undefined])(
  "an arrival token leads the player %s (undefined: a guest) to the token's position, but only once",
  (player) => {
    const token = arrivals.issue(PLACE, player);
    expect(arrivals.redeem(token, player, "meadow")).toEqual(PLACE);
    expect(() => arrivals.redeem(token, player, "meadow")).toThrow("[arrivalInvalid]");
  },
);

test("two arrival tokens for the same position can both be redeemed", () => {
  const [first, second] = [arrivals.issue(PLACE, ADA), arrivals.issue(PLACE, ADA)];
  expect(arrivals.redeem(first!, ADA, "meadow")).toEqual(PLACE);
  expect(arrivals.redeem(second!, ADA, "meadow")).toEqual(PLACE);
});

describe("refused tokens:", () => {
  test.each([
    ["another player", ADA, BEN, "meadow"],
    ["a guest", ADA, undefined, "meadow"],
    ["a signed-in player if the token was issued to a guest", undefined, ADA, "meadow"],
    ["another map", ADA, ADA, "plaza"],
  ])("an arrival token is refused for %s, and stays valid for its own player and map", (_, owner, player, map) => {
    const token = arrivals.issue(PLACE, owner);
    expect(() => arrivals.redeem(token, player, map)).toThrow("[arrivalInvalid]");
    expect(arrivals.redeem(token, owner, "meadow")).toEqual(PLACE);
  });

  test("an arrival token is refused after ten seconds, whether it was redeemed before or not", () => {
    const now = Date.now();
    setClock(now);
    const [early, late, used] = [1, 2, 3].map(() => arrivals.issue(PLACE, ADA)) as [string, string, string];
    arrivals.redeem(used, ADA, "meadow");
    setClock(now + 9_999);
    expect(arrivals.redeem(early, ADA, "meadow")).toEqual(PLACE);
    setClock(now + 10_000);
    for (const token of [late, used]) expect(() => arrivals.redeem(token, ADA, "meadow")).toThrow("[arrivalInvalid]");
  });

  test("an arrival token is refused if a byte of it was changed, or if another server issued it", () => {
    const token = arrivals.issue(PLACE, ADA);
    const foreign = new Arrivals(SECRETS.old).issue(PLACE, ADA);
    for (const forged of ["", ".", token.split(".")[0]!, `${token.split(".")[0]}.`, `x${token}`, foreign]) {
      expect(() => arrivals.redeem(forged, ADA, "meadow")).toThrow("[arrivalInvalid]");
    }
    fc.assert(
      // Never changes the last character. In base64 some of its bits have no meaning, so a changed token could be
      // valid.
      fc.property(fc.nat(token.length - 2), fc.constantFrom(..."aZ9-_."), (at, character) => {
        fc.pre(token[at] !== character);
        const forged = token.slice(0, at) + character + token.slice(at + 1);
        expect(() => arrivals.redeem(forged, ADA, "meadow")).toThrow("[arrivalInvalid]");
      }),
      { numRuns: runs(200) },
    );
  });

  test("a player's token is refused as an arrival token, and an arrival token is refused as a player's token", async () => {
    const tokens = new Tokens(SECRETS.current);
    const playerToken = await tokens.sign(ADA);
    expect(() => arrivals.redeem(playerToken, ADA, "meadow")).toThrow("[arrivalInvalid]");
    await expect(tokens.read(arrivals.issue(PLACE, ADA))).rejects.toThrow("[tokenInvalid]");
  });
});
