// An index of a state's players by grid cell. It tracks the players that joined, left or crossed into another cell.
import { type Grid, NO_CELL } from "./grid.ts";

/** The part of a player that the index reads: its position, in units. */
export interface Positioned {
  x: number;
  y: number;
}

/** The players of a state by session id: the part of a MapSchema that interest management uses. */
export interface PlayersById<P> {
  readonly size: number;
  /** Returns the player with this session id. */
  get(id: string): P | undefined;
  /** Returns all players, by session id. */
  entries(): Iterable<[string, P]>;
}

/** The first bytes of the encoding that adds a player, and the values of the text fields in these bytes. */
interface AddHead {
  readonly bytes: Uint8Array;
  readonly texts: readonly unknown[];
}

/** A player in the index. */
export interface Entity<P extends Positioned> {
  readonly id: string;
  readonly player: P;
  /**
   * In the wire format, this index identifies the player in the map of players. It is never reused for another player.
   */
  readonly index: number;
  /** The player's current cell; NO_CELL once the player has left. */
  cell: number;
  /**
   * The player's cell at the last `commit`, as the clients know it; NO_CELL if the player was not in the state then.
   */
  lastSentCell: number;
  /**
   * A small number that no other player in the index has. A later player may get the number of a player that has left.
   */
  readonly slot: number;
  /** A cache of PlayerCodec; undefined until the codec first encodes the player. */
  addHead: AddHead | undefined;
}

/**
 * Keeps the players by cell. `update` reads the positions of the players. `commit` marks these positions as sent, once
 * per tick.
 */
export class CellIndex<P extends Positioned> {
  readonly #grid: Grid;
  readonly #entities = new Map<string, Entity<P>>();
  readonly #entitiesByCell: (Set<Entity<P>> | undefined)[];
  readonly #moved = new Set<Entity<P>>();
  #nextIndex = 0;
  #slotCount = 0;
  readonly #freeSlots: number[] = [];
  /** Slots of players that left since the last `commit`. */
  readonly #leftSlots: number[] = [];

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#entitiesByCell = new Array(grid.size);
  }

  /** The number of entities, as of the last `update`. */
  get size(): number {
    return this.#entities.size;
  }

  /** All slots are below this number. */
  get slotCount(): number {
    return this.#slotCount;
  }

  /** Entities whose `cell` and `lastSentCell` differ: they joined, left or crossed cells since the last `commit`. */
  get moved(): ReadonlySet<Entity<P>> {
    return this.#moved;
  }

  /** Returns the entity with this id, as of the last `update`. */
  get(id: string): Entity<P> | undefined {
    return this.#entities.get(id);
  }

  /** Returns all entities, as of the last `update`. */
  all(): Iterable<Entity<P>> {
    return this.#entities.values();
  }

  /** Returns the number of entities in `cell`. */
  countIn(cell: number): number {
    return this.#entitiesByCell[cell]?.size ?? 0;
  }

  /** Calls `each` with every entity in `cell`. */
  eachIn(cell: number, each: (entity: Entity<P>) => void): void {
    this.#entitiesByCell[cell]?.forEach(each);
  }

  /** Calls `each` with every entity in the cells that are visible from `cell`. */
  eachInSight(cell: number, each: (entity: Entity<P>) => void): void {
    this.#grid.eachInSight(cell, (visible) => this.#entitiesByCell[visible]?.forEach(each));
  }

  /**
   * Reads the positions of `players`.
   * @param membersChanged whether players joined or left since the last call.
   */
  update(players: PlayersById<P>, membersChanged: boolean): void {
    if (membersChanged || this.#entities.size !== players.size) {
      this.#removeMissing(players);
      this.#addNew(players);
    }
    for (const entity of this.#entities.values()) {
      const { x, y } = entity.player;
      this.#moveTo(entity, this.#grid.cellAt(x, y));
    }
  }

  /** Marks the result of the last `update` as sent to all clients. */
  commit(): void {
    for (const entity of this.#moved) entity.lastSentCell = entity.cell;
    this.#moved.clear();
    this.#freeSlots.push(...this.#leftSlots.splice(0));
  }

  #removeMissing(players: PlayersById<P>): void {
    for (const entity of this.#entities.values()) {
      // A new player object under the same id is a new entity: clients get a remove and an add.
      if (players.get(entity.id) === entity.player) continue;
      this.#entities.delete(entity.id);
      this.#leftSlots.push(entity.slot);
      this.#moveTo(entity, NO_CELL);
    }
  }

  #addNew(players: PlayersById<P>): void {
    if (this.#entities.size === players.size) return;
    for (const [id, player] of players.entries()) {
      if (this.#entities.has(id)) continue;
      this.#entities.set(id, {
        id,
        player,
        index: this.#nextIndex++,
        cell: NO_CELL,
        lastSentCell: NO_CELL,
        slot: this.#freeSlots.pop() ?? this.#slotCount++,
        addHead: undefined,
      });
    }
  }

  #moveTo(entity: Entity<P>, cell: number): void {
    if (entity.cell === cell) return;
    this.#entitiesByCell[entity.cell]?.delete(entity);
    entity.cell = cell;
    if (cell === entity.lastSentCell) this.#moved.delete(entity);
    else this.#moved.add(entity);
    if (cell === NO_CELL) return;
    this.#entitiesByCell[cell] ??= new Set();
    this.#entitiesByCell[cell].add(entity);
  }
}
