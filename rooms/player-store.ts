// What the room asks of a store of places, and how it keeps the places of those who are known.
import { ServerError } from "colyseus";
import { ERRORS } from "../schema/errors.ts";
import { PERSISTED_FIELDS, type Player } from "../schema/player.ts";

/** What a place is kept under: a player has one place on each map. */
export interface PlayerKey {
  /** Our id of the player, 1 to 255 characters. */
  player: string;
  /** The map's name, 1 to 255 characters. */
  map: string;
}

/** What is kept of a player. What was saved before a field came to be kept lacks that field. */
export type PersistedFields = Pick<Player, "x" | "y"> & Partial<Pick<Player, (typeof PERSISTED_FIELDS)[number]>>;

/** A player as it stood on a map. */
export type PlayerRecord = PlayerKey &
  PersistedFields & {
    /** When the player stood there: ms since 1970. Of two places with one key the later is kept, in whatever order. */
    savedAt: number;
  };

/** A store of places that makes nobody wait: what it was given is written behind the game's back. */
export interface PlayerStore {
  /** The newest place, or undefined if there is none. Rejects if the store is away, so that nobody knows. */
  load(player: string, map: string): Promise<PlayerRecord | undefined>;
  /** Takes a place. @returns whether it did. */
  put(place: PlayerRecord): boolean;
  /** Writes what waits at once, and never rejects. */
  flush(): Promise<unknown>;
}

/**
 * Where a player stood before on a map.
 * @throws {ServerError} if nobody knows, because the store is away.
 */
export function loadRecord(places: PlayerStore, player: string, map: string): Promise<PlayerRecord | undefined> {
  return places.load(player, map).catch(() => {
    throw new ServerError(ERRORS.storeAway.code, ERRORS.storeAway.sentence);
  });
}

/** Ticks from one save to the next: to compare every player at each tick costs time that a full room has not. */
const SAVE_TICKS = 4;

interface KeptPlayer {
  readonly body: Player;
  /** The place that the store was given last. */
  place: PlayerRecord;
}

/** Keeps the places of the known players of one room, by session id. */
export class PlayerAutosave {
  readonly #places: PlayerStore;
  readonly #map: string;
  readonly #kept = new Map<string, KeptPlayer>();
  #ticks = 0;

  constructor(places: PlayerStore, map: string) {
    this.#places = places;
    this.#map = map;
  }

  /** Where a player stood before on this map. Rejects as `findPlace` does. */
  load(player: string): Promise<PlayerRecord | undefined> {
    return loadRecord(this.#places, player, this.#map);
  }

  /** Keeps the place of a player from now on. `before`: what `load` gave. */
  keep(sessionId: string, player: string, body: Player, before: PlayerRecord | undefined): void {
    const place = placeOf(body, { player, map: this.#map, savedAt: before?.savedAt ?? 0 });
    this.#places.put(place);
    this.#kept.set(sessionId, { body, place });
  }

  /** To be called at each tick. At every fourth one it gives the store each place that is another one than before. */
  save(): void {
    if (this.#ticks++ % SAVE_TICKS !== 0) return;
    for (const kept of this.#kept.values()) {
      const { body, place } = kept;
      if (isSame(body, place)) continue;
      const newer = placeOf(body, place);
      if (this.#places.put(newer)) kept.place = newer;
    }
  }

  /** Keeps the place of a player no longer. Where it stands now is written at once. */
  release(sessionId: string): void {
    const kept = this.#kept.get(sessionId);
    if (!kept) return;
    this.#kept.delete(sessionId);
    this.#places.put(placeOf(kept.body, kept.place));
    void this.#places.flush();
  }
}

function placeOf(body: Player, { player, map, savedAt }: PlayerKey & { savedAt: number }): PlayerRecord {
  // Of two places the later is kept: a clock that was put back must not make the newer one the older.
  return copyKept(body, { player, map, savedAt: Math.max(Date.now(), savedAt) });
}

/** What is kept of a player, or was; and nothing that an earlier version has kept besides. */
export function persistedFieldsOf(source: PersistedFields): PersistedFields {
  return copyKept(source, {});
}

function copyKept<Target extends object>(source: PersistedFields, target: Target): Target & PersistedFields {
  const copy = target as Record<string, unknown>;
  for (const field of PERSISTED_FIELDS) if (source[field] !== undefined) copy[field] = source[field];
  return target as Target & PersistedFields;
}

/** Whether nothing of what is kept has changed. A plain loop: it runs for every known player in every tick. */
function isSame(one: PersistedFields, other: PersistedFields): boolean {
  for (const field of PERSISTED_FIELDS) if (one[field] !== other[field]) return false;
  return true;
}
