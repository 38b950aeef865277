// The map as a grid of square cells. All players in one cell see the same block of cells around it.

/** Guaranteed sight, in units: a player sees all players within this distance. */
export const MIN_SIGHT = 320;

/** Maximum sight, in units: a player sees no players beyond this distance. */
export const MAX_SIGHT = 960;

/**
 * Side of a cell in units, and the number of visible cells in each direction from a player's own cell. A player at the
 * edge of its cell sees at least CELL_SIZE * REACH units far. Over the corner it sees at most (REACH + 1) * CELL_SIZE *
 * √2. These are 320 and 679 units. Smaller cells send fewer bytes, but players cross them more often;
 * docs/performance.md has the measurements.
 */
const CELL_SIZE = 160;
const REACH = 2;

/** The cell of a player that has not entered the world or has left it. It sees no cell, and no cell sees it. */
export const NO_CELL = -1;

/** A uniform grid over a map. A cell is a number; the cells of a row have consecutive numbers. */
export class Grid {
  readonly #columns: number;
  readonly #rows: number;
  readonly #rowsInSight: (readonly number[] | undefined)[] = [];

  /** `width`, `height`: the size of the map in units. */
  constructor(width: number, height: number) {
    this.#columns = Math.max(1, Math.ceil(width / CELL_SIZE));
    this.#rows = Math.max(1, Math.ceil(height / CELL_SIZE));
  }

  /** The number of cells. */
  get size(): number {
    return this.#columns * this.#rows;
  }

  /**
   * Returns the cell of a position. A position outside the map belongs to the nearest cell at its border. A position
   * without coordinates has NO_CELL.
   */
  cellAt(x: number | undefined, y: number | undefined): number {
    const column = Math.min(Math.max(Math.floor((x ?? Number.NaN) / CELL_SIZE), 0), this.#columns - 1);
    const row = Math.min(Math.max(Math.floor((y ?? Number.NaN) / CELL_SIZE), 0), this.#rows - 1);
    const cell = row * this.#columns + column;
    return Number.isNaN(cell) ? NO_CELL : cell;
  }

  /** Whether the cell `to` is visible from the cell `from`. */
  sees(from: number, to: number): boolean {
    if (from === NO_CELL || to === NO_CELL) return false;
    const columns = this.#columns;
    const rowDistance = ((from / columns) | 0) - ((to / columns) | 0);
    const columnDistance = (from % columns) - (to % columns);
    return rowDistance <= REACH && -rowDistance <= REACH && columnDistance <= REACH && -columnDistance <= REACH;
  }

  /**
   * Returns the cells that are visible from `cell`: the first and the last cell of each row, in one flat list. The list
   * is cached per cell; do not change it.
   */
  rowsInSight(cell: number): readonly number[] {
    if (cell === NO_CELL) return [];
    let rows = this.#rowsInSight[cell];
    if (!rows) {
      rows = this.#computeRowsInSight(cell);
      this.#rowsInSight[cell] = rows;
    }
    return rows;
  }

  #computeRowsInSight(cell: number): number[] {
    const column = cell % this.#columns;
    const row = Math.floor(cell / this.#columns);
    const left = Math.max(column - REACH, 0);
    const right = Math.min(column + REACH, this.#columns - 1);
    const rows: number[] = [];
    for (let y = Math.max(row - REACH, 0); y <= Math.min(row + REACH, this.#rows - 1); y++) {
      rows.push(y * this.#columns + left, y * this.#columns + right);
    }
    return rows;
  }
}
