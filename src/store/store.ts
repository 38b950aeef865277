// The interface of a store of player records, for any database.
import type { PlayerKey, PlayerRecord } from "../../rooms/player-store.ts";

/**
 * Player records in a database. All methods reject with a {@link StoreError} if the database is unavailable or full.
 */
export interface Store {
  /** Returns the record of a player on a map, or undefined if there is none. */
  load(player: string, map: string): Promise<PlayerRecord | undefined>;
  /**
   * Writes records in one transaction. The keys must be distinct. A record that is older than the stored one is
   * skipped. An empty list also runs a transaction, which checks that the database is available.
   *
   * A rejected promise means that no record was written, or that all records were written and only the answer to the
   * commit was lost. A retry is safe in both cases.
   * @param epoch the epoch of the authority that saves, in a cluster.
   * @returns the number of written records.
   * @throws {StaleEpochError} if an authority with a newer epoch has saved already. Nothing is written then.
   */
  save(records: readonly PlayerRecord[], epoch?: number): Promise<number>;
  /**
   * Returns the random id of the database, the newest epoch in which an authority has saved, and the cluster's
   * REDIS_PREFIX. The first call sets the prefix.
   */
  cluster(prefix: string): Promise<{ id: string; epoch: number; prefix: string }>;
  /** Deletes a player's records on all maps. @returns the number of deleted records. */
  forget(player: string): Promise<number>;
  /** Returns all records ordered by key, in pages of `size`. Records that are saved meanwhile may be missing. */
  pages(size: number): AsyncIterable<PlayerRecord[]>;
  /**
   * Deletes the records from key `first` to key `last` that were saved before a time in ms since 1970.
   * @returns the number of deleted records.
   */
  purge(first: PlayerKey, last: PlayerKey, savedBefore: number): Promise<number>;
  /** Waits for pending queries, then closes all connections. */
  close(): Promise<void>;
}

/** Thrown if the store cannot be used. The message is one sentence for the operator and contains no password. */
export class StoreError extends Error {
  /** @param setting the variable that names the store, e.g. `DATA_DIR`. */
  constructor(setting: string, failure: string, hint: string, cause?: unknown) {
    super(`${setting}: ${failure}; ${hint}`, { cause });
    this.name = "StoreError";
  }
}

/** Thrown if a process saves player records, but is no longer the authority of its cluster. */
export class StaleEpochError extends Error {
  /** @param epoch the epoch of the process. */
  constructor(epoch: number) {
    super(`an authority with a newer epoch than ${epoch} saves the player records now`);
    this.name = "StaleEpochError";
  }
}

/**
 * Checks that every database would accept a record. A single rejected record would make its whole transaction fail,
 * and every retry too.
 * @throws {TypeError} if a field is invalid, which is a programming error. The message names the field.
 */
export function assertStorable(record: PlayerRecord): void {
  const { player, map, savedAt, ...kept } = record;
  for (const [field, key] of Object.entries({ player, map })) {
    if (key.length < 1 || key.length > MAX_KEY_CHARACTERS || key.includes("\0")) refuse(field, key);
  }
  if (!Number.isSafeInteger(savedAt)) refuse("savedAt", savedAt);
  for (const [field, value] of Object.entries(kept)) if (!isStorable(value)) refuse(field, value);
}

/** The maximum length of a player id and of a map name. PostgreSQL cannot index keys of a few kilobytes or more. */
const MAX_KEY_CHARACTERS = 255;

/** Whether a value survives a round trip through JSON. */
function isStorable(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function refuse(field: string, value: unknown): never {
  const shown = typeof value === "number" ? value : JSON.stringify(value);
  throw new TypeError(`a player record with ${field} ${shown} cannot be stored`);
}
