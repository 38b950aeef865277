// The settings of a room, passed by its definition (rooms/define-world-room.ts).

import type { WorldMap } from "../sim/map.ts";
import { seededRandom } from "../sim/random.ts";
import { World } from "../sim/world.ts";
import type { GameRoomSettings } from "./game-room.ts";
import type { Sessions } from "./player-session.ts";
import type { PlayerStore } from "./player-store.ts";

/** A world with an optional `end`, which finishes its work when the room has ended. */
export type RoomWorld = World & Partial<Record<"end", () => Promise<void>>>;

/** The settings of a room. They take precedence over join options of the same name. */
export interface RoomSettings extends GameRoomSettings {
  /** All maps that can be joined, by name. */
  maps: ReadonlyMap<string, WorldMap>;
  /** Seconds for which the seat of a lost connection is held. */
  reconnectionSeconds: number;
  /** Seconds without an input after which a player is removed; 0 for never. */
  idleSeconds: number;
  /** Stores the records of signed-in players. */
  store: PlayerStore;
  /** The sessions of all rooms of the process. */
  sessions: Sessions;
  /** Creates the world of a room. By default a World without a recording; src/app.ts creates a RecordedWorld. */
  createWorld?: (map: WorldMap, seed: number, roomId: string) => RoomWorld;
  /** The seed of the world's random numbers. By default each room gets a random seed. */
  seed?: number;
}

/** Creates the world of a room from its settings. */
export function createWorld({ seed, createWorld }: RoomSettings, map: WorldMap, roomId: string): RoomWorld {
  const roomSeed = seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  return createWorld?.(map, roomSeed, roomId) ?? new World(map, seededRandom(roomSeed));
}
