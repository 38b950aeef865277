// The interface of a store of player records, for any database.
import type { PlayerKey, PlayerRecord } from "../../rooms/player-store.ts";

/** Player records in a database. All methods reject with a {@link StoreError} if it is unavailable or full. */
export interface Store {
  /** Returns the record of a player on a map, or undefined if there is none. */
  load(player: string, map: string): Promise<PlayerRecord | undefined>;
  /**
   * Writes records in one transaction. The keys must be distinct. A record that is older than the stored one is
   * skipped. An empty list is a transaction too, and so checks that the database is available.
   *
   * If it rejects, either no record was written, or all were and the answer to the commit was lost. A retry is safe.
   * @returns the number of written records.
   */
  save(records: readonly PlayerRecord[]): Promise<number>;
  /** Deletes a player's records on all maps. @returns the number of deleted records. */
  forget(player: string): Promise<number>;
  /** Returns all records by key, in pages of `size`. Records that are saved in the meantime may be missing. */
  pages(size: number): AsyncIterable<PlayerRecord[]>;
  /**
   * Deletes the records from key `first` to key `last` that were saved before a time in ms since 1970.
   * @returns the number of deleted records.
   */
  purge(first: PlayerKey, last: PlayerKey, savedBefore: number): Promise<number>;
  /** Waits for pending queries, then closes all connections. */
  close(): Promise<void>;
}

/** The store cannot be used. The message is one sentence for the operator and contains no password. */
export class StoreError extends Error {
  /** @param setting the variable that names the store, e.g. `DATA_DIR`. */
  constructor(setting: string, failure: string, hint: string, cause?: unknown) {
    super(`${setting}: ${failure}; ${hint}`, { cause });
    this.name = "StoreError";
  }
}

/**
 * Checks that every database accepts a record. A record that the database rejects would fail its whole transaction, and
 * every retry of it.
 * @throws {TypeError} if a field is invalid. The message names it. Such a record is a programming error.
 */
export function assertStorable(record: PlayerRecord): void {
  const { player, map, savedAt, ...kept } = record;
  for (const [field, key] of Object.entries({ player, map })) {
    if (key.length < 1 || key.length > MAX_KEY_CHARACTERS || key.includes("\0")) refuse(field, key);
  }
  if (!Number.isSafeInteger(savedAt)) refuse("savedAt", savedAt);
  for (const [field, value] of Object.entries(kept)) if (!isStorable(value)) refuse(field, value);
}

/** PostgreSQL cannot index keys of a few kilobytes or more. */
const MAX_KEY_CHARACTERS = 255;

/** Whether a value survives a round trip through JSON. */
function isStorable(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function refuse(field: string, value: unknown): never {
  const shown = typeof value === "number" ? value : JSON.stringify(value);
  throw new TypeError(`a player record with ${field} ${shown} cannot be stored`);
}
