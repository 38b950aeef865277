// What the server asks of a store of places, whichever database is behind it.

/** What a place is kept under: a player has one place on each map. */
export interface PlaceKey {
  /** Our id of the player, 1 to 255 characters. */
  player: string;
  /** The map's name, 1 to 255 characters. */
  map: string;
}

/** Where a player stood. */
export interface Place extends PlaceKey {
  /** World units, as in the room's state. */
  x: number;
  y: number;
  /** 1 left, 2 right, 3 up, 4 down. */
  facing: number;
  name: string;
  /** When the player stood there: ms since 1970. Of two places with one key the later is kept, in whatever order. */
  savedAt: number;
}

/** Places in a database. Every promise of it rejects with a {@link StoreError} when the database is away or full. */
export interface Store {
  /** The place of a player, or undefined if there is none. */
  load(player: string, map: string): Promise<Place | undefined>;
  /**
   * Writes places in one transaction: all of them or, when it rejects, none (or all, if only the answer to the commit
   * was lost: saving again does no harm). No two of them may have one key. A place that is older than the stored one is
   * left out. An empty list is a transaction too, and thereby asks whether the database is there.
   * @returns how many were written.
   */
  save(places: readonly Place[]): Promise<number>;
  /** Removes a player from all maps. @returns how many places there were. */
  forget(player: string): Promise<number>;
  /** Every place, `size` at a time, in the order of the keys. What is saved meanwhile may be missing. */
  pages(size: number): AsyncIterable<Place[]>;
  /** Removes the places from key `first` to key `last` that were saved before a time (ms). @returns how many. */
  purge(first: PlaceKey, last: PlaceKey, savedBefore: number): Promise<number>;
  /** Waits for what is under way and gives everything back. */
  close(): Promise<void>;
}

/** A store that cannot be used. Its message is one sentence for the operator and holds no password. */
export class StoreError extends Error {
  /** @param setting the variable that names the store, e.g. `DATA_DIR`. */
  constructor(setting: string, fault: string, mend: string, cause?: unknown) {
    super(`${setting}: ${fault}; ${mend}`, { cause });
    this.name = "StoreError";
  }
}

/**
 * Holds a place to what every database takes. One that is refused there would take the whole transaction with it, and
 * every later one that tries it again.
 * @throws {TypeError} that names the field: such a place is a fault of the program.
 */
export function assertPlace(place: Place): void {
  for (const field of ["player", "map"] as const) {
    if (place[field].length < 1 || place[field].length > MOST_KEY_CHARACTERS) refuse(place, field);
  }
  for (const field of ["player", "map", "name"] as const) if (place[field].includes("\0")) refuse(place, field);
  for (const field of ["x", "y", "savedAt"] as const) if (!Number.isSafeInteger(place[field])) refuse(place, field);
  if (!Number.isInteger(place.facing) || place.facing < 1 || place.facing > 4) refuse(place, "facing");
}

/** PostgreSQL's index refuses keys of some kilobytes. */
const MOST_KEY_CHARACTERS = 255;

function refuse(place: Place, field: keyof Place): never {
  throw new TypeError(`a place with ${field} ${JSON.stringify(place[field])} cannot be stored`);
}
