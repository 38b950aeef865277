// The cells of a map: squares of 8 units, each solid or open.
import { CELL, CELLS_PER_TILE, HALF_BODY } from "./units.ts";

/** A grid of cells. All cells outside the grid are solid. */
export interface Cells {
  /** The number of cells per row, and the number of rows. */
  readonly columns: number;
  readonly rows: number;
  /** One byte per cell, row by row: 1 is solid, 0 is open. */
  readonly solid: Uint8Array;
}

/** Returns a grid of open cells. `width` and `height` are in tiles. */
export function openCells(width: number, height: number): Cells {
  const columns = width * CELLS_PER_TILE;
  const rows = height * CELLS_PER_TILE;
  return { columns, rows, solid: new Uint8Array(columns * rows) };
}

/** Makes a rectangle of cells solid. Ignores its part outside the grid. */
export function fill({ columns, rows, solid }: Cells, left: number, top: number, width: number, height: number): void {
  const start = Math.max(0, left);
  const end = Math.min(columns, left + width);
  if (start >= end) return;
  for (let row = Math.max(0, top); row < Math.min(rows, top + height); row++) {
    solid.fill(1, row * columns + start, row * columns + end);
  }
}

/** Returns whether all cells that a body covers are open. (`x`, `y`) is the centre of the body. */
export function isFree(x: number, y: number, { columns, rows, solid }: Cells): boolean {
  const left = Math.floor((x - HALF_BODY) / CELL);
  const right = Math.floor((x + HALF_BODY - 1) / CELL);
  const top = Math.floor((y - HALF_BODY) / CELL);
  const bottom = Math.floor((y + HALF_BODY - 1) / CELL);
  if (left < 0 || top < 0 || right >= columns || bottom >= rows) return false;
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      if (solid[row * columns + column] === 1) return false;
    }
  }
  return true;
}
