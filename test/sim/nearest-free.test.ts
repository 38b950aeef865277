import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { WorldMap } from "../../sim/map.ts";
import { nearestFree, type Spot } from "../../sim/nearest-free.ts";
import { isFree } from "../../sim/step.ts";
import { runs } from "../support/long.ts";
import { anyMapOfCells, CORNER, drawnMap, mapOfCells } from "../support/maps.ts";

const OPEN = drawnMap("open", ["....", ".s..", "...."]);

describe("free spots:", () => {
  test("nearestFree returns a free spot unchanged", () => {
    for (const spot of [
      { x: 12, y: 12 },
      { x: 47, y: 33 },
      { x: 116, y: 84 },
    ]) {
      expect(nearestFree(spot, OPEN)).toEqual(spot);
    }
  });
});

describe("spots outside the map:", () => {
  test.each([
    ["above and left of the map", { x: -1, y: -1 }, { x: 12, y: 12 }],
    ["right of the map", { x: 5000, y: 40 }, { x: 116, y: 40 }],
    ["far below the map", { x: 40, y: Number.MAX_SAFE_INTEGER }, { x: 40, y: 84 }],
  ])("for a spot %s, nearestFree returns the nearest spot at the edge of the map", (_where, wanted, found) => {
    expect(nearestFree(wanted, OPEN)).toEqual(found);
  });
});

describe("spots in a wall:", () => {
  test("nearestFree returns the nearest free spot if the given spot is in a wall", () => {
    const map = drawnMap("wall", ["...#...", "s..#...", "...#..."]);
    // The wall covers x = 96 to 128. The centre of a body is at x = 84 or less on the left side of the wall, and at 140
    // or more on the right side.
    expect(nearestFree({ x: 100, y: 48 }, map)).toEqual({ x: 84, y: 48 });
    expect(nearestFree({ x: 130, y: 48 }, map)).toEqual({ x: 140, y: 48 });
  });

  test("nearestFree prefers the uppermost spot, and then the leftmost, if several spots are equally near", () => {
    const map = drawnMap("block", [".....", ".....", "..#..", ".....", "s...."]);
    expect(nearestFree({ x: 80, y: 80 }, map)).toEqual({ x: 80, y: 52 });
    const bar = drawnMap("bar", ["..#..", "s.#.."]);
    expect(nearestFree({ x: 80, y: 32 }, bar)).toEqual({ x: 52, y: 32 });
  });

  test("nearestFree returns a spot at which the whole body is on open ground, even in a gap of one tile", () => {
    // The open tile covers y = 32 to 64, so the centre of a body of 24 units is at y = 52 or less.
    const map = drawnMap("gap", ["#####", "##.##", "#####", "s####"]);
    expect(nearestFree({ x: 80, y: 80 }, map)).toEqual({ x: 80, y: 52 });
    const narrow = drawnMap("narrow", ["s..", "###", "###"]);
    expect(nearestFree({ x: 90, y: 95 }, narrow)).toEqual({ x: 84, y: 20 });
  });

  test("nearestFree returns the only free spot of the map, however far away", () => {
    const rows = Array.from({ length: 60 }, () => "#".repeat(60));
    rows[59] = `${"#".repeat(59)}s`;
    const map = drawnMap("one", rows);
    expect(nearestFree({ x: 12, y: 12 }, map)).toEqual({ x: 1900, y: 1900 });
  });
});

describe("random maps:", () => {
  const rows = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
    .chain(([width, height]) =>
      fc.array(fc.string({ unit: fc.constantFrom("#", "#", "."), minLength: width, maxLength: width }), {
        minLength: height,
        maxLength: height,
      }),
    )
    .map((lines) => [`s${lines[0]!.slice(1)}`, ...lines.slice(1)]);

  test("nearestFree returns the same spot as an exhaustive search on random maps", () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: -20, max: 220 }), fc.integer({ min: -20, max: 220 }), (lines, x, y) => {
        const map = drawnMap("any", lines);
        expect(nearestFree({ x, y }, map)).toEqual(exhaustiveSearch({ x, y }, map));
      }),
      { numRuns: runs(300) },
    );
  });

  test("nearestFree returns the same spot as an exhaustive search on random maps with walls smaller than a tile", () => {
    const coordinate = fc.integer({ min: -20, max: 150 });
    fc.assert(
      fc.property(anyMapOfCells, coordinate, coordinate, (lines, x, y) => {
        const map = mapOfCells("any", lines, CORNER);
        expect(nearestFree({ x, y }, map)).toEqual(exhaustiveSearch({ x, y }, map));
      }),
      { numRuns: runs(300) },
    );
  });
});

/** The reference implementation: checks every spot of the map. */
function exhaustiveSearch(wanted: Spot, map: WorldMap): Spot {
  const x = Math.min(Math.max(wanted.x, 12), map.width - 12);
  const y = Math.min(Math.max(wanted.y, 12), map.height - 12);
  let best: Spot & { distance: number } = { x: 0, y: 0, distance: Number.POSITIVE_INFINITY };
  for (let down = 0; down <= map.height; down++) {
    for (let across = 0; across <= map.width; across++) {
      const distance = (across - x) ** 2 + (down - y) ** 2;
      if (distance < best.distance && isFree(across, down, map)) best = { x: across, y: down, distance };
    }
  }
  return { x: best.x, y: best.y };
}
