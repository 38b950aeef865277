// Defines the room `world` for a process: authentication, admission and capacity.
import { setImmediate as yieldToFramework } from "node:timers/promises";
import { defineRoom, type Room } from "colyseus";
import type { ErrorName } from "../schema/errors.ts";
import { spotBeside } from "../sim/spot-beside.ts";
import { DEFAULT_MAP, type JoinOptions, parseJoinOptions } from "./join-options.ts";
import { loadRecord } from "./player-store.ts";
import type { Arrival } from "./portals.ts";
import { mapNamed, type RoomSettings } from "./room-settings.ts";
import { serverError } from "./server-error.ts";
import { WorldRoom } from "./world-room.ts";

/** Decides whether the process accepts one more player. */
export interface AdmissionPolicy {
  /**
   * Returns the error with which the join is refused; undefined if the player may join now.
   * @param isHere whether the player already has a session. The join then replaces that session and adds no player.
   */
  refusal(isHere: boolean): ErrorName | undefined;
}

/** The settings that the server passes to the rooms. */
export interface WorldRoomSettings extends RoomSettings {
  /** Returns the id of the player that a token names. Rejects with a ServerError if the token is invalid. */
  identify: (token: string) => Promise<string>;
  /** Maximum players per room, including held seats; 0 for no limit. */
  maxPlayers: number;
  /**
   * Whether each map has only one room. A full room then refuses further players with `worldFull`. By default they join
   * another room of the map.
   */
  oneRoomPerMap?: boolean;
  admission: AdmissionPolicy;
}

/**
 * Defines the room. Matchmaking chooses a room by its map. A signed-in player has at most one body in all rooms
 * together. The framework does not pass the settings to the static `onAuth`, so the class is created inside this
 * function, where `onAuth` can read them.
 */
export function defineWorldRoom({ admission, identify, maxPlayers, oneRoomPerMap, ...settings }: WorldRoomSettings) {
  const { arrivals, maps, store, sessions } = settings;

  const rooms = new Set<WorldRoom>();

  /** Returns the rooms of a map. */
  function roomsOf(map: string): WorldRoom[] {
    return [...rooms].filter((room) => room.state.map === map);
  }

  /**
   * Returns the room of the player that issued `invitation`. Returns undefined if the invitation has ended, or if the
   * player is in no room.
   */
  function roomOfHost(invitation: string | undefined): WorldRoom | undefined {
    const host = sessions.hostOf(invitation);
    return host && [...rooms].find((room) => room.state.players.has(host.sessionId));
  }

  /**
   * Frees a seat for another client if all `wanted` rooms are full. Frees only a reserved seat that its slow client has
   * not claimed.
   */
  async function makeWay(wanted: readonly WorldRoom[]): Promise<void> {
    if (!wanted.every((room) => room.locked) || !wanted.some((room) => room.expireSlowSeat())) return;
    // The framework unlocks the room asynchronously, right after the seat has expired.
    await yieldToFramework();
  }

  class DefinedRoom extends WorldRoom {
    override maxClients = maxPlayers || Number.POSITIVE_INFINITY;

    /**
     * Checks a join and sets its options. Matchmaking then chooses a room by the options `map` and `room`. The
     * option `room` is set only for an invited player. The value is the id of the host's room.
     */
    static override async onAuth(token: string | undefined, options: JoinOptions) {
      const { parsed, token: arrival } = parseJoinOptions(options);
      const friends = roomOfHost(parsed.friend);
      if (friends) parsed.map = friends.state.map;
      // The framework stores the options with the seat. With some values the framework fails and the client gets no
      // answer. So the parsed options replace all options that the client sent.
      for (const name of Object.keys(options)) delete options[name as keyof JoinOptions];
      Object.assign(options, parsed);
      const id = token ? await identify(token) : undefined;
      const refusal = admission.refusal(id !== undefined && sessions.has(id));
      if (refusal) throw serverError(refusal);
      // Load the record only to check that the store is available. A failure here becomes an HTTP error, and no seat
      // has been reserved yet. `onJoin` loads the record again, because the record may have changed by then.
      if (id !== undefined && maps.has(parsed.map)) await loadRecord(store, id, parsed.map);
      // Redeems the arrival token after the checks above, so that a refused join does not use up the token. Redeems it
      // before seats are freed. Freeing a seat may end a session, and a join with an invalid token must not do that.
      if (arrival !== undefined) options.arrival = arrivals.redeem(arrival, id, parsed.map);
      if (id !== undefined) await sessions.freeSeatForRejoin(id, parsed.map);
      if (friends) await makeWay([friends]);
      if (friends?.locked === false) options.room = friends.roomId;
      else {
        const wanted = roomsOf(parsed.map);
        await makeWay(wanted);
        if (oneRoomPerMap && wanted.some((room) => room.locked)) throw serverError("worldFull");
      }
      // `true` admits the client as a guest, who has no id.
      return id === undefined ? true : { id };
    }

    override onCreate(options: Parameters<WorldRoom["onCreate"]>[0]) {
      // Matchmaking tries to create a second room of the map if another join has taken the last seat after the check
      // in `onAuth`.
      if (oneRoomPerMap && roomsOf(options.map ?? DEFAULT_MAP).length > 0) throw serverError("worldFull");
      super.onCreate(options);
      this.metadata = { ...this.metadata, map: this.state.map, room: this.roomId };
      rooms.add(this);
      const chosen = Object.entries(options).filter(([name]) => !(name in settings));
      settings.onCreated?.(this as unknown as Room, Object.fromEntries(chosen));
    }

    /** Called when a player joins. A player with a friend's invitation arrives beside the friend's current position. */
    override async onJoin(client: Parameters<WorldRoom["onJoin"]>[0], options: Partial<JoinOptions> = {}) {
      const { friend } = options;
      const host = sessions.hostOf(friend);
      const isOwn = host?.playerId !== undefined && host.playerId === client.auth?.id;
      const beside = host && !isOwn ? this.#spotBeside(host.sessionId) : undefined;
      await super.onJoin(client, beside ? { arrival: beside, ...options } : options);
      if (friend !== undefined && !beside && !isOwn) this.sendErrorAfterJoin(client, "invitationEnded");
    }

    #spotBeside(sessionId: string): Arrival | undefined {
      const { map, players } = this.state;
      const body = players.get(sessionId);
      return body && { map, ...spotBeside(body, [...players.values()], mapNamed(map, settings)) };
    }

    override async onDispose() {
      rooms.delete(this);
      await super.onDispose();
    }
  }

  return defineRoom(DefinedRoom, settings).filterBy(["map", "room"]);
}
