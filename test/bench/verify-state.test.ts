import { describe, expect, test } from "@jest/globals";
import { faultAgainst, faultAmong } from "../../bench/harness/verify-state.ts";

const truth = {
  me: { x: 1000, y: 1000, name: "me", facing: 4 },
  near: { x: 1320, y: 1000, name: "near", facing: 1 },
  between: { x: 1321, y: 1000, name: "between", facing: 2 },
  far: { x: 1000, y: 1961, name: "far", facing: 3 },
};
const { far, ...allowed } = truth;
const { between, ...needed } = allowed;

const promise = (players: Record<string, object>, id = "me") =>
  faultAgainst(truth, [{ id, players: players as typeof truth }], "promise");

describe("the check against the truth", () => {
  test("wants everybody within 320 units, nobody beyond 960, and leaves the rest to the server", () => {
    expect(promise(allowed)).toBeUndefined();
    expect(promise(needed)).toBeUndefined();
    expect(promise({ me: truth.me })).toBe("me does not know near, who is 320 units away");
    expect(promise({ ...allowed, far })).toBe("me knows far, who is 961 units away");
    expect(promise({ ...allowed, ghost: between })).toBe("me knows ghost, who is not in the server's state");
    expect(promise(allowed, "nobody")).toBe("the client nobody is not in the server's state");
  });

  test("wants every field to be right", () => {
    expect(promise({ ...allowed, near: { ...truth.near, x: 1312, facing: 2 } })).toBe(
      "me knows near wrongly: x is 1312, not 1320, facing is 2, not 1",
    );
    expect(promise({ ...allowed, between: { ...between, name: undefined } })).toContain("name is undefined");
  });

  test("wants exactly the 5 x 5 cells around one's own where cells are in sight", () => {
    const places = { me: { x: 400, y: 400 }, in: { x: 799, y: 0 }, out: { x: 800, y: 400 } };
    const { out, ...inside } = places;
    const cells = (players: Record<string, { x: number; y: number }>) =>
      faultAgainst(places, [{ id: "me", players }], "cells");
    expect(cells(inside)).toBeUndefined();
    expect(cells(places)).toBe("me knows out, who is 400 units away");
    expect(cells({ me: places.me, out })).toContain("me does not know in");
  });
});

describe("the check among clients who see everybody", () => {
  const one = { id: "a", players: { a: { x: 1, y: 2 }, b: { x: 3.5, y: 4 } } };
  const other = { id: "b", players: { a: { x: 1, y: 2 }, b: { x: 3.5, y: 4 } } };

  test("wants all to know all, and the same of them", () => {
    expect(faultAmong([one, other], 2)).toBeUndefined();
    expect(faultAmong([one, other], 3)).toBe("a knows 2 players of 3");
    expect(faultAmong([one, { id: "b", players: { ...other.players, b: { x: 3, y: 4 } } }], 2)).toBe(
      "b and a differ on b: x is 3, not 3.5",
    );
    expect(faultAmong([one, { id: "c", players: { a: { x: 1, y: 2 }, c: { x: 3, y: 4 } } }], 2)).toBe(
      "c knows c, but a does not",
    );
  });
});
