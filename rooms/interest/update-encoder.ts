// Encodes the changes of players once per tick, and gives each client those changes that fit into its budget of bytes.
import type { Arena, Slice } from "./arena.ts";
import type { CellIndex, Entity } from "./cell-index.ts";
import { CHANGES, PENDING, RECORD } from "./deliveries.ts";
import { type Grid, type KeptSides, SIDES } from "./grid.ts";
import { NearestPlayers, NO_RANK } from "./nearest-players.ts";
import type { PlayerCodec, TrackedPlayer } from "./player-codec.ts";
import { UpdateSchedule } from "./update-schedule.ts";
import type { View } from "./view.ts";
import type { WatchedCells } from "./watched-cells.ts";

/**
 * The number of nearest players whose changes a client gets in every tick. The client's own player counts as one of
 * them.
 */
const NEAREST = 31;

/**
 * The updates of one room. Every client gets all changes in its sight if all changes fit into the budgets. Otherwise a
 * client gets the updates of the players that UpdateSchedule chooses for the tick. The client also gets all changes of
 * the players nearest to its own player.
 */
export class UpdateEncoder {
  readonly #grid: Grid;
  readonly #arena: Arena;
  readonly #cellIndex: CellIndex<TrackedPlayer>;
  readonly #codec: PlayerCodec;
  readonly #watched: WatchedCells;
  readonly #schedule: UpdateSchedule<TrackedPlayer>;
  readonly #nearest: NearestPlayers<TrackedPlayer>;
  /** Start of each cell's updates in the arena. The updates of a row of cells are contiguous. */
  readonly #updatesAt: Uint32Array;
  /**
   * The slices of the arena with the changes of one client's nearest players. Start and end of the first slice come
   * first, then those of the second slice, and so on.
   */
  #slices = new Int32Array();

  /** @param bytesPerTick the budget of each client; Infinity for no limit. */
  constructor(
    grid: Grid,
    arena: Arena,
    cellIndex: CellIndex<TrackedPlayer>,
    codec: PlayerCodec,
    watched: WatchedCells,
    bytesPerTick: number,
  ) {
    this.#grid = grid;
    this.#arena = arena;
    this.#cellIndex = cellIndex;
    this.#codec = codec;
    this.#watched = watched;
    this.#schedule = new UpdateSchedule(grid, watched, bytesPerTick);
    this.#nearest = new NearestPlayers(grid);
    this.#updatesAt = new Uint32Array(grid.size + 1);
  }

  /**
   * Begins a tick: decides which players are updated, and encodes the updates. The cell index and the watched cells must
   * be up to date.
   * @param messageBytes by cell: the bytes of each client's budget that messages use in this tick.
   */
  beginTick(messageBytes: Float64Array): void {
    this.#schedule.plan(this.#cellIndex, this.#codec, messageBytes);
    this.#encodeShared();
    if (!this.#schedule.isLimited) return;
    this.#encodeWaiting();
    this.#nearest.build(this.#cellIndex, this.#watched, NEAREST);
  }

  /** Whether the clients in a cell get only some of the changes in their sight in this tick. */
  limits(cell: number): boolean {
    return this.#schedule.limits(cell);
  }

  /**
   * Returns the kept sides of a client in the cell `to`: the sides on which the client already has most of the players
   * just out of sight. In a crowd, sending the updates of these players is cheaper than removing them now and adding
   * them again when the client turns back.
   */
  keptSides(view: View, to: number): KeptSides {
    if (view.inFullState) return 0;
    if (to === view.cell && (view.kept === 0 || view.keptAt === this.#schedule.crowdVersion)) return view.kept;
    view.keptAt = this.#schedule.crowdVersion;
    if (!this.#schedule.hasCrowds) return 0;
    let kept = 0;
    for (const side of SIDES) if (this.#keeps(side, view, to)) kept += side;
    return kept;
  }

  /**
   * Whether a client should keep a side. Counts the players in the cells directly beyond the client's sight on this
   * side: those that the client has in crowded cells must outnumber all those that it lacks.
   */
  #keeps(side: KeptSides, view: View, to: number): boolean {
    let had = 0;
    let missing = 0;
    this.#grid.eachAt(side, to, (cell) => {
      const count = this.#cellIndex.countIn(cell);
      if (!this.#grid.has(view.cell, view.kept, cell)) missing += count;
      else if (this.#schedule.isCrowded(cell)) had += count;
    });
    return had > missing;
  }

  /**
   * Appends the updates for all clients that have the same cell and the same kept sides.
   * @returns the size in bytes of the appended updates of players in sight.
   */
  append(cell: number, kept: KeptSides): number {
    const before = this.#arena.offset;
    const updatesAt = this.#updatesAt;
    const rows = this.#grid.rowsHad(cell, kept);
    for (let row = 0; row < rows.length; row += 2) {
      const start = updatesAt[rows[row]!]!;
      const end = updatesAt[rows[row + 1]! + 1]!;
      if (start < end) this.#arena.appendSlice(start, end);
    }
    return kept === 0 ? this.#arena.offset - before : this.#grid.sumInSight(cell, updatesAt);
  }

  /**
   * Appends a copy of the body of a frame. Then appends those changes of the players nearest to `self` that the body does
   * not contain.
   * @param body the body that an earlier call of `append` wrote. `body.updates`: the size that the same call returned.
   */
  appendWithNearest(
    view: View,
    self: Entity<TrackedPlayer>,
    body: Slice & { readonly updates: number },
    headroom: number,
  ): Slice {
    const arena = this.#arena;
    const count = this.#chooseNearest(view, self);
    arena.reserve(headroom);
    const start = arena.offset;
    arena.appendSlice(body.start, body.end);
    arena.appendShortSlices(this.#slices, count);
    this.#schedule.reportOwnBytes(self.cell, headroom + arena.offset - start - body.updates);
    return { start, end: arena.offset };
  }

  /**
   * Encodes the updates of the players that are due, cell by cell. In this order, the updates of a row of cells are one
   * slice. All clients that have a due player in sight get the update of this player.
   */
  #encodeShared(): void {
    const arena = this.#arena;
    const { players, starts, dueEnds, deliveries } = this.#schedule;
    const first = arena.offset;
    let count = 0;
    for (let cell = 0; cell < dueEnds.length; cell++) {
      this.#updatesAt[cell] = arena.offset;
      for (let at = starts[cell]!; at < dueEnds[cell]!; at++, count++) {
        const { slot, player } = players[at]!;
        if (deliveries.pendingSince[slot] === 0) arena.write(this.#codec.encodeUpdate, player);
        else {
          this.#codec.fields = deliveries.pendingFields[slot]!;
          arena.write(this.#codec.encodeFields, player);
          deliveries.settle(slot);
        }
      }
    }
    this.#updatesAt[dueEnds.length] = arena.offset;
    this.#schedule.reportUpdates(count, arena.offset - first);
  }

  /** Encodes the changes of the players that wait. Only the clients near a waiting player get these changes. */
  #encodeWaiting(): void {
    const arena = this.#arena;
    const { tick, players, starts, dueEnds, deliveries } = this.#schedule;
    const { records, changedAt, pendingSince, pendingFields } = deliveries;
    records.fill(0);
    for (let cell = 0; cell < dueEnds.length; cell++) {
      for (let at = dueEnds[cell]!; at < starts[cell + 1]!; at++) {
        const { slot, player } = players[at]!;
        const record = slot * RECORD;
        records[record + PENDING] = arena.offset;
        this.#codec.fields = pendingFields[slot]!;
        arena.write(this.#codec.encodeFields, player);
        records[record + PENDING + 1] = arena.offset;
        if (changedAt[slot] !== tick) continue;
        if (pendingSince[slot] !== tick) {
          records[record + CHANGES] = arena.offset;
          arena.write(this.#codec.encodeUpdate, player);
          records[record + CHANGES + 1] = arena.offset;
        } else {
          records[record + CHANGES] = records[record + PENDING]!;
          records[record + CHANGES + 1] = records[record + PENDING + 1]!;
        }
      }
    }
  }

  /**
   * Finds the changes of `self` and of the players nearest to it, except those that the client already has or gets in the
   * body of its frame. Puts the slices of these changes into `#slices`.
   * @returns the number of entries of `#slices` in use: two per slice.
   */
  #chooseNearest(view: View, self: Entity<TrackedPlayer>): number {
    const nearest = this.#nearest;
    const { tick } = this.#schedule;
    const { records } = this.#schedule.deliveries;
    const lastRank = view.nearestAt === tick - 1 ? view.nearest : NO_RANK;
    nearest.find(self.slot, self.cell, lastRank);
    view.nearest = nearest.lastRank;
    view.nearestAt = tick;
    const { found, start: first, end: last } = nearest;
    const most = 2 * (last - first + 1);
    if (this.#slices.length < most) this.#slices = new Int32Array(2 * most);
    const slices = this.#slices;
    let count = 0;
    for (let at = first; at < last; at++) {
      const slot = found[at]!;
      // The client already has all earlier changes of a player that was also near in the last tick. So it lacks only
      // the player's changes of this tick.
      const record = slot * RECORD + (nearest.wasFound(slot, self.slot, lastRank) ? CHANGES : PENDING);
      const start = records[record]!;
      const end = records[record + 1]!;
      slices[count] = start;
      slices[count + 1] = end;
      // Adds 2 if the slice is not empty. A branch would be slower: a processor cannot predict which slices are empty.
      count += ((start - end) >>> 31) * 2;
    }
    if (nearest.hasFound(self.slot)) return count;
    const record = self.slot * RECORD + PENDING;
    slices[count] = records[record]!;
    slices[count + 1] = records[record + 1]!;
    return count + 2;
  }
}
