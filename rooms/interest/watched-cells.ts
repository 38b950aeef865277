// The cells that the clients of a process see in a tick. Changes in all other cells need no encoding: in a cluster, a
// process has the players of all processes, and its own clients may see only a few of them.
import { ALL_SIDES, type Grid, NO_CELL } from "./grid.ts";

/** The watched cells of a room. `beginTick` starts a new tick, and `watchFrom` adds the cells around a client. */
export class WatchedCells {
  readonly #grid: Grid;
  #tick = 0;
  #areAllWatched = false;
  /** By cell: the last tick in which a client was in the cell, and the last tick in which the cell was watched. */
  readonly #visitedAt: Uint32Array;
  readonly #watchedAt: Uint32Array;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#visitedAt = new Uint32Array(grid.size);
    this.#watchedAt = new Uint32Array(grid.size);
  }

  /**
   * Begins a tick.
   * @param areAllWatched whether all cells are watched. `watchFrom` then has no effect.
   */
  beginTick(areAllWatched: boolean): void {
    this.#tick++;
    this.#areAllWatched = areAllWatched;
  }

  /** Adds the cells that a client in `cell` sees, and those that it might keep on any side. */
  watchFrom(cell: number): void {
    if (cell === NO_CELL || this.#areAllWatched || this.#visitedAt[cell] === this.#tick) return;
    this.#visitedAt[cell] = this.#tick;
    const rows = this.#grid.rowsHad(cell, ALL_SIDES);
    for (let row = 0; row < rows.length; row += 2) this.#watchedAt.fill(this.#tick, rows[row]!, rows[row + 1]! + 1);
  }

  /** Whether a client sees `cell`, or keeps it. False for NO_CELL. */
  has(cell: number): boolean {
    return this.#areAllWatched ? cell !== NO_CELL : this.#watchedAt[cell] === this.#tick;
  }
}
