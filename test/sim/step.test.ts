import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../../sim/directions.ts";
import { HALF_BODY, STEP, TILE } from "../../sim/rules.ts";
import { type Body, isFree, step, type Walls } from "../../sim/step.ts";
import { runs } from "../support/long.ts";
import { drawnMap } from "../support/maps.ts";

const DIRECTIONS = [
  { name: "left", direction: LEFT, dx: -1, dy: 0 },
  { name: "right", direction: RIGHT, dx: 1, dy: 0 },
  { name: "up", direction: UP, dx: 0, dy: -1 },
  { name: "down", direction: DOWN, dx: 0, dy: 1 },
] as const;

/** A tile of open ground with a wall on each side and at each corner. It covers the units 32 to 63 both ways. */
const CELL = drawnMap("cell", ["###", "#s#", "###"]);
/** Open ground without a wall; its middle is at (112, 112). */
const OPEN = drawnMap("open", Array(7).fill("...s..."));
/** One wall in the middle of open ground. It covers the units 96 to 127 both ways. */
const PILLAR = drawnMap("pillar", [".......", ".......", ".......", "...#..s", ".......", ".......", "......."]);

const bodyAt = (x: number, y: number, facing = DOWN as number): Body => ({ x, y, facing });

/** Where a body ends that takes `steps` steps. */
function walked(body: Body, direction: Direction, steps: number, walls: Walls): Body {
  for (let i = 0; i < steps; i++) step(body, direction, walls);
  return body;
}

describe("a step on open ground", () => {
  test.each(DIRECTIONS)("$name moves eight units that way and turns the body", ({ direction, dx, dy }) => {
    expect(walked(bodyAt(112, 112, 0), direction, 1, OPEN)).toEqual(bodyAt(112 + 8 * dx, 112 + 8 * dy, direction));
  });

  test("there and back is the place one came from", () => {
    const body = bodyAt(101, 99);
    for (const direction of [LEFT, UP, RIGHT, DOWN] as const) step(body, direction, OPEN);
    expect(body).toEqual(bodyAt(101, 99, DOWN));
  });
});

describe("a step into a wall", () => {
  // The face a body meets, less half the body: walking right it meets the left face, at 96.
  const stops = { left: [140, 112], right: [84, 112], up: [112, 140], down: [112, 84] } as const;

  test.each(DIRECTIONS)(
    "$name stops with the body's edge exactly at the wall's face",
    ({ name, direction, dx, dy }) => {
      for (let away = 12 + 16; away < 12 + 16 + 3 * STEP; away++) {
        const body = walked(bodyAt(112 - dx * away, 112 - dy * away), direction, 10, PILLAR);
        expect([body.x, body.y]).toEqual(stops[name]);
      }
    },
  );

  test.each(DIRECTIONS)(
    "$name takes just the part that fits, from nothing to eight units",
    ({ name, direction, dx, dy }) => {
      const [x, y] = stops[name];
      for (let room = 0; room <= 10; room++) {
        const body = walked(bodyAt(x - dx * room, y - dy * room), direction, 1, PILLAR);
        const left = Math.max(0, room - 8);
        expect({ room, x: body.x, y: body.y }).toEqual({ room, x: x - dx * left, y: y - dy * left });
      }
    },
  );

  test.each(DIRECTIONS)("$name turns the body even if there is no room at all", ({ name, direction }) => {
    const [x, y] = stops[name];
    const away = direction === DOWN ? UP : DOWN;
    expect(walked(bodyAt(x, y, away), direction, 1, PILLAR)).toEqual(bodyAt(x, y, direction));
  });

  test.each(DIRECTIONS)("$name stops at the edge of the map as at a wall", ({ direction, dx, dy }) => {
    const body = walked(bodyAt(112, 112), direction, 100, OPEN);
    expect(body).toEqual(bodyAt(112 + 100 * dx, 112 + 100 * dy, direction));
  });

  test("leaves one alone who walks away from it", () => {
    expect(walked(bodyAt(84, 112), LEFT, 1, PILLAR)).toEqual(bodyAt(76, 112, LEFT));
  });

  test("does not hold who slides along it", () => {
    expect(walked(bodyAt(84, 112), DOWN, 1, PILLAR)).toEqual(bodyAt(84, 120, DOWN));
  });
});

describe("between walls", () => {
  test.each(DIRECTIONS)("a cell of one tile leaves four units $name of its middle", ({ direction, dx, dy }) => {
    expect(walked(bodyAt(48, 48), direction, 1, CELL)).toEqual(bodyAt(48 + 4 * dx, 48 + 4 * dy, direction));
    expect(walked(bodyAt(48, 48), direction, 5, CELL)).toEqual(bodyAt(48 + 4 * dx, 48 + 4 * dy, direction));
  });

  test("a corridor of one tile lets a body through wherever it stands across", () => {
    const corridor = drawnMap("corridor", ["########", "s.......", "########"]);
    for (let y = 32 + HALF_BODY; y <= 64 - HALF_BODY; y++) {
      expect(walked(bodyAt(16, y), RIGHT, 27, corridor)).toEqual(bodyAt(16 + 27 * 8, y, RIGHT));
    }
  });

  test("a corridor of one tile lets a body through from top to bottom, too", () => {
    const corridor = drawnMap("corridor", ["#s#", "#.#", "#.#", "#.#"]);
    for (let x = 32 + HALF_BODY; x <= 64 - HALF_BODY; x++) {
      expect(walked(bodyAt(x, 16), DOWN, 50, corridor)).toEqual(bodyAt(x, 128 - HALF_BODY, DOWN));
    }
  });

  test("the mouth of a corridor stops a body that overlaps its side by a single unit", () => {
    const mouth = drawnMap("mouth", ["..####", "s.....", "..####"]);
    expect(walked(bodyAt(52, 32 + HALF_BODY - 1), RIGHT, 5, mouth).x).toBe(52);
    expect(walked(bodyAt(52, 32 + HALF_BODY), RIGHT, 5, mouth).x).toBe(92);
    expect(walked(bodyAt(52, 64 - HALF_BODY), RIGHT, 5, mouth).x).toBe(92);
    expect(walked(bodyAt(52, 64 - HALF_BODY + 1), RIGHT, 5, mouth).x).toBe(52);
  });
});

describe("at a corner", () => {
  // The wall covers 96 to 127, so a body at 140 or 84 across just touches it, and at 139 or 85 overlaps it by one unit.
  test.each(DIRECTIONS)("a wall that is only diagonally ahead does not stop a step $name", ({ direction, dx, dy }) => {
    for (const across of [84, 140]) {
      const body = dx === 0 ? bodyAt(across, 112 - dy * 28) : bodyAt(112 - dx * 28, across);
      const { x, y } = body;
      expect(walked(body, direction, 3, PILLAR)).toEqual(bodyAt(x + 24 * dx, y + 24 * dy, direction));
    }
  });

  test.each(DIRECTIONS)("a wall that overlaps the body's way by half or by a unit stops a step $name", (way) => {
    const { direction, dx, dy } = way;
    for (const across of [85, 96, 128, 139]) {
      const body = dx === 0 ? bodyAt(across, 112 - dy * 28) : bodyAt(112 - dx * 28, across);
      const { x, y } = body;
      expect(walked(body, direction, 3, PILLAR)).toEqual(bodyAt(x, y, direction));
    }
  });
});

describe("what a step assigns", () => {
  /** A body that notes which of its fields are assigned, as the wire object does. */
  function notingBody(x: number, y: number) {
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

  test.each(DIRECTIONS)("$name assigns the coordinate that moves once and the other never", ({ direction, dx }) => {
    const { body, assigned } = notingBody(112, 112);
    step(body, direction, OPEN);
    expect(assigned.filter((field) => field !== "facing")).toEqual([dx === 0 ? "y" : "x"]);
  });

  test.each(DIRECTIONS)("$name assigns no coordinate when a wall leaves no room", ({ direction, dx, dy }) => {
    const { body, assigned } = notingBody(48 + 4 * dx, 48 + 4 * dy);
    step(body, direction, CELL);
    expect(assigned.filter((field) => field !== "facing")).toEqual([]);
    expect(body.facing).toBe(direction);
  });
});

describe("a free place", () => {
  test("reaches up to the faces of the walls around it and not a unit further", () => {
    for (const x of [44, 48, 52]) for (const y of [44, 48, 52]) expect(isFree(x, y, CELL)).toBe(true);
    for (const [x, y] of [
      [43, 48],
      [53, 48],
      [48, 43],
      [48, 53],
    ] as const) {
      expect(isFree(x, y, CELL)).toBe(false);
    }
  });

  test("ends at the edges of the map", () => {
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

  test("is none where a corner of the body alone is in a wall", () => {
    expect(isFree(84, 84, PILLAR)).toBe(true);
    expect(isFree(85, 85, PILLAR)).toBe(false);
    expect(isFree(139, 85, PILLAR)).toBe(false);
    expect(isFree(85, 139, PILLAR)).toBe(false);
    expect(isFree(139, 139, PILLAR)).toBe(false);
  });
});

describe("on any map", () => {
  /** Rows of a map with walls anywhere, and a spawn at one place at least. */
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
   * The oracle: knows the drawing alone, and asks of every single unit that the body covers whether it lies in a wall or
   * off the map.
   */
  function oracleOf(rows: string[]) {
    const solid = rows.map((row) => [...row].map((tile) => tile === "#"));
    const width = solid[0]!.length * 32;
    const height = solid.length * 32;
    // One entry a unit, so that a long walk is not slow.
    const units = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) units[y * width + x] = solid[(y - (y % 32)) / 32]![(x - (x % 32)) / 32] ? 1 : 0;
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
    /** A step, taken unit by unit for as long as the next place is free. */
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

  /** Where a walk begins: a bit off the middle of the spawn's tile, so that walls are met at odd distances. */
  const anyOffset = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }));
  /** A walk of some thousand steps: straight stretches, so that it gets about. */
  const anyWalk = fc.array(fc.tuple(fc.constantFrom(LEFT, RIGHT, UP, DOWN), fc.integer({ min: 1, max: 12 })), {
    minLength: 300,
    maxLength: 400,
  });

  test("a long walk at random never finds a body inside a wall or off the map, and each step goes as far as it can", () => {
    fc.assert(
      fc.property(anyRows, anyOffset, anyWalk, (rows, [offsetX, offsetY], walk) => {
        const map = drawnMap("any", rows);
        const oracle = oracleOf(rows);
        const body = bodyAt(map.spawns[0]!.x + offsetX, map.spawns[0]!.y + offsetY);
        for (const [direction, steps] of walk) {
          for (let i = 0; i < steps; i++) {
            const expected = oracle.stepped(body.x, body.y, direction);
            step(body, direction, map);
            // Compared by hand: `expect` is too slow for a hundred thousand steps.
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

  test("a place is free exactly if no unit of the body is in a wall or off the map", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const map = drawnMap("any", rows);
        const oracle = oracleOf(rows);
        // A stride without a common factor with the tile reaches every position within it.
        for (let y = -20; y < oracle.height + 20; y += 3) {
          for (let x = -20; x < oracle.width + 20; x += 5) {
            if (isFree(x, y, map) !== oracle.stands(x, y)) throw new Error(`(${x}, ${y}) is judged wrongly`);
          }
        }
      }),
      { numRuns: runs(30) },
    );
  });

  test("a step reaches one row of tiles at most, as the look ahead takes for granted", () => {
    expect(STEP).toBeLessThan(TILE);
    expect(2 * HALF_BODY).toBeLessThan(TILE);
  });
});
