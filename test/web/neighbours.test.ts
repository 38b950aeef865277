// Tests the list of the nearest players, with their distances and bearings.
import { describe, expect, test } from "@jest/globals";
import { nearest } from "../../web/neighbours.ts";

const SELF = { x: 1000, y: 1000 };

function around(offsets: [string, number, number][], limit = 12) {
  return nearest("self", SELF, [["self", { name: "self", ...SELF }], ...offsets.map(at)], limit);
}

function at([id, right, down]: [string, number, number]): [string, { name: string; x: number; y: number }] {
  return [id, { name: `name of ${id}`, x: SELF.x + right, y: SELF.y + down }];
}

describe("the list of the nearest players:", () => {
  test("nearest() lists the other players, nearest first, with straight-line distances in steps", () => {
    expect(
      around([
        ["far", 300, 400],
        ["near", -8, 0],
      ]),
    ).toEqual([
      { id: "near", name: "name of near", steps: 1, bearing: "left" },
      { id: "far", name: "name of far", steps: 63, bearing: "downRight" },
    ]);
  });

  test("nearest() lists at most as many players as the limit", () => {
    const crowd = Array.from({ length: 100 }, (_, index): [string, number, number] => [`p${index}`, 8 * index, 0]);
    expect(around(crowd, 3).map(({ id }) => id)).toEqual(["p0", "p1", "p2"]);
  });

  test("nearest() lists players at the same distance in an order that does not depend on the order of the input", () => {
    const one = around([
      ["b", 80, 0],
      ["a", 0, 80],
    ]);
    const other = around([
      ["a", 0, 80],
      ["b", 80, 0],
    ]);
    expect(one).toEqual(other);
  });

  test.each([
    [80, 0, "right"],
    [80, 80, "downRight"],
    [0, 80, "down"],
    [-80, 80, "downLeft"],
    [-80, 0, "left"],
    [-80, -1, "left"],
    [-80, -80, "upLeft"],
    [0, -80, "up"],
    [80, -80, "upRight"],
    [2, -2, "here"],
  ] as const)("for a player at the offset (%i, %i), nearest() returns the bearing %s", (right, down, bearing) => {
    expect(around([["other", right, down]])[0]!.bearing).toBe(bearing);
  });
});
