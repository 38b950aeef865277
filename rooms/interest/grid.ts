// The map cut into square cells: who stands in one cell sees the same cells around it.

/** What a player is promised, in units: it sees everybody within this distance. */
export const MIN_SIGHT = 320;

/** And nobody beyond this one. */
export const MAX_SIGHT = 960;

/**
 * Side of a cell in units, and how many cells one sees in each direction from one's own. Somebody at the edge of a cell
 * sees CELL * REACH units far at least, and over the corner (REACH + 1) * CELL * √2 at most: 320 and 679 units here.
 * Smaller cells send fewer bytes but have players cross more often; docs/performance.md has what was measured.
 */
const CELL = 160;
const REACH = 2;

/** No cell: of a player who is not in the world yet, or not any more. Nobody sees it, and it sees nobody. */
export const NO_CELL = -1;

/** A uniform grid over a map. A cell is a number; cells of one row follow each other. */
export class Grid {
  readonly #columns: number;
  readonly #rows: number;
  readonly #rowsInSight: (readonly number[] | undefined)[] = [];

  /** `width`, `height`: of the map, in units. */
  constructor(width: number, height: number) {
    this.#columns = Math.max(1, Math.ceil(width / CELL));
    this.#rows = Math.max(1, Math.ceil(height / CELL));
  }

  /** How many cells there are. */
  get size(): number {
    return this.#columns * this.#rows;
  }

  /**
   * The cell of a place. What lies outside of the map belongs to the nearest cell at its border; what has no coordinates
   * (yet) is nowhere.
   */
  cellAt(x: number | undefined, y: number | undefined): number {
    const column = Math.min(Math.max(Math.floor((x ?? Number.NaN) / CELL), 0), this.#columns - 1);
    const row = Math.min(Math.max(Math.floor((y ?? Number.NaN) / CELL), 0), this.#rows - 1);
    const cell = row * this.#columns + column;
    return Number.isNaN(cell) ? NO_CELL : cell;
  }

  /** Whether somebody in the cell `from` sees the cell `to`. */
  sees(from: number, to: number): boolean {
    if (from === NO_CELL || to === NO_CELL) return false;
    const columns = this.#columns;
    const rows = ((from / columns) | 0) - ((to / columns) | 0);
    const across = (from % columns) - (to % columns);
    return rows <= REACH && -rows <= REACH && across <= REACH && -across <= REACH;
  }

  /**
   * The cells that are seen from `cell`: the first and the last one of each row, one after the other. Made once for each
   * cell that anybody stands in; not to be changed.
   */
  rowsInSight(cell: number): readonly number[] {
    if (cell === NO_CELL) return [];
    let rows = this.#rowsInSight[cell];
    if (!rows) {
      rows = this.#window(cell);
      this.#rowsInSight[cell] = rows;
    }
    return rows;
  }

  #window(cell: number): number[] {
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
