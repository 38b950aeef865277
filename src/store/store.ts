// What the server asks of a store of places, whichever database is behind it.
import type { PlayerKey, PlayerRecord } from "../../rooms/player-store.ts";

/** Places in a database. Every promise of it rejects with a {@link StoreError} when the database is away or full. */
export interface Store {
  /** The place of a player, or undefined if there is none. */
  load(player: string, map: string): Promise<PlayerRecord | undefined>;
  /**
   * Writes places in one transaction: all of them or, when it rejects, none (or all, if only the answer to the commit
   * was lost: saving again does no harm). No two of them may have one key. A place that is older than the stored one is
   * left out. An empty list is a transaction too, and thereby asks whether the database is there.
   * @returns how many were written.
   */
  save(places: readonly PlayerRecord[]): Promise<number>;
  /** Removes a player from all maps. @returns how many places there were. */
  forget(player: string): Promise<number>;
  /** Every place, `size` at a time, in the order of the keys. What is saved meanwhile may be missing. */
  pages(size: number): AsyncIterable<PlayerRecord[]>;
  /** Removes the places from key `first` to key `last` that were saved before a time (ms). @returns how many. */
  purge(first: PlayerKey, last: PlayerKey, savedBefore: number): Promise<number>;
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
export function assertPlace(place: PlayerRecord): void {
  const { player, map, savedAt, ...kept } = place;
  for (const [field, key] of Object.entries({ player, map })) {
    if (key.length < 1 || key.length > MAX_KEY_CHARACTERS || key.includes("\0")) refuse(field, key);
  }
  if (!Number.isSafeInteger(savedAt)) refuse("savedAt", savedAt);
  for (const [field, value] of Object.entries(kept)) if (!isKeepable(value)) refuse(field, value);
}

/** PostgreSQL's index refuses keys of some kilobytes. */
const MAX_KEY_CHARACTERS = 255;

/** Whether a value is the same after it has been JSON. */
function isKeepable(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function refuse(field: string, value: unknown): never {
  const shown = typeof value === "number" ? value : JSON.stringify(value);
  throw new TypeError(`a place with ${field} ${shown} cannot be stored`);
}
