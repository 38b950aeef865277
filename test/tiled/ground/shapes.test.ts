// Tests which cells (squares of 8 x 8 units) are solid because shapes cover them.
// cspell:words offsetx offsety
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Cells, openCells } from "../../../tiled/ground/cells.ts";

import { cover, type Polygon } from "../../../tiled/ground/cover.ts";
import { groundOf } from "../../../tiled/ground/ground.ts";
import { ShapeWorkError, solidCells } from "../../../tiled/ground/solid-cells.ts";
import { CELL } from "../../../tiled/ground/units.ts";
import { conventionalWalls } from "../../../tiled/ground/wall-conventions.ts";
import { group, mapOf, objects, PIXELS, rectangle, tiles } from "./map-draft.ts";

/** Returns the upper left cells of a map, as `height` rows of `width` cells. */
function cellRows({ columns, solid }: Cells, width: number, height: number): string[] {
  return Array.from({ length: height }, (_row, y) =>
    Array.from({ length: width }, (_column, x) => (solid[y * columns + x] === 1 ? "#" : ".")).join(""),
  );
}

/** Returns the cells of the upper left 2 x 2 tiles of a map with these solid objects. */
function cellsOf(list: Record<string, unknown>[], layer: Record<string, unknown> = {}): string[] {
  const map = mapOf([objects("collisions", list, layer)]);
  return cellRows(solidCells(map, conventionalWalls(map).claims), 8, 8);
}

/** Pixels per cell. */
const STEP = PIXELS / 4;

describe("objects:", () => {
  test("a cell is solid if a rectangle covers at least half of the cell", () => {
    const boxes = [
      { x: 0, y: 0, width: 1.5 * STEP, height: STEP },
      { x: 0, y: 2 * STEP, width: 1.4 * STEP, height: STEP },
      { x: 4 * STEP, y: 4 * STEP, width: 4 * STEP, height: 3.5 * STEP },
    ];
    expect(cellsOf(boxes)).toEqual([
      "##......",
      "........",
      "#.......",
      "........",
      "....####",
      "....####",
      "....####",
      "....####",
    ]);
  });

  test("a cell is solid if two shapes cover different quarters of it, and open if both shapes cover the same quarter", () => {
    const quarter = { x: 0, y: 0, width: STEP / 4, height: STEP };
    expect(cellsOf([quarter, quarter])[0]).toBe("........");
    expect(cellsOf([quarter, { ...quarter, x: STEP / 2 }])[0]).toBe("#.......");
  });

  test("a rectangle is rotated around its upper left corner", () => {
    // After the rotation, the rectangle extends from this corner to the left and down.
    const box = { x: 4 * STEP, y: 0, width: 2 * STEP, height: 3 * STEP, rotation: 90 };
    expect(cellsOf([box]).slice(0, 3)).toEqual([".###....", ".###....", "........"]);
  });

  test("an ellipse leaves the corners of its bounds open", () => {
    expect(cellsOf([{ x: 0, y: 0, width: 8 * STEP, height: 8 * STEP, ellipse: true }])).toEqual([
      "..####..",
      ".######.",
      "########",
      "########",
      "########",
      "########",
      ".######.",
      "..####..",
    ]);
  });

  test("a concave polygon leaves the notch in its outline open", () => {
    const corners = [
      [0, 0],
      [6, 0],
      [6, 4],
      [4, 4],
      [4, 2],
      [2, 2],
      [2, 4],
      [0, 4],
    ].map(([x, y]) => ({ x: x! * STEP, y: y! * STEP }));
    expect(cellsOf([{ x: STEP, y: 0, polygon: corners }]).slice(0, 5)).toEqual([
      ".######.",
      ".######.",
      ".##..##.",
      ".##..##.",
      "........",
    ]);
  });

  test("a polyline makes a strip of cells solid, and the strip is one cell wide", () => {
    const line = { x: 0, y: 2.5 * STEP, polyline: [0, 8].map((x) => ({ x: x * STEP, y: 0 })) };
    expect(cellsOf([line]).slice(1, 4)).toEqual(["........", "########", "........"]);
  });

  test("the position of a tile object is the lower left corner of its picture", () => {
    expect(cellsOf([{ gid: 1, x: 0, y: 4 * STEP, width: 4 * STEP, height: 2 * STEP }]).slice(0, 5)).toEqual([
      "........",
      "........",
      "####....",
      "####....",
      "........",
    ]);
  });

  test("the walls of a layer are moved by the sum of the layer's offset and its group's offset", () => {
    const layer = objects("collisions", [{ x: 0, y: 0, width: STEP, height: STEP }], { offsetx: STEP, offsety: STEP });
    const map = mapOf([group("upper", [layer], { offsetx: STEP })]);
    expect(cellRows(solidCells(map, conventionalWalls(map).claims), 4, 3)).toEqual(["....", "..#.", "...."]);
  });

  test("the parts of a shape that are outside the map are ignored", () => {
    expect(cellsOf([{ x: -1e9, y: -1e9, width: 2e9, height: 1e9 + STEP }]).slice(0, 2)).toEqual([
      "########",
      "........",
    ]);
  });
});

describe("collision shapes of tiles:", () => {
  const corner = { objectgroup: objects("", [{ x: 0, y: 0, width: 2 * STEP, height: STEP }]) };

  test.each([
    ["not flipped", 0, ["##..", "....", "....", "...."]],
    ["flipped horizontally", 0x80000000, ["..##", "....", "....", "...."]],
    ["flipped vertically", 0x40000000, ["....", "....", "....", "##.."]],
    ["flipped diagonally", 0x20000000, ["#...", "#...", "....", "...."]],
    ["rotated to the right", 0xa0000000, ["...#", "...#", "....", "...."]],
  ])("the collision shape of a tile that is %s has the orientation of the tile", (_, flags, expected) => {
    const layer = tiles("trees", ["......", "......", "......", "......"]);
    (layer.data as number[])[0] = 1 + flags;
    const map = mapOf([layer], { 1: corner });
    expect(cellRows(solidCells(map, conventionalWalls(map).claims), 4, 4)).toEqual(expected);
  });

  test("a tile that is larger than its square of the grid can make squares above and to the right of it solid", () => {
    const shape = objects("", [{ x: 4 * STEP, y: 0, width: 4 * STEP, height: 4 * STEP }]);
    const large = {
      firstgid: 1,
      name: "large",
      tilewidth: 2 * PIXELS,
      tileheight: 2 * PIXELS,
      tilecount: 1,
      columns: 1,
    };
    const layer = tiles("trees", ["......", "1.....", "......", "......"]);
    const map = mapOf([layer], {}, { tilesets: [{ ...large, tiles: [{ id: 0, objectgroup: shape }] }] });
    expect(cellRows(solidCells(map, conventionalWalls(map).claims), 8, 5)).toEqual([
      "....####",
      "....####",
      "....####",
      "....####",
      "........",
    ]);
  });
});

test("cover() makes the same cells solid as a simple implementation that counts the samples of each cell", () => {
  const coordinate = fc.integer({ min: -40, max: 140 });
  const polygon = fc.array(fc.record({ x: coordinate, y: coordinate }), { minLength: 3, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(polygon, { maxLength: 4 }), (polygons) => {
      const cells = openCells(3, 3);
      cover(cells, polygons);
      expect(cellRows(cells, 12, 12)).toEqual(cellRows(countedCells(polygons), 12, 12));
    }),
    { numRuns: 30 },
  );
});

/**
 * The reference for `cover`: takes samples of each cell in a grid of 3 x 3 tiles. A sample is covered if it is inside
 * at least one polygon. A cell is solid if at least half of its samples are covered.
 */
function countedCells(polygons: readonly Polygon[]): Cells {
  const cells = openCells(3, 3);
  for (let cell = 0; cell < cells.solid.length; cell++) {
    const left = (cell % cells.columns) * CELL;
    const top = Math.floor(cell / cells.columns) * CELL;
    let inside = 0;
    for (let sample = 0; sample < CELL ** 2; sample++) {
      const x = left + (sample % CELL) + 0.5;
      const y = top + Math.floor(sample / CELL) + 0.5;
      if (polygons.some((polygon) => isInside(x, y, polygon))) inside++;
    }
    if (inside * 2 >= CELL ** 2) cells.solid[cell] = 1;
  }
  return cells;
}

/**
 * Returns whether a point is in a polygon. A point is inside if an odd number of the polygon's edges cross the row of
 * the point, at the point or to the left of it.
 */
function isInside(x: number, y: number, polygon: Polygon): boolean {
  const left = polygon.filter((corner, index) => {
    const next = polygon[(index + 1) % polygon.length]!;
    if (corner.y <= y === next.y <= y) return false;
    const [top, bottom] = corner.y < next.y ? [corner, next] : [next, corner];
    return top.x + ((y - top.y) * (bottom.x - top.x)) / (bottom.y - top.y) <= x;
  });
  return left.length % 2 === 1;
}

test("solidCells throws if the shapes need more work than the limit", () => {
  const map = mapOf([objects("collisions", [rectangle(0, 0, 6, 4)])]);
  const { claims } = conventionalWalls(map);
  // The left and the right edge of the rectangle each cross 4 tiles, and each tile has 32 rows.
  expect(() => solidCells(map, claims, 2 * 4 * 32)).not.toThrow();
  expect(() => solidCells(map, claims, 2 * 4 * 32 - 1)).toThrow(ShapeWorkError);
});

test("groundOf refuses a map whose shapes need too much work", () => {
  const comb = Array.from({ length: 6000 }, (_, index) => ({ x: index % 2, y: (index % 2) * 100 * PIXELS }));
  const map = mapOf([objects("collisions", [{ x: 0, y: 0, polygon: comb }])], {}, { height: 100 });
  expect(groundOf(map).problems).toEqual([
    "its shapes have too many corners, or are too large; use fewer objects and collision shapes",
  ]);
});
