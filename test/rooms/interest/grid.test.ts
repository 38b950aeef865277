// Tests which cells of the interest grid see each other. The expected result is computed from distances alone:
// positions within MIN_SIGHT always see each other, and positions beyond MAX_SIGHT never do.
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { CELL_SIZE, Grid, MAX_SIGHT, MIN_SIGHT, NO_CELL, SIDES } from "../../../rooms/interest/grid.ts";
import { runs } from "../../support/long.ts";

const sides = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 8192 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 32, 159, 160, 161, 320, 960, 4096) },
);
const maps = fc.record({ width: sides, height: sides });

interface Place {
  x: number;
  y: number;
}

/** Two positions on a map. The second one is anywhere, or within about 1000 units of the first one. */
const pairs = maps.chain(({ width, height }) => {
  const place = fc.record({ x: fc.nat(width), y: fc.nat(height) });
  const offset = fc.record({ x: fc.integer({ min: -1000, max: 1000 }), y: fc.integer({ min: -1000, max: 1000 }) });
  const near = fc
    .tuple(place, offset)
    .map(([a, by]): [Place, Place] => [
      a,
      { x: Math.min(Math.max(a.x + by.x, 0), width), y: Math.min(Math.max(a.y + by.y, 0), height) },
    ]);
  return fc.record({
    width: fc.constant(width),
    height: fc.constant(height),
    pair: fc.oneof(fc.tuple(place, place), near),
  });
});

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

test("MIN_SIGHT is 320 units and MAX_SIGHT is 960 units, as documented for clients", () => {
  expect([MIN_SIGHT, MAX_SIGHT]).toEqual([320, 960]);
});

test("two positions are always in sight of each other within MIN_SIGHT, and never beyond MAX_SIGHT", () => {
  fc.assert(
    fc.property(pairs, ({ width, height, pair: [a, b] }) => {
      const grid = new Grid(width, height);
      const [from, to] = [grid.cellAt(a.x, a.y), grid.cellAt(b.x, b.y)];
      expect(grid.sees(to, from)).toBe(grid.sees(from, to));
      if (distance(a, b) <= MIN_SIGHT) expect(grid.sees(from, to)).toBe(true);
      if (distance(a, b) > MAX_SIGHT) expect(grid.sees(from, to)).toBe(false);
    }),
    { numRuns: runs(2000) },
  );
});

test.each([
  ["horizontally", 1, 0],
  ["vertically", 0, 1],
  ["diagonally", Math.SQRT1_2, Math.SQRT1_2],
])("sight measured %s from any position in a cell is at least MIN_SIGHT and at most MAX_SIGHT", (_way, x, y) => {
  const grid = new Grid(4096, 4096);
  for (let start = 1280; start <= 1440; start++) {
    // Skips the distances from 331 to 949 units, at which both results are allowed.
    for (let units = 0; units <= 1100; units += units === 330 ? 620 : 1) {
      const sees = grid.sees(grid.cellAt(start, start), grid.cellAt(start + x * units, start + y * units));
      if (units <= MIN_SIGHT && !sees) throw new Error(`a player at ${start} does not see ${units} units far`);
      if (units > MAX_SIGHT && sees) throw new Error(`a player at ${start} sees ${units} units far`);
    }
  }
});

test("cellAt maps every integer or fractional position on the map to a cell of the grid", () => {
  const place = maps.chain(({ width, height }) =>
    fc.record({
      grid: fc.constant(new Grid(width, height)),
      x: fc.double({ min: 0, max: width, noNaN: true }),
      y: fc.double({ min: 0, max: height, noNaN: true }),
    }),
  );
  fc.assert(
    fc.property(place, ({ grid, x, y }) => {
      const cell = grid.cellAt(x, y);
      expect(Number.isInteger(cell)).toBe(true);
      expect(cell).toBeGreaterThanOrEqual(0);
      expect(cell).toBeLessThan(grid.size);
    }),
  );
});

test("Grid.eachHad lists all visible cells, and one more row or column on each kept side, but no cell beyond MAX_SIGHT", () => {
  const grid = new Grid(2400, 2400);
  const cells = Array.from({ length: grid.size }, (_, cell) => cell);
  const column = (cell: number) => cell % grid.columns;
  const row = (cell: number) => Math.floor(cell / grid.columns);
  for (let kept = 0; kept < 2 ** SIDES.length; kept++) {
    for (const from of [0, grid.columns - 1, 7 * grid.columns + 7, grid.size - 1]) {
      const had = cells.filter((cell) => grid.has(from, kept, cell));
      const listed: number[] = [];
      grid.eachHad(from, kept, (cell) => listed.push(cell));
      expect(listed).toEqual(had);
      for (const cell of cells.filter((one) => grid.sees(from, one))) expect(had).toContain(cell);
      const sides = SIDES.filter((side) => kept & side);
      for (const side of sides) grid.eachAt(side, from, (cell) => expect(had).toContain(cell));
      for (const cell of had) {
        const [columns, rows] = [Math.abs(column(cell) - column(from)), Math.abs(row(cell) - row(from))];
        expect(Math.hypot(columns + 1, rows + 1) * CELL_SIZE).toBeLessThanOrEqual(MAX_SIGHT);
        if (columns > 2 || rows > 2) expect(sides.length).toBeGreaterThan(0);
      }
    }
  }
});

test("Grid.rowsHad lists exactly the visible cells if `kept` is 0: each cell once, and row by row", () => {
  const grids = maps.map(({ width, height }) => new Grid(width, height)).filter(({ size }) => size < 700);
  fc.assert(
    fc.property(grids, fc.nat(), (grid, any) => {
      const from = any % grid.size;
      const listed: number[] = [];
      const rows = grid.rowsHad(from);
      expect(rows.length % 2).toBe(0);
      for (let row = 0; row < rows.length; row += 2) {
        expect(rows[row + 1]).toBeGreaterThanOrEqual(rows[row]!);
        for (let cell = rows[row]!; cell <= rows[row + 1]!; cell++) listed.push(cell);
      }
      const seen = Array.from({ length: grid.size }, (_, cell) => cell).filter((cell) => grid.sees(from, cell));
      expect(listed).toEqual(seen);
      expect(grid.rowsHad(from)).toEqual(rows);
    }),
    { numRuns: runs(300) },
  );
});

test("cellAt maps a position outside the map to the cell of the nearest position on the map", () => {
  const outside = maps.chain(({ width, height }) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      x: fc.integer({ min: -70_000, max: 70_000 }),
      y: fc.integer({ min: -70_000, max: 70_000 }),
    }),
  );
  fc.assert(
    fc.property(outside, ({ width, height, x, y }) => {
      const grid = new Grid(width, height);
      const [nearestX, nearestY] = [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
      expect(grid.cellAt(x, y)).toBe(grid.cellAt(nearestX, nearestY));
    }),
  );
});

test.each([Number.NaN, undefined])("cellAt maps the coordinate %s to NO_CELL", (missing) => {
  const grid = new Grid(1280, 960);
  for (const cell of [grid.cellAt(missing, missing), grid.cellAt(missing, 700), grid.cellAt(700, missing)]) {
    expect(cell).toBe(NO_CELL);
  }
});

test.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "cellAt maps the coordinate %d to a cell at the edge of the map",
  (end) => {
    const grid = new Grid(1280, 960);
    const border = end > 0 ? grid.cellAt(1280, 960) : grid.cellAt(0, 0);
    expect(grid.cellAt(end, end)).toBe(border);
  },
);

test("Grid.sees returns false if one of the two cells is NO_CELL", () => {
  const grid = new Grid(1280, 960);
  for (let cell = 0; cell < grid.size; cell++) {
    expect([grid.sees(NO_CELL, cell), grid.sees(cell, NO_CELL)]).toEqual([false, false]);
  }
  expect(grid.sees(NO_CELL, NO_CELL)).toBe(false);
  expect(grid.rowsHad(NO_CELL)).toEqual([]);
});
