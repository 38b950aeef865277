// The room `world` as the process has it: who is let in, how many fit into it, how it stops.
import { defineRoom, ServerError } from "colyseus";
import { type JoinOptions, parseJoinOptions } from "./join-options.ts";
import { loadRecord } from "./player-store.ts";
import { releaseUnclaimedSeats } from "./seats.ts";
import { type RoomSettings, WorldRoom } from "./world-room.ts";

/** Judges whether the process takes one more player. */
export interface AdmissionPolicy {
  /**
   * Why a player is not let in now; undefined if it is.
   * @param isHere whether it takes over from a session of its own, and so adds nobody.
   */
  refusal(isHere: boolean): { code: number; sentence: string } | undefined;
}

/** What the server hands to the rooms. */
export interface WorldRoomSettings extends RoomSettings {
  /** The id of the player that a token names. Rejects with a ServerError, code and sentence, for a token that is no good. */
  identify: (token: string) => Promise<string>;
  /** Players in one room, seats that are held included; 0 for as many as come. */
  maxPlayers: number;
  admission: AdmissionPolicy;
}

/**
 * Defines the room. Rooms are matched by map; a player has one body in all of them.
 * It is a class of its own because the framework calls the static `onAuth` with neither class nor settings.
 */
export function defineWorldRoom({ admission, identify, maxPlayers, ...settings }: WorldRoomSettings) {
  const { maps, places, sessions } = settings;

  class DefinedRoom extends WorldRoom {
    override maxClients = maxPlayers || Number.POSITIVE_INFINITY;

    /** Checks a join before matchmaking: it is here that a join without a map becomes one for the default map. */
    static override async onAuth(token: string | undefined, options: JoinOptions) {
      const parsed = parseJoinOptions(options);
      // The framework keeps the options with the seat, and may fail on some without an answer: unknown ones go no further.
      for (const name of Object.keys(options)) delete options[name as keyof JoinOptions];
      Object.assign(options, parsed);
      const id = token ? await identify(token) : undefined;
      const refusal = admission.refusal(id !== undefined && sessions.has(id));
      if (refusal) throw new ServerError(refusal.code, refusal.sentence);
      // `true` is somebody without a token: a guest.
      if (id === undefined) return true;
      if (maps.has(parsed.map)) {
        // The place is asked for once more when the seat is taken: until then it may change. This time it is about an
        // answer by HTTP, and a seat that nobody has to give back.
        await loadRecord(places, id, parsed.map);
        await sessions.freeSeatForRejoin(id, parsed.map);
      }
      return { id };
    }

    override onBeforeShutdown() {
      releaseUnclaimedSeats(this);
      super.onBeforeShutdown();
    }

    override onDispose() {
      releaseUnclaimedSeats(this);
      return super.onDispose();
    }
  }

  return defineRoom(DefinedRoom, settings).filterBy(["map"]);
}
