// Defines the room `world` for a process: authentication, admission, capacity and shutdown.
import { defineRoom } from "colyseus";
import type { ErrorName } from "../schema/errors.ts";
import { type JoinOptions, parseJoinOptions } from "./join-options.ts";
import { loadRecord } from "./player-store.ts";
import type { RoomSettings } from "./room-settings.ts";
import { serverError } from "./server-error.ts";
import { WorldRoom } from "./world-room.ts";

/** Decides whether the process accepts one more player. */
export interface AdmissionPolicy {
  /**
   * Returns the error that refuses a player at the moment; undefined if the player may join.
   * @param isHere whether the player already has a session, so the join adds no player.
   */
  refusal(isHere: boolean): ErrorName | undefined;
}

/** The settings that the server passes to the rooms. */
export interface WorldRoomSettings extends RoomSettings {
  /** Returns the id of the player that a token names. Rejects with a ServerError if the token is invalid. */
  identify: (token: string) => Promise<string>;
  /** Players per room, including held seats; 0 for no limit. */
  maxPlayers: number;
  admission: AdmissionPolicy;
}

/**
 * Defines the room. Rooms are matched by map. A signed-in player has at most one body in all rooms together.
 * The class is created here, because the framework passes neither the class nor the settings to the static `onAuth`.
 */
export function defineWorldRoom({ admission, identify, maxPlayers, ...settings }: WorldRoomSettings) {
  const { maps, store, sessions } = settings;

  class DefinedRoom extends WorldRoom {
    override maxClients = maxPlayers || Number.POSITIVE_INFINITY;

    /** Checks a join before matchmaking, and sets the default map, by which rooms are matched. */
    static override async onAuth(token: string | undefined, options: JoinOptions) {
      const parsed = parseJoinOptions(options);
      // The framework keeps the options with the seat. Some values would make the framework fail without an answer, so
      // the parsed options replace all of them.
      for (const name of Object.keys(options)) delete options[name as keyof JoinOptions];
      Object.assign(options, parsed);
      const id = token ? await identify(token) : undefined;
      const refusal = admission.refusal(id !== undefined && sessions.has(id));
      if (refusal) throw serverError(refusal);
      // `true` is a guest.
      if (id === undefined) return true;
      if (maps.has(parsed.map)) {
        // onJoin loads the record again, because the record may change until then. A failure here is an HTTP error and
        // reserves no seat.
        await loadRecord(store, id, parsed.map);
        await sessions.freeSeatForRejoin(id, parsed.map);
      }
      return { id };
    }
  }

  return defineRoom(DefinedRoom, settings).filterBy(["map"]);
}
