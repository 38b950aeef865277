// The map as a grid of square cells. All players in one cell see the same block of cells around it.

/** Guaranteed sight, in units: a player sees all players within this distance. */
export const MIN_SIGHT = 320;

/** Maximum sight, in units: a player sees no players beyond this distance. */
export const MAX_SIGHT = 960;

/**
 * CELL_SIZE: the side of a cell in units. REACH: the number of cells that a player sees in each direction from its own
 * cell. From the edge of its cell, a player sees REACH * CELL_SIZE = 320 units beyond this edge. This distance is the
 * minimum. The maximum is (REACH + 1) * CELL_SIZE * √2 = 679 units, along a diagonal. With smaller cells the server
 * would send fewer bytes, but players would cross cells more often. docs/performance.md has the measurements.
 */
export const CELL_SIZE = 160;
const REACH = 2;

/**
 * The sides on which a client keeps one more row or column of cells, as the sum of the bits below. These cells are just
 * out of sight, but the client still has the players in them. The farthest of these players are
 * (REACH + 2) * CELL_SIZE * √2 = 905 units away, which is less than MAX_SIGHT.
 */
export type KeptSides = number;

const LEFT = 1;
const RIGHT = 2;
const TOP = 4;
const BOTTOM = 8;

/** The sides, one by one. */
export const SIDES: readonly KeptSides[] = [LEFT, RIGHT, TOP, BOTTOM];

/** The sum of all sides. */
export const ALL_SIDES: KeptSides = LEFT + RIGHT + TOP + BOTTOM;

/** The number of possible sums of sides. */
const SIDE_SUMS = ALL_SIDES + 1;

/** The cell of a player that has left the world or not yet entered it. NO_CELL sees no cell, and no cell sees it. */
export const NO_CELL = -1;

/** A uniform grid over a map. A cell is a number; the cells of a row have consecutive numbers. */
export class Grid {
  /** The size of the map in units. */
  readonly width: number;
  readonly height: number;
  readonly #columns: number;
  readonly #rows: number;
  /** The results of `rowsHad`, by kept sides and then by cell. */
  readonly #rowsHad: (readonly number[] | undefined)[][] = Array.from({ length: SIDE_SUMS }, () => []);

  /** `width`, `height`: the size of the map in units. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#columns = Math.max(1, Math.ceil(width / CELL_SIZE));
    this.#rows = Math.max(1, Math.ceil(height / CELL_SIZE));
  }

  /** The number of cells. */
  get size(): number {
    return this.#columns * this.#rows;
  }

  /** The number of cells in a row. */
  get columns(): number {
    return this.#columns;
  }

  /** The number of rows. */
  get rows(): number {
    return this.#rows;
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

  /** Whether a client in the cell `from` has the players in the cell `to`: `to` is in sight, or is a kept cell. */
  has(from: number, kept: KeptSides, to: number): boolean {
    if (kept === 0) return this.sees(from, to);
    if (from === NO_CELL || to === NO_CELL) return false;
    const columns = this.#columns;
    const down = ((to / columns) | 0) - ((from / columns) | 0);
    const right = (to % columns) - (from % columns);
    if (-right > REACH + (kept & 1) || right > REACH + ((kept >> 1) & 1)) return false;
    return -down <= REACH + ((kept >> 2) & 1) && down <= REACH + (kept >> 3);
  }

  /**
   * Returns the cells whose players a client in `cell` has: the first and the last cell of each row, in one flat list.
   * The list is cached; do not change it.
   */
  rowsHad(cell: number, kept: KeptSides = 0): readonly number[] {
    if (cell === NO_CELL) return [];
    const cached = this.#rowsHad[kept]!;
    cached[cell] ??= this.#computeRowsHad(cell, kept);
    return cached[cell];
  }

  /**
   * Each cell has a value, such as a count of players. Returns the sum of the values of all cells that are visible from
   * `cell`.
   * @param starts for each cell, the sum of the values of all cells before it; at the end, the sum of all values.
   */
  sumInSight(cell: number, starts: Uint32Array): number {
    const columns = this.#columns;
    const column = cell % columns;
    const row = (cell / columns) | 0;
    const left = Math.max(column - REACH, 0);
    const end = Math.min(column + REACH + 1, columns);
    const last = Math.min(row + REACH, this.#rows - 1);
    let sum = 0;
    for (let y = Math.max(row - REACH, 0); y <= last; y++)
      sum += starts[y * columns + end]! - starts[y * columns + left]!;
    return sum;
  }

  /** Calls `each` with every cell that is visible from `cell`. */
  eachInSight(cell: number, each: (visible: number) => void): void {
    this.eachHad(cell, 0, each);
  }

  /**
   * Calls `each` with every cell in sight of the cell `from`, and with every kept cell. A client in the cell `from` has
   * the players in these cells.
   */
  eachHad(from: number, kept: KeptSides, each: (cell: number) => void): void {
    const rows = this.rowsHad(from, kept);
    for (let row = 0; row < rows.length; row += 2) {
      for (let cell = rows[row]!; cell <= rows[row + 1]!; cell++) each(cell);
    }
  }

  /** Calls `each` with the cells just out of sight on one side of `cell`. */
  eachAt(side: KeptSides, cell: number, each: (outer: number) => void): void {
    this.eachHad(cell, side, (had) => {
      if (!this.sees(cell, had)) each(had);
    });
  }

  #computeRowsHad(cell: number, kept: KeptSides): number[] {
    const reach = (side: KeptSides) => REACH + (kept & side ? 1 : 0);
    const column = cell % this.#columns;
    const row = Math.floor(cell / this.#columns);
    const left = Math.max(column - reach(LEFT), 0);
    const right = Math.min(column + reach(RIGHT), this.#columns - 1);
    const last = Math.min(row + reach(BOTTOM), this.#rows - 1);
    const rows: number[] = [];
    for (let y = Math.max(row - reach(TOP), 0); y <= last; y++) {
      rows.push(y * this.#columns + left, y * this.#columns + right);
    }
    return rows;
  }
}
