// Saves the signed-in players of one room while they play.
import { PERSISTED_FIELDS, type Player } from "../schema/player.ts";
import {
  loadRecord,
  type PersistedFields,
  type PlayerKey,
  type PlayerRecord,
  type PlayerStore,
  persistedFieldsOf,
} from "./player-store.ts";

/** Ticks from one save to the next. In a full room, a comparison of every player in every tick would take too long. */
const SAVE_TICKS = 4;

interface SavedPlayer {
  readonly body: Player;
  /** The last record that was put into the store, or would have been. */
  record: PlayerRecord;
  /** Whether the store has accepted `record`. */
  isAccepted: boolean;
}

/** Puts a record of each signed-in player into the store whenever the player has changed. */
export class PlayerAutosave {
  readonly #store: PlayerStore;
  readonly #map: string;
  /** The players that are saved, by session id. */
  readonly #players = new Map<string, SavedPlayer>();
  #ticks = 0;

  constructor(store: PlayerStore, map: string) {
    this.#store = store;
    this.#map = map;
  }

  /** Returns a player's last record on this map; undefined for a guest, who has no id. Rejects as `loadRecord` does. */
  async load(player: string | undefined): Promise<PlayerRecord | undefined> {
    return player === undefined ? undefined : loadRecord(this.#store, player, this.#map);
  }

  /**
   * Saves a player from now on, until `release`. A guest, who has no id, is not saved.
   * @param before the record that `load` returned.
   */
  track(sessionId: string, player: string | undefined, body: Player, before: PlayerRecord | undefined): void {
    if (player === undefined) return;
    const record = recordOf(body, { player, map: this.#map, savedAt: before?.savedAt ?? 0 });
    this.#players.set(sessionId, { body, record, isAccepted: this.#store.put(record) });
  }

  /**
   * Puts the records of changed players into the store, and records that the store has refused. Called once per tick;
   * acts in every fourth tick.
   */
  save(): void {
    if (this.#ticks++ % SAVE_TICKS !== 0) return;
    for (const saved of this.#players.values()) {
      const { body, record, isAccepted } = saved;
      if (isAccepted && isSame(body, record)) continue;
      const newer = recordOf(body, record);
      if (!this.#store.put(newer)) continue;
      saved.record = newer;
      saved.isAccepted = true;
    }
  }

  /** Saves a player for the last time, and flushes the store. */
  release(sessionId: string): void {
    const saved = this.#players.get(sessionId);
    if (!saved) return;
    this.#players.delete(sessionId);
    this.#store.put(recordOf(saved.body, saved.record));
    void this.#store.flush();
  }
}

function recordOf(body: Player, { player, map, savedAt }: PlayerKey & { savedAt: number }): PlayerRecord {
  // The store keeps the later of two records. So a new record must not be earlier than the last one, even if the clock
  // was set back.
  return persistedFieldsOf(body, { player, map, savedAt: Math.max(Date.now(), savedAt) });
}

/** Whether all persisted fields are equal. Uses a plain loop, because it runs for many players. */
function isSame(one: PersistedFields, other: PersistedFields): boolean {
  for (const field of PERSISTED_FIELDS) if (one[field] !== other[field]) return false;
  return true;
}
