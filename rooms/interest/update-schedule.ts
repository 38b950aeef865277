// Decides whose changes are sent in a tick when the clients' budgets do not suffice for all changes in their sight.
//
// Players take turns: in a player's turn, all clients that have the player in sight get its update. The decision is
// made per player and not per client, so the clients in a cell can share their bytes. The number of turns in a cell
// depends on the clients with the smallest remaining budget. The players that have waited longest have the next turns.
import type { CellIndex, Entity, Positioned } from "./cell-index.ts";
import { Deliveries } from "./deliveries.ts";
import { type Grid, NO_CELL } from "./grid.ts";
import type { WatchedCells } from "./watched-cells.ts";

/** The initial estimate of the size of an update in bytes. An average of sizes replaces it later. */
const UPDATE_BYTES = 8;

/**
 * The weights of one tick in the averages. The size of an update is an average over all players, so it has little noise
 * even with a large weight. The unshared bytes of a cell's clients vary from tick to tick, because few clients cross
 * cells in the same tick. A cell's `#share` is the smallest of many shares that are computed from these bytes, so noise
 * would lower it.
 */
const UPDATE_WEIGHT = 0.05;
const OWN_WEIGHT = 0.01;

/** A cell still counts as crowded for this number of ticks after players in it last waited for their turn. */
const CROWDED_TICKS = 20;

/** The longest waiting time, in ticks, that the schedule distinguishes. Longer times count as this one. */
const MAX_WAIT = 511;

/** Reads the changes of a player. */
interface Changes<P> {
  hasChanged(player: P): boolean;
  /** Returns the changed fields as bits. */
  changedFields(player: P): number;
}

/** The schedule of a room. `plan` is called once per tick; the other members describe that tick. */
export class UpdateSchedule<P extends Positioned> {
  readonly #grid: Grid;
  readonly #watched: WatchedCells;
  readonly #bytesPerTick: number;
  #tick = 0;
  /** Players whose turn did not come in the last tick. */
  #waiting: Entity<P>[] = [];
  /** Watched cells with players. */
  readonly #occupied: number[] = [];
  readonly #occupiedAt: Uint32Array;
  /**
   * By cell: `#share` is the share of the cell's changed players that get a turn. It is valid only in the tick
   * `#sharedAt`.
   */
  readonly #sharedAt: Uint32Array;
  readonly #share: Float32Array;
  /** By cell: the fraction of a turn that is left over from the last tick. In a turn, one player's update is sent. */
  readonly #remainder: Float32Array;
  /**
   * By cell: the last tick in which players in the cell waited, and the last tick in which players in its sight waited.
   */
  readonly #waitedAt: Uint32Array;
  readonly #limitedAt: Uint32Array;
  /**
   * By cell: `#ownBytes` is the average of the bytes per tick that one client in the cell gets and shares with no other
   * client. `#reportedBytes` and `#reports` are the sum and the number of the reports of this tick.
   */
  readonly #ownBytes: Float32Array;
  readonly #reportedBytes: Float32Array;
  readonly #reports: Uint32Array;
  readonly #waits = new Uint32Array(MAX_WAIT + 1);
  /** By cell: the bytes of the messages that each client in the cell gets in this tick. */
  #messageBytes: Float64Array;
  #updateBytes = UPDATE_BYTES;
  /** The crowded cells. */
  readonly #crowded = new Set<number>();
  #crowdVersion = 0;

  readonly deliveries = new Deliveries();
  /** The players with changes in watched cells, grouped by cell. */
  readonly players: Entity<P>[] = [];
  /**
   * By cell: positions in `players`. The cell's players begin at `starts`. All clients in sight get the updates of the
   * players from `starts` to `dueEnds`, which is exclusive. The cell's other players wait.
   */
  readonly starts: Uint32Array;
  readonly dueEnds: Uint32Array;
  /** Whether players wait in any cell. */
  isLimited = false;

  /** @param bytesPerTick the budget of each client; Infinity for no limit. */
  constructor(grid: Grid, watched: WatchedCells, bytesPerTick: number) {
    this.#grid = grid;
    this.#watched = watched;
    this.#bytesPerTick = bytesPerTick;
    this.starts = new Uint32Array(grid.size + 1);
    this.dueEnds = new Uint32Array(grid.size);
    this.#occupiedAt = new Uint32Array(grid.size);
    this.#sharedAt = new Uint32Array(grid.size);
    this.#share = new Float32Array(grid.size);
    this.#remainder = new Float32Array(grid.size);
    this.#waitedAt = new Uint32Array(grid.size);
    this.#limitedAt = new Uint32Array(grid.size);
    this.#ownBytes = new Float32Array(grid.size);
    this.#reportedBytes = new Float32Array(grid.size);
    this.#reports = new Uint32Array(grid.size);
    this.#messageBytes = new Float64Array(grid.size);
  }

  /** The number of this tick. */
  get tick(): number {
    return this.#tick;
  }

  /** Changes whenever a cell becomes crowded or stops being crowded. */
  get crowdVersion(): number {
    return this.#crowdVersion;
  }

  /** Whether the clients in a cell get only some of the updates of the players in their sight. */
  limits(cell: number): boolean {
    return this.#limitedAt[cell] === this.#tick;
  }

  /** Whether any cell is crowded. */
  get hasCrowds(): boolean {
    return this.#crowded.size > 0;
  }

  /** Whether players wait in a cell, or have recently waited. */
  isCrowded(cell: number): boolean {
    return this.#crowded.has(cell);
  }

  /**
   * Begins a tick, and plans whose changes are sent in it.
   * @param messageBytes by cell: the bytes of each client's budget that messages use in this tick.
   */
  plan(index: CellIndex<P>, changes: Changes<P>, messageBytes: Float64Array): void {
    this.#tick++;
    this.#messageBytes = messageBytes;
    this.isLimited = false;
    this.deliveries.reserve(index.slotCount);
    this.#groupByCell(this.#collect(index, changes));
    this.dueEnds.set(this.starts.subarray(1));
    if (this.#bytesPerTick === Number.POSITIVE_INFINITY) return;
    this.#takeReports();
    const crowded = this.#computeShares();
    for (const cell of crowded) this.#chooseDue(cell, changes);
    for (const cell of crowded) this.#noteWaiting(cell);
    this.#updateCrowds();
  }

  /** Reports the size of the updates of this tick, from which the sizes of later updates are estimated. */
  reportUpdates(count: number, bytes: number): void {
    if (count > 0) this.#updateBytes += UPDATE_WEIGHT * (bytes / count - this.#updateBytes);
  }

  /** Reports the bytes that one client in a cell gets in this tick and shares with no other client. */
  reportOwnBytes(cell: number, bytes: number): void {
    if (cell === NO_CELL) return;
    this.#reportedBytes[cell]! += bytes;
    this.#reports[cell]!++;
  }

  /** Returns the players with changes: waiting players, and players that changed in this tick in a watched cell. */
  #collect(index: CellIndex<P>, changes: Changes<P>): Entity<P>[] {
    const pending = this.#waiting;
    this.#waiting = [];
    this.#occupied.length = 0;
    const { changedAt, pendingSince, pendingFields } = this.deliveries;
    // Visits the players in the order of the index, in which they are next to each other in memory. A loop over the
    // cells would be slower.
    for (const entity of index.all()) {
      const { cell, slot } = entity;
      if (!this.#watched.has(cell)) continue;
      if (this.#occupiedAt[cell] !== this.#tick) {
        this.#occupiedAt[cell] = this.#tick;
        this.#occupied.push(cell);
      }
      // Clients that have a new player in sight get all its fields in this tick anyway.
      const isNew = entity.lastSentCell === NO_CELL;
      if (isNew || !changes.hasChanged(entity.player)) continue;
      changedAt[slot] = this.#tick;
      if (pendingSince[slot] === 0) pending.push(entity);
      else pendingFields[slot]! |= changes.changedFields(entity.player);
    }
    return pending;
  }

  /**
   * Groups the players by cell with a counting sort. Drops those that have left. Also drops those that no client sees:
   * when such a player later comes into a client's sight, the client gets all fields of the player.
   */
  #groupByCell(pending: readonly Entity<P>[]): void {
    const { starts } = this;
    starts.fill(0);
    for (const { cell, slot } of pending) {
      if (!this.#watched.has(cell)) this.deliveries.settle(slot);
      else starts[cell + 1]!++;
    }
    for (let cell = 1; cell < starts.length; cell++) starts[cell]! += starts[cell - 1]!;
    // During this loop, `dueEnds` holds the position in `players` at which the next player of each cell is put.
    this.dueEnds.set(starts.subarray(0, -1));
    for (const entity of pending)
      if (this.#watched.has(entity.cell)) this.players[this.dueEnds[entity.cell]!++] = entity;
  }

  /**
   * Returns the cells in which not all changed players can get a turn. For each of these cells, computes the share of
   * players that get a turn.
   */
  #computeShares(): number[] {
    const crowded: number[] = [];
    for (const cell of this.#occupied) {
      const count = this.#grid.sumInSight(cell, this.starts);
      if (count * this.#updateBytes <= this.#bytesPerTick) {
        // All updates fit into the budget of the cell's clients, unless messages and unshared bytes use too much of the
        // budget.
        const takesAll = this.#ownBytes[cell] === 0 && this.#messageBytes[cell] === 0;
        if (takesAll || count * this.#updateBytes <= this.#budgetOf(cell)) continue;
      }
      const share = this.#budgetOf(cell) / this.#updateBytes / count;
      this.#grid.eachInSight(cell, (other) => this.#lowerShare(other, share, crowded));
    }
    return crowded;
  }

  #lowerShare(cell: number, share: number, crowded: number[]): void {
    if (this.#sharedAt[cell] !== this.#tick) {
      if (this.starts[cell] === this.starts[cell + 1]) return;
      this.#sharedAt[cell] = this.#tick;
      this.#share[cell] = share;
      crowded.push(cell);
    } else if (share < this.#share[cell]!) this.#share[cell] = share;
  }

  /** Chooses the players of a cell whose updates go to all clients in sight: those that have waited longest. */
  #chooseDue(cell: number, changes: Changes<P>): void {
    const [start, end] = [this.starts[cell]!, this.starts[cell + 1]!];
    const { changedAt, pendingSince, pendingFields } = this.deliveries;
    for (let at = start; at < end; at++) {
      const { player, slot } = this.players[at]!;
      if (changedAt[slot] !== this.#tick || pendingSince[slot] !== 0) continue;
      pendingSince[slot] = this.#tick;
      pendingFields[slot] = changes.changedFields(player);
    }
    const turns = Math.min(this.#share[cell]! * (end - start) + this.#remainder[cell]!, end - start);
    this.#remainder[cell] = turns % 1;
    this.dueEnds[cell] = this.#moveToFront(start, end, Math.floor(turns));
  }

  /** Keeps each player of a cell for the next tick, unless all clients in sight get its update in this tick. */
  #noteWaiting(cell: number): void {
    const end = this.starts[cell + 1]!;
    if (this.dueEnds[cell] === end) return;
    this.isLimited = true;
    for (let at = this.dueEnds[cell]!; at < end; at++) this.#waiting.push(this.players[at]!);
    this.#waitedAt[cell] = this.#tick;
    this.#grid.eachInSight(cell, (other) => {
      this.#limitedAt[other] = this.#tick;
    });
  }

  #updateCrowds(): void {
    const before = this.#crowded.size;
    let isChanged = false;
    for (const cell of this.#crowded) {
      if (this.#tick - this.#waitedAt[cell]! >= CROWDED_TICKS) isChanged = this.#crowded.delete(cell);
    }
    for (const { cell } of this.#waiting) this.#crowded.add(cell);
    if (isChanged || this.#crowded.size !== before) this.#crowdVersion++;
  }

  /**
   * Moves the `count` players that have waited longest to the front of a range of `players`.
   * @returns the position after them.
   */
  #moveToFront(start: number, end: number, count: number): number {
    if (count === 0) return start;
    const { players } = this;
    const { pendingSince } = this.deliveries;
    const waits = this.#waits.fill(0);
    const waitOf = (at: number) => Math.min(this.#tick - pendingSince[players[at]!.slot]!, MAX_WAIT);
    for (let at = start; at < end; at++) waits[waitOf(at)]!++;
    let shortest = MAX_WAIT;
    let left = count;
    while (shortest > 0 && waits[shortest]! < left) left -= waits[shortest--]!;
    let front = start;
    for (let at = start; at < end; at++) {
      const wait = waitOf(at);
      if (wait < shortest || (wait === shortest && left-- <= 0)) continue;
      const chosen = players[at]!;
      players[at] = players[front]!;
      players[front++] = chosen;
    }
    return front;
  }

  /** Updates the averages with the reports of the last tick. */
  #takeReports(): void {
    for (const cell of this.#occupied) {
      const reports = this.#reports[cell]!;
      if (reports === 0) continue;
      this.#ownBytes[cell]! += OWN_WEIGHT * (this.#reportedBytes[cell]! / reports - this.#ownBytes[cell]!);
      this.#reportedBytes[cell] = 0;
      this.#reports[cell] = 0;
    }
  }

  /** Returns the bytes per tick that the budget of a client in a cell allows for updates shared with other clients. */
  #budgetOf(cell: number): number {
    const others = this.#ownBytes[cell]! + this.#messageBytes[cell]!;
    return Math.max(this.#bytesPerTick - others, this.#bytesPerTick / 4);
  }
}
