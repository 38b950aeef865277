// The settings of a room, passed by its definition (rooms/define-world-room.ts).

import type { Room } from "colyseus";
import type { WorldMap } from "../sim/map.ts";
import { seededRandom } from "../sim/random.ts";
import { World } from "../sim/world.ts";
import type { GameRoomSettings } from "./game-room.ts";
import type { PlayerStore } from "./player-store.ts";
import type { ArrivalTokens } from "./portals.ts";
import { serverError } from "./server-error.ts";

/** A world. Its room calls the optional method `end` when the room has ended, for example to finish a recording. */
export type RoomWorld = World & Partial<Record<"end", () => Promise<void>>>;

/** The settings of a room. They take precedence over join options of the same name. */
export interface RoomSettings extends GameRoomSettings {
  /** All maps that can be joined, by name. */
  maps: ReadonlyMap<string, WorldMap>;
  /** Seconds for which the seat of a lost connection is held. */
  reconnectionSeconds: number;
  /** Seconds without an input after which a player is removed; 0 for never. */
  idleSeconds: number;
  /**
   * Maximum bytes per second that the server sends a client for changes in its sight; 0 for no limit, which is the
   * default.
   */
  maxBytesPerClient?: number | undefined;
  /** Stores the records of signed-in players. */
  store: PlayerStore;
  /** Signs the tokens of portals. */
  arrivals: ArrivalTokens;
  /** Creates the world of a room. The default creates an unrecorded World; src/app.ts passes another function. */
  createWorld?: (map: WorldMap, seed: number, roomId: string) => RoomWorld;
  /** Called when a room has been created. `options`: the join options with which it was created. */
  onCreated?: (room: Room, options: object) => void;
  /** The seed of the world's random numbers. By default each room gets a random seed. */
  seed?: number;
}

/**
 * Returns the map with this name.
 * @throws {ServerError} `unknownMap` if there is no such map. The message names all maps.
 */
export function mapNamed(name: string, { maps }: RoomSettings): WorldMap {
  const map = maps.get(name);
  if (map) return map;
  throw serverError("unknownMap", `There is no map with this name. Maps: ${[...maps.keys()].join(", ")}.`);
}

/** Creates the world of a room from its settings. */
export function createWorld({ seed, createWorld }: RoomSettings, map: WorldMap, roomId: string): RoomWorld {
  const roomSeed = seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  return createWorld?.(map, roomSeed, roomId) ?? new World(map, seededRandom(roomSeed));
}
