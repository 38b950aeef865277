import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../../sim/directions.ts";
import type { Spot } from "../../sim/nearest-free.ts";
import { CELL, HALF_BODY, STEP, TILE } from "../../sim/rules.ts";
import { type Body, isFree, step, type Walls } from "../../sim/step.ts";
import { runs } from "../support/long.ts";
import { anyMapOfCells, CORNER, drawnMap, mapOfCells } from "../support/maps.ts";

const DIRECTIONS = [
  { name: "left", direction: LEFT, dx: -1, dy: 0 },
  { name: "right", direction: RIGHT, dx: 1, dy: 0 },
  { name: "up", direction: UP, dx: 0, dy: -1 },
  { name: "down", direction: DOWN, dx: 0, dy: 1 },
] as const;

/** One tile of open ground, enclosed by walls. It covers the units 32 to 63 on both axes. */
const CHAMBER = drawnMap("cell", ["###", "#s#", "###"]);
/** Open ground without walls. Its centre is at (112, 112). */
const OPEN = drawnMap("open", Array(7).fill("...s..."));
/** One wall tile in the middle of open ground. It covers the units 96 to 127 on both axes. */
const PILLAR = drawnMap("pillar", [".......", ".......", ".......", "...#..s", ".......", ".......", "......."]);

const bodyAt = (x: number, y: number, facing = DOWN as number): Body => ({ x, y, facing });

/** Moves a body by `steps` steps, and returns the body. */
function walked(body: Body, direction: Direction, steps: number, walls: Walls): Body {
  for (let i = 0; i < steps; i++) step(body, direction, walls);
  return body;
}

describe("open ground:", () => {
  test.each(DIRECTIONS)("a step $name moves the body eight units, and turns the body", ({ direction, dx, dy }) => {
    expect(walked(bodyAt(112, 112, 0), direction, 1, OPEN)).toEqual(bodyAt(112 + 8 * dx, 112 + 8 * dy, direction));
  });

  test("a step on open ground is undone by a later step in the opposite direction", () => {
    const body = bodyAt(101, 99);
    for (const direction of [LEFT, UP, RIGHT, DOWN] as const) step(body, direction, OPEN);
    expect(body).toEqual(bodyAt(101, 99, DOWN));
  });
});

describe("walls:", () => {
  // The position at which the pillar stops the centre of a body, by the direction of the body's movement. The centre
  // stops half a body before the pillar. For example, the centre stops at x = 96 - 12 if the body moves right.
  const stops = { left: [140, 112], right: [84, 112], up: [112, 140], down: [112, 84] } as const;

  test.each(DIRECTIONS)("a body that moves $name stops when its edge is at a wall", ({ name, direction, dx, dy }) => {
    for (let distance = 12 + 16; distance < 12 + 16 + 3 * STEP; distance++) {
      const body = walked(bodyAt(112 - dx * distance, 112 - dy * distance), direction, 10, PILLAR);
      expect([body.x, body.y]).toEqual(stops[name]);
    }
  });

  test.each(DIRECTIONS)(
    "a step $name towards a wall moves the body only as far as the wall allows, from zero to eight units",
    ({ name, direction, dx, dy }) => {
      const [x, y] = stops[name];
      for (let free = 0; free <= 10; free++) {
        const body = walked(bodyAt(x - dx * free, y - dy * free), direction, 1, PILLAR);
        const left = Math.max(0, free - 8);
        expect({ free, x: body.x, y: body.y }).toEqual({ free, x: x - dx * left, y: y - dy * left });
      }
    },
  );

  test.each(DIRECTIONS)(
    "a step $name into an adjacent wall turns the body, but does not move it",
    ({ name, direction }) => {
      const [x, y] = stops[name];
      const otherFacing = direction === DOWN ? UP : DOWN;
      expect(walked(bodyAt(x, y, otherFacing), direction, 1, PILLAR)).toEqual(bodyAt(x, y, direction));
    },
  );

  test.each(DIRECTIONS)("a step $name treats the edge of the map as a wall", ({ direction, dx, dy }) => {
    const body = walked(bodyAt(112, 112), direction, 100, OPEN);
    expect(body).toEqual(bodyAt(112 + 100 * dx, 112 + 100 * dy, direction));
  });

  test("a step away from a wall moves the body eight units", () => {
    expect(walked(bodyAt(84, 112), LEFT, 1, PILLAR)).toEqual(bodyAt(76, 112, LEFT));
  });

  test("a step along a wall moves the body eight units", () => {
    expect(walked(bodyAt(84, 112), DOWN, 1, PILLAR)).toEqual(bodyAt(84, 120, DOWN));
  });
});

describe("one-tile chambers and corridors:", () => {
  test.each(DIRECTIONS)(
    "a step $name in a chamber of one tile moves the body four units to the wall",
    ({ direction, dx, dy }) => {
      expect(walked(bodyAt(48, 48), direction, 1, CHAMBER)).toEqual(bodyAt(48 + 4 * dx, 48 + 4 * dy, direction));
      expect(walked(bodyAt(48, 48), direction, 5, CHAMBER)).toEqual(bodyAt(48 + 4 * dx, 48 + 4 * dy, direction));
    },
  );

  test("steps move a body through a horizontal one-tile corridor, at any height at which the body fits", () => {
    const corridor = drawnMap("corridor", ["########", "s.......", "########"]);
    for (let y = 32 + HALF_BODY; y <= 64 - HALF_BODY; y++) {
      expect(walked(bodyAt(16, y), RIGHT, 27, corridor)).toEqual(bodyAt(16 + 27 * 8, y, RIGHT));
    }
  });

  test("steps move a body down a vertical one-tile corridor, at any x at which the body fits", () => {
    const corridor = drawnMap("corridor", ["#s#", "#.#", "#.#", "#.#"]);
    for (let x = 32 + HALF_BODY; x <= 64 - HALF_BODY; x++) {
      expect(walked(bodyAt(x, 16), DOWN, 50, corridor)).toEqual(bodyAt(x, 128 - HALF_BODY, DOWN));
    }
  });

  test("a step does not move a body into a corridor if the body would overlap a side wall by one unit", () => {
    const mouth = drawnMap("mouth", ["..####", "s.....", "..####"]);
    expect(walked(bodyAt(52, 32 + HALF_BODY - 1), RIGHT, 5, mouth).x).toBe(52);
    expect(walked(bodyAt(52, 32 + HALF_BODY), RIGHT, 5, mouth).x).toBe(92);
    expect(walked(bodyAt(52, 64 - HALF_BODY), RIGHT, 5, mouth).x).toBe(92);
    expect(walked(bodyAt(52, 64 - HALF_BODY + 1), RIGHT, 5, mouth).x).toBe(52);
  });
});

describe("corners:", () => {
  // The pillar covers the units 96 to 127. `across` is the centre of a body, measured across the body's direction. A
  // body at 84 or 140 only touches the pillar when it passes. A body at 85 or 139 would overlap the pillar by one unit.
  test.each(DIRECTIONS)("a body that moves $name passes a wall that it only touches", ({ direction, dx, dy }) => {
    for (const across of [84, 140]) {
      const body = dx === 0 ? bodyAt(across, 112 - dy * 28) : bodyAt(112 - dx * 28, across);
      const { x, y } = body;
      expect(walked(body, direction, 3, PILLAR)).toEqual(bodyAt(x + 24 * dx, y + 24 * dy, direction));
    }
  });

  test.each(DIRECTIONS)("a body cannot move $name if a wall overlaps its path by one unit or more", (each) => {
    const { direction, dx, dy } = each;
    for (const across of [85, 96, 128, 139]) {
      const body = dx === 0 ? bodyAt(across, 112 - dy * 28) : bodyAt(112 - dx * 28, across);
      const { x, y } = body;
      expect(walked(body, direction, 3, PILLAR)).toEqual(bodyAt(x, y, direction));
    }
  });
});

describe("assignments:", () => {
  /** Returns a body that records the assignments to its fields, like the change tracking of a Schema. */
  function observedBody(x: number, y: number) {
    const assigned: string[] = [];
    const fields = { x, y, facing: DOWN as number };
    const body: Body = {
      get x() {
        return fields.x;
      },
      set x(value) {
        assigned.push("x");
        fields.x = value;
      },
      get y() {
        return fields.y;
      },
      set y(value) {
        assigned.push("y");
        fields.y = value;
      },
      get facing() {
        return fields.facing;
      },
      set facing(value) {
        assigned.push("facing");
        fields.facing = value;
      },
    };
    return { body, assigned };
  }

  test.each(DIRECTIONS)("a step $name assigns only the changed coordinate, and only once", ({ direction, dx }) => {
    const { body, assigned } = observedBody(112, 112);
    step(body, direction, OPEN);
    expect(assigned.filter((field) => field !== "facing")).toEqual([dx === 0 ? "y" : "x"]);
  });

  test.each(DIRECTIONS)("a step $name into a wall assigns neither x nor y", ({ direction, dx, dy }) => {
    const { body, assigned } = observedBody(48 + 4 * dx, 48 + 4 * dy);
    step(body, direction, CHAMBER);
    expect(assigned.filter((field) => field !== "facing")).toEqual([]);
    expect(body.facing).toBe(direction);
  });
});

describe("walls finer than a tile:", () => {
  /** A single solid cell, which covers the units 56 to 63 on both axes. */
  const PEBBLE = mapOfCells(
    "pebble",
    Array.from({ length: 16 }, (_, y) => (y === 7 ? ".......#........" : "................")),
    CORNER,
  );

  test.each(DIRECTIONS)("a single solid cell stops a body that moves $name", ({ direction, dx, dy }) => {
    const stop = bodyAt(60 - 16 * dx, 60 - 16 * dy, direction);
    expect(walked(bodyAt(60 - 43 * dx, 60 - 43 * dy), direction, 9, PEBBLE)).toEqual(stop);
  });

  test("a body passes a single solid cell that it only touches, but not a cell that it overlaps by one unit", () => {
    expect(walked(bodyAt(20, 44), RIGHT, 10, PEBBLE)).toEqual(bodyAt(100, 44, RIGHT));
    expect(walked(bodyAt(20, 45), RIGHT, 10, PEBBLE)).toEqual(bodyAt(44, 45, RIGHT));
  });

  test("a body passes a gap of three cells, which is exactly as wide as the body", () => {
    const rows = Array.from({ length: 16 }, (_, y) => (y >= 5 && y < 8 ? "................" : "........########"));
    const gap = mapOfCells("gap", rows, CORNER);
    expect(walked(bodyAt(20, 52), RIGHT, 20, gap)).toEqual(bodyAt(116, 52, RIGHT));
    expect(walked(bodyAt(20, 53), RIGHT, 20, gap)).toEqual(bodyAt(52, 53, RIGHT));
  });
});

describe("free positions:", () => {
  test("isFree accepts a body that touches walls, and rejects a body that overlaps a wall by one unit", () => {
    for (const x of [44, 48, 52]) for (const y of [44, 48, 52]) expect(isFree(x, y, CHAMBER)).toBe(true);
    for (const [x, y] of [
      [43, 48],
      [53, 48],
      [48, 43],
      [48, 53],
    ] as const) {
      expect(isFree(x, y, CHAMBER)).toBe(false);
    }
  });

  test("isFree rejects a body that crosses the edge of the map", () => {
    const edge = OPEN.width - HALF_BODY;
    for (const [x, y] of [
      [HALF_BODY, HALF_BODY],
      [edge, edge],
    ] as const) {
      expect(isFree(x, y, OPEN)).toBe(true);
    }
    for (const outside of [HALF_BODY - 1, edge + 1, -1000, 1000]) {
      expect(isFree(outside, 112, OPEN)).toBe(false);
      expect(isFree(112, outside, OPEN)).toBe(false);
    }
  });

  test("isFree rejects a body if only a corner of it is in a wall", () => {
    expect(isFree(84, 84, PILLAR)).toBe(true);
    expect(isFree(85, 85, PILLAR)).toBe(false);
    expect(isFree(139, 85, PILLAR)).toBe(false);
    expect(isFree(85, 139, PILLAR)).toBe(false);
    expect(isFree(139, 139, PILLAR)).toBe(false);
  });
});

describe("random maps:", () => {
  /** Rows of a map with random walls and one spawn. */
  const anyRows = fc
    .record({
      columns: fc.integer({ min: 1, max: 9 }),
      rows: fc.integer({ min: 1, max: 9 }),
      tiles: fc.oneof(
        fc.array(fc.constantFrom("#", "."), { minLength: 81, maxLength: 81 }),
        fc.array(fc.constantFrom("#", ".", ".", ".", "."), { minLength: 81, maxLength: 81 }),
      ),
      spawn: fc.nat(80),
    })
    .map(({ columns, rows, tiles, spawn }) => {
      const cells: string[] = tiles.slice(0, columns * rows);
      cells[spawn % cells.length] = "s";
      return Array.from({ length: rows }, (_, y) => cells.slice(y * columns, (y + 1) * columns).join(""));
    });

  /**
   * The reference implementation: it reads only the drawing, and checks whether any unit of the body is in a wall or
   * outside the map. `side` is the width and height of one square of the drawing, in units.
   */
  function oracleOf(rows: string[], side: number) {
    const solid = rows.map((row) => [...row].map((square) => square === "#"));
    const width = solid[0]!.length * side;
    const height = solid.length * side;
    // One entry per unit, so that each lookup in a long walk is fast.
    const units = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        units[y * width + x] = solid[(y - (y % side)) / side]![(x - (x % side)) / side] ? 1 : 0;
      }
    }
    const stands = (x: number, y: number): boolean => {
      for (let unitY = y - 12; unitY < y + 12; unitY++) {
        for (let unitX = x - 12; unitX < x + 12; unitX++) {
          if (unitX < 0 || unitY < 0 || unitX >= width || unitY >= height) return false;
          if (units[unitY * width + unitX] === 1) return false;
        }
      }
      return true;
    };
    /** Moves unit by unit while the next position is free. */
    const stepped = (x: number, y: number, direction: Direction): { x: number; y: number } => {
      const { dx, dy } = DIRECTIONS.find((each) => each.direction === direction)!;
      for (let unit = 0; unit < 8 && stands(x + dx, y + dy); unit++) {
        x += dx;
        y += dy;
      }
      return { x, y };
    };
    return { stands, stepped, width, height };
  }

  /** A random map with its oracle. The walls of the map are either tiles or cells. */
  const anyMap = fc.oneof(
    anyRows.map((rows) => ({ map: drawnMap("any", rows), oracle: oracleOf(rows, TILE) })),
    anyMapOfCells.map((rows) => ({ map: mapOfCells("any", rows, CORNER), oracle: oracleOf(rows, CELL) })),
  );

  /** The offset of a walk's start from the spawn. With it, distances to walls are not always multiples of a step. */
  const anyOffset = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }));
  /** A walk of about two thousand steps in straight runs, so that it covers a large part of the map. */
  const anyWalk = fc.array(fc.tuple(fc.constantFrom(LEFT, RIGHT, UP, DOWN), fc.integer({ min: 1, max: 12 })), {
    minLength: 300,
    maxLength: 400,
  });

  test("each step of a random walk moves as far as possible, and never into a wall or off the map", () => {
    fc.assert(
      fc.property(anyMap, anyOffset, anyWalk, ({ map, oracle }, [offsetX, offsetY], walk) => {
        const [{ x, y }] = map.spawns as [Spot];
        const body = bodyAt(x + offsetX, y + offsetY);
        // The walk starts at the spawn if the offset would move the body into a wall. This can happen only on a map of
        // cells.
        if (!oracle.stands(body.x, body.y)) Object.assign(body, { x, y });
        for (const [direction, steps] of walk) {
          for (let i = 0; i < steps; i++) {
            const expected = oracle.stepped(body.x, body.y, direction);
            step(body, direction, map);
            // Calls `expect` only for a wrong step. `expect` is so slow that calls for all steps would take too long.
            if (body.x !== expected.x || body.y !== expected.y || body.facing !== direction) {
              expect(body).toEqual({ ...expected, facing: direction });
            }
            if (!oracle.stands(body.x, body.y)) throw new Error(`in a wall or off the map: ${JSON.stringify(body)}`);
          }
        }
      }),
      { numRuns: runs(40) },
    );
  });

  test("isFree returns true exactly for the positions at which no unit of the body is in a wall or off the map", () => {
    fc.assert(
      fc.property(anyMap, ({ map, oracle }) => {
        // The strides have no common factor with the tile size, so they reach every position within a tile.
        for (let y = -20; y < oracle.height + 20; y += 3) {
          for (let x = -20; x < oracle.width + 20; x += 5) {
            if (isFree(x, y, map) !== oracle.stands(x, y)) throw new Error(`isFree is wrong at (${x}, ${y})`);
          }
        }
      }),
      { numRuns: runs(30) },
    );
  });
});
