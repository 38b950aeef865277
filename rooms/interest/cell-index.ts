// Who is where: the players of a state by cell of the grid, and who has come, gone or crossed into another cell.
import { type Grid, NO_CELL } from "./grid.ts";

/** What the census needs of a player: where it stands, in units. */
export interface Placed {
  x: number;
  y: number;
}

/** The players of a state by session id, as much as is asked of a MapSchema here. */
export interface PlayersById<P> {
  readonly size: number;
  /** The player of a session id. */
  get(id: string): P | undefined;
  /** All of them, by session id. */
  entries(): Iterable<[string, P]>;
}

/** A player as the census knows it. */
export interface Entity<P extends Placed> {
  readonly id: string;
  readonly player: P;
  /** Its index in the map of players on the wire. No index is ever given to a second player. */
  readonly index: number;
  /** The cell it stands in; NOWHERE once it has left. */
  cell: number;
  /** The cell in which everybody was last told it stands; NOWHERE while nobody was told of it. */
  lastSentCell: number;
}

/** Keeps the players by cell. Taken once per tick, and settled when everybody has been told. */
export class CellIndex<P extends Placed> {
  readonly #grid: Grid;
  readonly #residents = new Map<string, Entity<P>>();
  readonly #members: (Set<Entity<P>> | undefined)[];
  readonly #moved = new Set<Entity<P>>();
  #nextIndex = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#members = new Array(grid.size);
  }

  /** Those whose `cell` and `toldCell` differ: who came, left or crossed into another cell since the last `settle`. */
  get moved(): ReadonlySet<Entity<P>> {
    return this.#moved;
  }

  /** The player of an id, if it was there when the census was last taken. */
  get(id: string): Entity<P> | undefined {
    return this.#residents.get(id);
  }

  /** Everybody there was when the census was last taken. */
  all(): Iterable<Entity<P>> {
    return this.#residents.values();
  }

  /** Calls `each` with everybody in the cells seen from `cell`. */
  eachInSight(cell: number, each: (resident: Entity<P>) => void): void {
    const rows = this.#grid.rowsInSight(cell);
    for (let row = 0; row < rows.length; row += 2) {
      for (let seen = rows[row]!; seen <= rows[row + 1]!; seen++) this.#members[seen]?.forEach(each);
    }
  }

  /** The same with everybody in the cells seen from `cell` and not from `other`. */
  eachOutOfSight(other: number, cell: number, each: (resident: Entity<P>) => void): void {
    const rows = this.#grid.rowsInSight(cell);
    for (let row = 0; row < rows.length; row += 2) {
      for (let seen = rows[row]!; seen <= rows[row + 1]!; seen++) {
        if (!this.#grid.sees(other, seen)) this.#members[seen]?.forEach(each);
      }
    }
  }

  /** Takes note of where each of `players` stands now. `others`: whether somebody has come or gone since the last time. */
  update(players: PlayersById<P>, others: boolean): void {
    if (others || this.#residents.size !== players.size) {
      this.#dismiss(players);
      this.#admit(players);
    }
    for (const resident of this.#residents.values()) {
      const { x, y } = resident.player;
      this.#place(resident, this.#grid.cellAt(x, y));
    }
  }

  /** Everybody has been told what `take` found. */
  commit(): void {
    for (const resident of this.#moved) resident.lastSentCell = resident.cell;
    this.#moved.clear();
  }

  #dismiss(players: PlayersById<P>): void {
    for (const resident of this.#residents.values()) {
      // Another player under the same id is another one to everybody who watches.
      if (players.get(resident.id) === resident.player) continue;
      this.#residents.delete(resident.id);
      this.#place(resident, NO_CELL);
    }
  }

  #admit(players: PlayersById<P>): void {
    if (this.#residents.size === players.size) return;
    for (const [id, player] of players.entries()) {
      if (this.#residents.has(id)) continue;
      this.#residents.set(id, { id, player, index: this.#nextIndex++, cell: NO_CELL, lastSentCell: NO_CELL });
    }
  }

  #place(resident: Entity<P>, cell: number): void {
    if (resident.cell === cell) return;
    this.#members[resident.cell]?.delete(resident);
    resident.cell = cell;
    if (cell === resident.lastSentCell) this.#moved.delete(resident);
    else this.#moved.add(resident);
    if (cell === NO_CELL) return;
    this.#members[cell] ??= new Set();
    this.#members[cell].add(resident);
  }
}
