import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createMap, MapError, rowOfCells, type WorldMap } from "../../sim/map.ts";
import { CELL, MAX_MAP_TILES } from "../../sim/rules.ts";
import { runs } from "../support/long.ts";
import { anyMapOfCells, CORNER, drawnMap, mapObject, mapOfCells } from "../support/maps.ts";

/** Returns the rows of cells of a map: `#` for a solid cell. */
function cellsOf({ width, height, isSolid }: Pick<WorldMap, "width" | "height" | "isSolid">): string[] {
  return Array.from({ length: height / CELL }, (_, y) =>
    Array.from({ length: width / CELL }, (_, x) => (isSolid(x, y) ? "#" : ".")).join(""),
  );
}

/** A map of one tile, whose last row of cells is solid. */
const PLAIN = {
  name: "nook",
  width: 32,
  height: 32,
  solid: ["....", "....", "....", "####"],
  spawns: [CORNER],
  objects: [],
};

test("createMap returns a map with the name, the size, the spawns and the solid cells of its description", () => {
  const { name, width, height, spawns, description, isSolid } = createMap(PLAIN);
  expect({ name, width, height, spawns, solid: PLAIN.solid, objects: [] }).toEqual(PLAIN);
  expect(description).toBe(PLAIN);
  expect(cellsOf({ width, height, isSolid })).toEqual(PLAIN.solid);
});

test("all cells outside a map are solid", () => {
  const map = drawnMap("open", ["s..", "..."]);
  for (const [x, y] of [
    [-1, 0],
    [12, 0],
    [0, -1],
    [0, 8],
    [-1, -1],
    [12, 8],
    [1000, 1000],
  ] as const) {
    expect({ x, y, solid: map.isSolid(x, y) }).toEqual({ x, y, solid: true });
  }
});

test("map.objects returns the objects of a layer in their order, and an empty list for an unknown layer", () => {
  const object = (layer: string, name: string) => mapObject({ layer, name });
  const objects = [object("coins", "first"), object("doors", "gate"), object("coins", "second")];
  const map = createMap({ ...PLAIN, objects });
  expect(map.objects("coins").map(({ name }) => name)).toEqual(["first", "second"]);
  expect(map.objects("walls")).toEqual([]);
  expect(map.objects("constructor")).toEqual([]);
});

test("every coordinate on the largest map fits in 16 bits, the size of a coordinate on the wire", () => {
  const wide = drawnMap("wide", [`s${".".repeat(MAX_MAP_TILES - 1)}`]);
  expect(wide.width).toBe(2047 * 32);
  expect(wide.width - 1).toBeLessThan(2 ** 16);
});

test("a MapError lists all problems of a map", () => {
  expect(new MapError("광장", "it is empty").message).toBe('map "광장" cannot be used: it is empty');
  expect(new MapError("well", "it is dry", "it is deep").message).toBe(
    'map "well" cannot be used:\n- it is dry\n- it is deep',
  );
});

test("in the rows of a description, a number before a character repeats this character", () => {
  const map = createMap({ ...PLAIN, solid: ["3.#", "...#", "2.1.1#", "4#"] });
  expect(cellsOf(map)).toEqual(["...#", "...#", "...#", "####"]);
});

test("rowOfCells returns rows from which createMap restores the same cells", () => {
  fc.assert(
    fc.property(anyMapOfCells, (rows) => {
      const solid = rows.map((row) => rowOfCells(row.length, (cell) => row[cell] === "#"));
      const map = mapOfCells("any", rows, CORNER);
      const { name, width, height, spawns } = map;
      expect(cellsOf(createMap({ name, width, height, solid, spawns, objects: [] }))).toEqual(cellsOf(map));
    }),
    { numRuns: runs(100) },
  );
  expect(rowOfCells(8, (cell) => cell > 0 && cell < 4)).toBe(".3#4.");
});

const invalid: [what: string, changes: object, problem: string][] = [
  [
    "a width that is not a whole number of tiles",
    { width: 40 },
    "it is 1.25 x 1 tiles; expected whole numbers from 1 to 2047",
  ],
  ["a height that is missing", { height: undefined }, "it is 1 x NaN tiles; expected whole numbers from 1 to 2047"],
  ["one row of cells too few", { solid: Array(3).fill("4.") }, "it has 3 rows of cells; expected 4"],
  ...["3.", "5.", "..x.", "4 .", "4", "", "99999999999#", "-4."].map((row): [string, object, string] => [
    `a row of cells like ${JSON.stringify(row)}`,
    { solid: ["4.", row, "4.", "4."] },
    "its row 2 of cells is not a description of 4 cells",
  ]),
  ["no spawn", { spawns: [] }, "it has no spawn; put at least one point on open ground"],
  [
    "a spawn that overlaps a solid cell",
    { spawns: [CORNER, { x: 12, y: 13 }] },
    "spawn 2 at (12, 13) is inside a wall or outside the map; move it to open ground",
  ],
];

test.each(invalid)("createMap rejects a description with %s", (_, changes, problem) => {
  expect(() => createMap({ ...PLAIN, ...changes })).toThrow(new MapError("nook", problem));
});
