// Who is near.
import { describe, expect, test } from "@jest/globals";
import { nearest } from "../../web/neighbours.ts";

const SELF = { x: 1000, y: 1000 };

function around(places: [string, number, number][], most = 12) {
  return nearest("self", SELF, [["self", { name: "self", ...SELF }], ...places.map(at)], most);
}

function at([id, right, down]: [string, number, number]): [string, { name: string; x: number; y: number }] {
  return [id, { name: `name of ${id}`, x: SELF.x + right, y: SELF.y + down }];
}

describe("nearest", () => {
  test("lists the others, nearest first, in steps as the crow flies", () => {
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

  test("is bounded", () => {
    const crowd = Array.from({ length: 100 }, (_, index): [string, number, number] => [`p${index}`, 8 * index, 0]);
    expect(around(crowd, 3).map(({ id }) => id)).toEqual(["p0", "p1", "p2"]);
  });

  test("keeps the order of those who are as far away", () => {
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
  ] as const)("tells which way %i, %i is: %s", (right, down, bearing) => {
    expect(around([["other", right, down]])[0]!.bearing).toBe(bearing);
  });
});
