// Finds places where a body fits.
import type { Point } from "../model.ts";
import { type Cells, isFree } from "./cells.ts";
import { CELL, CELLS_PER_TILE, HALF_BODY, TILE } from "./units.ts";

/** Maximum distance in units, along each axis, from a wanted place to the place that replaces it. */
const MAX_MOVE = 4 * TILE;

/** Returns the free place nearest to `wanted`, which can be `wanted` itself; undefined if none is within MAX_MOVE. */
export function nearestFree(wanted: Point, cells: Cells): Point | undefined {
  if (isFree(wanted.x, wanted.y, cells)) return wanted;
  // At the nearest free place, each coordinate is either the wanted one, or a coordinate at which the body touches a
  // wall. The sides of walls are on borders of cells. So only the results of `coordinatesAround` have to be tried.
  const rows = coordinatesAround(wanted.y);
  let nearest: Point | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const x of coordinatesAround(wanted.x)) {
    for (const y of rows) {
      const distance = (x - wanted.x) ** 2 + (y - wanted.y) ** 2;
      if (distance >= least || !isFree(x, y, cells)) continue;
      nearest = { x, y };
      least = distance;
    }
  }
  return nearest;
}

/** Returns the wanted coordinate, and all coordinates near it at which the sides of a body are on borders of cells. */
function coordinatesAround(wanted: number): number[] {
  const first = Math.ceil((wanted - MAX_MOVE - HALF_BODY) / CELL) * CELL + HALF_BODY;
  const aligned = Array.from({ length: Math.floor((2 * MAX_MOVE) / CELL) }, (_, index) => first + index * CELL);
  return [wanted, ...aligned];
}

/** Returns a place in the middle of the largest open area; undefined if a body fits nowhere. */
export function middleOfLargestArea(cells: Cells): Point | undefined {
  // A body may still fit between partly solid tiles, even if no tile is entirely open.
  return middleOfSquares(cells, CELLS_PER_TILE, CELLS_PER_TILE) ?? middleOfSquares(cells, CELLS_PER_BODY, 1);
}

/** The number of cells along a side of a body, if the sides of the body are on the borders of cells. */
const CELLS_PER_BODY = (2 * HALF_BODY) / CELL;

/**
 * Finds the largest connected area of open squares. Returns the middle of the area's most central square.
 * @param side the side of a square, in cells.
 * @param pitch the distance between neighbouring squares, in cells.
 */
function middleOfSquares(cells: Cells, side: number, pitch: number): Point | undefined {
  const columns = Math.floor((cells.columns - side) / pitch) + 1;
  const rows = Math.floor((cells.rows - side) / pitch) + 1;
  const open = new Uint8Array(Math.max(0, columns) * Math.max(0, rows));
  for (let square = 0; square < open.length; square++) {
    open[square] = isOpen(cells, (square % columns) * pitch, Math.floor(square / columns) * pitch, side) ? 1 : 0;
  }
  let largest: readonly number[] = [];
  for (let square = 0; square < open.length; square++) {
    if (open[square] === 0) continue;
    const area = takeArea(square, open, columns);
    if (area.length > largest.length) largest = area;
  }
  const middle = nearestToMiddle(largest, columns);
  if (middle === undefined) return undefined;
  const toUnits = (index: number) => (index * pitch + side / 2) * CELL;
  return { x: toUnits(middle % columns), y: toUnits(Math.floor(middle / columns)) };
}

function isOpen({ columns, solid }: Cells, left: number, top: number, side: number): boolean {
  for (let row = top; row < top + side; row++) {
    for (let column = left; column < left + side; column++) {
      if (solid[row * columns + column] === 1) return false;
    }
  }
  return true;
}

/** Returns all open squares that are connected with `start` by their sides. Removes these squares from `open`. */
function takeArea(start: number, open: Uint8Array, columns: number): number[] {
  const area = [start];
  const take = (square: number) => {
    if (open[square] !== 1) return;
    open[square] = 0;
    area.push(square);
  };
  open[start] = 0;
  // The loop also visits the squares that it adds to the list.
  for (const square of area) {
    const column = square % columns;
    if (column > 0) take(square - 1);
    if (column < columns - 1) take(square + 1);
    take(square - columns);
    take(square + columns);
  }
  return area;
}

/** Returns the square that is nearest to the average place of all squares; undefined if there is no square. */
function nearestToMiddle(squares: readonly number[], columns: number): number | undefined {
  let across = 0;
  let down = 0;
  for (const square of squares) {
    across += (square % columns) / squares.length;
    down += Math.floor(square / columns) / squares.length;
  }
  let nearest: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const square of squares) {
    const distance = ((square % columns) - across) ** 2 + (Math.floor(square / columns) - down) ** 2;
    if (distance >= least) continue;
    nearest = square;
    least = distance;
  }
  return nearest;
}
