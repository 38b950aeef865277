// The interface of a store of player records, and the fields of a player that it stores.
import { PERSISTED_FIELDS, type Player } from "../schema/player.ts";
import { serverError } from "./server-error.ts";

/** The key of a record: a player has one record per map. */
export interface PlayerKey {
  /** The player's id, 1 to 255 characters. */
  player: string;
  /** The map's name, 1 to 255 characters. */
  map: string;
}

/** The stored fields of a player. A record that was saved before a field existed lacks that field. */
export type PersistedFields = Pick<Player, "x" | "y"> & Partial<Pick<Player, (typeof PERSISTED_FIELDS)[number]>>;

/** The last known state of a player on a map. */
export type PlayerRecord = PlayerKey &
  PersistedFields & {
    /** The time of this state, in ms since 1970. Of two records with the same key, the store keeps the later one. */
    savedAt: number;
  };

/** A store of player records that writes asynchronously and never makes its caller wait. */
export interface PlayerStore {
  /** Returns the newest record, or undefined if there is none. Rejects while the store is unavailable. */
  load(player: string, map: string): Promise<PlayerRecord | undefined>;
  /** Queues a record. @returns false if the record was refused, for example because too many are queued. */
  put(record: PlayerRecord): boolean;
  /** Writes all queued records now. It never rejects. */
  flush(): Promise<unknown>;
}

/**
 * Returns a player's last record on a map.
 * @throws {ServerError} `storeUnavailable` while the store is unavailable.
 */
export function loadRecord(store: PlayerStore, player: string, map: string): Promise<PlayerRecord | undefined> {
  return store.load(player, map).catch(() => {
    throw serverError("storeUnavailable");
  });
}

/**
 * Copies the persisted fields of `source` to `target`. Does not copy other fields, such as fields that only an earlier
 * version persisted.
 */
export function persistedFieldsOf<Target extends object>(
  source: PersistedFields,
  target = {} as Target,
): Target & PersistedFields {
  const copy = target as Record<string, unknown>;
  for (const field of PERSISTED_FIELDS) if (source[field] !== undefined) copy[field] = source[field];
  return target as Target & PersistedFields;
}
