import { describe, expect, test } from "@jest/globals";
import { mismatchAmongClients, mismatchWithServer } from "../../bench/harness/verify-state.ts";

const serverState = {
  me: { x: 1000, y: 1000, name: "me", facing: 4 },
  near: { x: 1320, y: 1000, name: "near", facing: 1 },
  between: { x: 1321, y: 1000, name: "between", facing: 2 },
  far: { x: 1000, y: 1961, name: "far", facing: 3 },
};
const { far, ...allowed } = serverState;
const { between, ...needed } = allowed;

/** Compares the state of one client with `serverState`, by the rule for sight in docs/protocol.md. */
const promise = (players: Record<string, object>, id = "me") =>
  mismatchWithServer(serverState, [{ id, players: players as typeof serverState }], "promise");

describe("mismatchWithServer() compares clients' states with the server's state:", () => {
  test("requires a client to know all players within 320 units, and no player beyond 960 units", () => {
    expect(promise(allowed)).toBeUndefined();
    expect(promise(needed)).toBeUndefined();
    expect(promise({ me: serverState.me })).toBe("me does not know near, at 320 units");
    expect(promise({ ...allowed, far })).toBe("me must not know far, at 961 units");
    expect(promise({ ...allowed, ghost: between })).toBe("me knows ghost, but the server's state has no such player");
    expect(promise(allowed, "other")).toBe("client other is not in the server's state");
  });

  test("requires each field of a player to have the same value at the client as at the server", () => {
    expect(promise({ ...allowed, near: { ...serverState.near, x: 1312, facing: 2 } })).toBe(
      "me has wrong data of near: x is 1312, not 1320, facing is 2, not 1",
    );
    expect(promise({ ...allowed, between: { ...between, name: undefined } })).toContain("name is undefined");
  });

  test("if the server decides sight by cells, a client must know all players in the 5 x 5 cells around it, and no others", () => {
    const places = { me: { x: 400, y: 400 }, in: { x: 799, y: 0 }, out: { x: 800, y: 400 } };
    const { out, ...inside } = places;
    const cells = (players: Record<string, { x: number; y: number }>) =>
      mismatchWithServer(places, [{ id: "me", players }], "cells");
    expect(cells(inside)).toBeUndefined();
    expect(cells(places)).toBe("me must not know out, at 400 units");
    expect(cells({ me: places.me, out })).toContain("me does not know in");
  });
});

describe("mismatchAmongClients() compares clients' states with each other:", () => {
  const one = { id: "a", players: { a: { x: 1, y: 2 }, b: { x: 3.5, y: 4 } } };
  const other = { id: "b", players: { a: { x: 1, y: 2 }, b: { x: 3.5, y: 4 } } };

  test("requires all clients to know the same players with the same fields", () => {
    expect(mismatchAmongClients([one, other], 2)).toBeUndefined();
    expect(mismatchAmongClients([one, other], 3)).toBe("a knows 2 players; expected 3");
    expect(mismatchAmongClients([one, { id: "b", players: { ...other.players, b: { x: 3, y: 4 } } }], 2)).toBe(
      "b and a differ on b: x is 3, not 3.5",
    );
    expect(mismatchAmongClients([one, { id: "c", players: { a: { x: 1, y: 2 }, c: { x: 3, y: 4 } } }], 2)).toBe(
      "c knows c, but a does not",
    );
  });
});
