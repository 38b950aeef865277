// Encodes the players that come into the sight of a client, and those that go out of it.
import type { Arena, Slice } from "./arena.ts";
import type { CellIndex, Entity } from "./cell-index.ts";
import { type Grid, type KeptSides, NO_CELL } from "./grid.ts";
import { ALL_FIELDS, type PlayerCodec, type TrackedPlayer } from "./player-codec.ts";
import type { View } from "./view.ts";
import type { WatchedCells } from "./watched-cells.ts";

const NO_ENTITIES: readonly Entity<TrackedPlayer>[] = [];

/** Appends the encoded adds and removes to an arena. A player that several clients get is encoded once per tick. */
export class SightEncoder {
  readonly #grid: Grid;
  readonly #arena: Arena;
  readonly #cellIndex: CellIndex<TrackedPlayer>;
  readonly #codec: PlayerCodec;
  readonly #watched: WatchedCells;
  readonly #encodedAdds = new Map<Entity<TrackedPlayer>, Slice>();
  /**
   * By cell: the players that came into sight of the cell or went out of its sight in this tick. The lists are complete
   * only for cells with clients.
   */
  readonly #sightChanges: (Entity<TrackedPlayer>[] | undefined)[];

  constructor(
    grid: Grid,
    arena: Arena,
    cellIndex: CellIndex<TrackedPlayer>,
    codec: PlayerCodec,
    watched: WatchedCells,
  ) {
    this.#grid = grid;
    this.#arena = arena;
    this.#cellIndex = cellIndex;
    this.#codec = codec;
    this.#watched = watched;
    this.#sightChanges = new Array(grid.size);
  }

  /** Begins a tick. The cell index and the watched cells must be up to date. */
  beginTick(): void {
    this.#encodedAdds.clear();
    this.#sightChanges.fill(undefined);
    for (const entity of this.#cellIndex.moved) {
      if (!this.#watched.has(entity.lastSentCell) && !this.#watched.has(entity.cell)) continue;
      this.#addSightChange(entity, entity.lastSentCell, entity.cell);
      this.#addSightChange(entity, entity.cell, entity.lastSentCell);
    }
  }

  /**
   * Encodes the adds and removes for a client. `view` records what the client was last sent. The client is now in the
   * cell `to`. `kept`: the sides on which the client keeps the players just out of sight.
   */
  encode(view: View, to: number, kept: KeptSides): void {
    if (view.inFullState) this.#encodeSinceFullState(view.inFullState, to);
    else if (view.cell !== to || view.kept !== kept) this.#encodeCrossing(view, to, kept);
    // In both cases below, the client has the same cells as before. So only a player that crossed cells can have come
    // into sight or gone out of it.
    else if (kept !== 0) for (const entity of this.#cellIndex.moved) this.#encodeSightChange(entity, view, to, kept);
    else for (const entity of this.#sightChanges[to] ?? NO_ENTITIES) this.#encodeSightChange(entity, view, to, kept);
  }

  /** Adds `entity` to the sight changes of the cells that see the cell `one` but not the cell `other`. */
  #addSightChange(entity: Entity<TrackedPlayer>, one: number, other: number): void {
    this.#grid.eachInSight(one, (cell) => {
      if (this.#grid.sees(cell, other)) return;
      const changes = this.#sightChanges[cell];
      if (changes) changes.push(entity);
      else this.#sightChanges[cell] = [entity];
    });
  }

  /** Encodes the adds and removes for a client whose last update was a full state with the players `inFullState`. */
  #encodeSinceFullState(inFullState: ReadonlySet<Entity<TrackedPlayer>>, to: number): void {
    for (const entity of inFullState) {
      if (!this.#grid.sees(to, entity.cell)) this.#encodeRemove(entity);
      // The schedule has no updates of new players, but a new player may have changed after the full state.
      else if (entity.lastSentCell === NO_CELL) this.#encodeAllFields(entity.player);
    }
    this.#cellIndex.eachInSight(to, (entity) => {
      if (!inFullState.has(entity)) this.#encodeAdd(entity);
    });
  }

  /**
   * Encodes the adds and removes for a client that crossed cells, or whose kept cells have changed. Removes the players
   * in cells that the client no longer has. Adds the players in cells that are new to the client.
   */
  #encodeCrossing(view: View, to: number, kept: KeptSides): void {
    for (const entity of this.#cellIndex.moved) this.#encodeSightChange(entity, view, to, kept);
    this.#grid.eachHad(view.cell, view.kept, (cell) => {
      if (this.#grid.has(to, kept, cell)) return;
      this.#cellIndex.eachIn(cell, (entity) => {
        if (entity.cell === entity.lastSentCell) this.#encodeRemove(entity);
      });
    });
    this.#grid.eachHad(to, kept, (cell) => {
      if (this.#grid.has(view.cell, view.kept, cell)) return;
      this.#cellIndex.eachIn(cell, (entity) => {
        if (entity.cell === entity.lastSentCell) this.#encodeAdd(entity);
      });
    });
  }

  /** Encodes a remove for a player that the client no longer has, or an add for a player that is new to the client. */
  #encodeSightChange(entity: Entity<TrackedPlayer>, view: View, to: number, kept: KeptSides): void {
    const hadPlayer = this.#grid.has(view.cell, view.kept, entity.lastSentCell);
    const hasPlayer = this.#grid.has(to, kept, entity.cell);
    if (hadPlayer && !hasPlayer) this.#encodeRemove(entity);
    else if (hasPlayer && !hadPlayer) this.#encodeAdd(entity);
  }

  #encodeAllFields(player: TrackedPlayer): void {
    this.#codec.fields = ALL_FIELDS;
    this.#arena.write(this.#codec.encodeFields, player);
  }

  #encodeRemove(entity: Entity<TrackedPlayer>): void {
    this.#arena.write(this.#codec.encodeRemove, entity);
  }

  #encodeAdd(entity: Entity<TrackedPlayer>): void {
    const encoded = this.#encodedAdds.get(entity);
    if (encoded) this.#arena.appendSlice(encoded.start, encoded.end);
    else {
      const start = this.#arena.offset;
      this.#arena.write(this.#codec.encodeAdd, entity);
      this.#encodedAdds.set(entity, { start, end: this.#arena.offset });
    }
  }
}
