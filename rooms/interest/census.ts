// Who is where: the players of a state by cell of the grid, and who has come, gone or crossed into another cell.
import { type Grid, NOWHERE } from "./grid.ts";

/** What the census needs of a player: where it stands, in units. */
export interface Placed {
  x: number;
  y: number;
}

/** The players of a state by session id, as much as is asked of a MapSchema here. */
export interface PlayersById<P> {
  readonly size: number;
  get(id: string): P | undefined;
  entries(): Iterable<[string, P]>;
}

/** A player as the census knows it. */
export interface Resident<P extends Placed> {
  readonly id: string;
  readonly player: P;
  /** Its index in the map of players on the wire. No index is ever given to a second player. */
  readonly index: number;
  /** The cell it stands in; NOWHERE once it has left. */
  cell: number;
  /** The cell in which everybody was last told it stands; NOWHERE while nobody was told of it. */
  toldCell: number;
}

/** Keeps the players by cell. Taken once per tick, and settled when everybody has been told. */
export class Census<P extends Placed> {
  readonly #grid: Grid;
  readonly #residents = new Map<string, Resident<P>>();
  readonly #members: (Set<Resident<P>> | undefined)[];
  readonly #moved: Resident<P>[] = [];
  #nextIndex = 0;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#members = new Array(grid.size);
  }

  /** Those whose `cell` and `toldCell` differ: who came, left or crossed into another cell since the last `settle`. */
  get moved(): readonly Resident<P>[] {
    return this.#moved;
  }

  /** The player of an id, if it was there when the census was last taken. */
  get(id: string): Resident<P> | undefined {
    return this.#residents.get(id);
  }

  /** Everybody there was when the census was last taken. */
  all(): Iterable<Resident<P>> {
    return this.#residents.values();
  }

  /** Everybody in the cells seen from `cell`. */
  eachInSight(cell: number, each: (resident: Resident<P>) => void): void {
    this.#grid.eachRowInSight(cell, (first, last) => {
      for (let seen = first; seen <= last; seen++) this.#members[seen]?.forEach(each);
    });
  }

  /** Takes note of where each of `players` stands now. */
  take(players: PlayersById<P>): void {
    for (const [id, player] of players.entries()) {
      const known = this.#residents.get(id);
      if (known?.player === player) this.#place(known, this.#grid.cellAt(player.x, player.y));
      else {
        // Another player under the same id is another one to everybody who watches.
        if (known) this.#remove(known);
        this.#add(id, player);
      }
    }
    if (this.#residents.size === players.size) return;
    for (const resident of this.#residents.values()) {
      if (players.get(resident.id) !== resident.player) this.#remove(resident);
    }
  }

  /** Everybody has been told what `take` found. */
  settle(): void {
    for (const resident of this.#moved) resident.toldCell = resident.cell;
    this.#moved.length = 0;
  }

  #add(id: string, player: P): void {
    const resident = { id, player, index: this.#nextIndex++, cell: NOWHERE, toldCell: NOWHERE };
    this.#residents.set(id, resident);
    this.#place(resident, this.#grid.cellAt(player.x, player.y));
  }

  #remove(resident: Resident<P>): void {
    this.#residents.delete(resident.id);
    this.#place(resident, NOWHERE);
  }

  #place(resident: Resident<P>, cell: number): void {
    if (resident.cell === cell) return;
    if (resident.cell === resident.toldCell) this.#moved.push(resident);
    this.#members[resident.cell]?.delete(resident);
    resident.cell = cell;
    if (cell === NOWHERE) return;
    this.#members[cell] ??= new Set();
    this.#members[cell].add(resident);
  }
}
