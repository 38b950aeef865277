// What the room asks of a store of places, and how it keeps the places of those who are known.
import { ServerError } from "colyseus";
import type { Player } from "../schema/player.ts";
import { ERRORS } from "./errors.ts";

/** Where a player stood on a map. */
export interface Place {
  player: string;
  map: string;
  /** World units. */
  x: number;
  y: number;
  /** 1 left, 2 right, 3 up, 4 down. */
  facing: number;
  name: string;
  /** When the player stood there: ms since 1970. */
  savedAt: number;
}

/** A store of places that makes nobody wait: what it was given is written behind the game's back. */
export interface Places {
  /** The newest place, or undefined if there is none. Rejects if the store is away, so that nobody knows. */
  load(player: string, map: string): Promise<Place | undefined>;
  /** Takes a place. @returns whether it did. */
  put(place: Place): boolean;
  /** Writes what waits at once, and never rejects. */
  flush(): Promise<unknown>;
}

/**
 * Where a player stood before on a map.
 * @throws {ServerError} if nobody knows, because the store is away.
 */
export function findPlace(places: Places, player: string, map: string): Promise<Place | undefined> {
  return places.load(player, map).catch(() => {
    throw new ServerError(ERRORS.storeAway.code, ERRORS.storeAway.sentence);
  });
}

/** Ticks from one save to the next: to compare every player at each tick costs time that a full room has not. */
const SAVE_TICKS = 4;

interface Kept {
  readonly body: Player;
  /** The place that the store was given last. */
  place: Place;
}

/** Keeps the places of the known players of one room, by session id. */
export class KeptPlaces {
  readonly #places: Places;
  readonly #map: string;
  readonly #kept = new Map<string, Kept>();
  #ticks = 0;

  constructor(places: Places, map: string) {
    this.#places = places;
    this.#map = map;
  }

  /** Where a player stood before on this map. Rejects as `findPlace` does. */
  load(player: string): Promise<Place | undefined> {
    return findPlace(this.#places, player, this.#map);
  }

  /** Keeps the place of a player from now on. `before`: what `load` gave. */
  keep(sessionId: string, player: string, body: Player, before: Place | undefined): void {
    const place = placeOf(body, { player, map: this.#map, savedAt: before?.savedAt ?? 0 });
    this.#places.put(place);
    this.#kept.set(sessionId, { body, place });
  }

  /** To be called at each tick. At every fourth one it gives the store each place that is another one than before. */
  save(): void {
    if (this.#ticks++ % SAVE_TICKS !== 0) return;
    for (const kept of this.#kept.values()) {
      const { body, place } = kept;
      const { x, y, facing, name } = body;
      if (x === place.x && y === place.y && facing === place.facing && name === place.name) continue;
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

function placeOf({ x, y, facing, name }: Player, before: Pick<Place, "player" | "map" | "savedAt">): Place {
  const { player, map } = before;
  // Of two places the later is kept: a clock that was put back must not make the newer one the older.
  return { player, map, x, y, facing, name, savedAt: Math.max(Date.now(), before.savedAt) };
}
