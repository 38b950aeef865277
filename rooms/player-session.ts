// The life of a player in a room, from the join to the end, as a state machine:
//
//   joining ──startPlaying──> playing ──hold──> held        joining, playing and held: `kick` leads to ending
//                                ^               │
//                                └───(returns)───┘          any state: `end` leads to ended, once the client has left
//
// A signed-in player has at most one session, and so at most one body, in all rooms of the process together.
import { setImmediate as yieldToFramework } from "node:timers/promises";
import { type Client, type ClientArray, ClientState, type Deferred } from "colyseus";
import { ERRORS, type ErrorName } from "../schema/errors.ts";
import { Invitations } from "./invitations.ts";
import { isLostConnection } from "./lost-connection.ts";
import { Mutes } from "./mutes.ts";
import { serverError } from "./server-error.ts";

/** The state of a session. `held`: the connection was lost, the seat is kept. `ending`: no body, connection closing. */
type SessionState = "joining" | "playing" | "held" | "ending" | "ended";

/** The part of a room that a session uses. */
export interface SessionRoom {
  readonly state: { readonly map: string };
  /** Whether the room is full. */
  readonly locked: boolean;
  /** The connected clients. */
  readonly clients: Pick<ClientArray, "get">;
  /** Takes the session's body out of the world at once, if it has one. */
  despawn(sessionId: string): void;
}

/** The part of a client that a session uses. `auth.id` is the id of a signed-in player. */
export interface SessionClient {
  readonly sessionId: string;
  readonly state: ClientState;
  readonly auth?: { id?: string };
}

/** The session of one client in one room. */
export class PlayerSession {
  readonly sessionId: string;
  /** The id of a signed-in player; undefined for a guest. */
  readonly playerId: string | undefined;
  readonly #room: SessionRoom;
  readonly #client: SessionClient;
  readonly #onEnd: () => void;
  #state: SessionState = "joining";
  #seat: Deferred | undefined;
  /** The promise of the property `over`. It is created when `over` is first read. */
  #over: PromiseWithResolvers<void> | undefined;

  /** @param onEnd is called once, when the session has ended. */
  constructor(room: SessionRoom, client: SessionClient, onEnd: () => void) {
    this.#room = room;
    this.#client = client;
    this.sessionId = client.sessionId;
    this.playerId = client.auth?.id;
    this.#onEnd = onEnd;
  }

  /**
   * The player's key in `Mutes` and `Invitations`. It stays the same after a reconnection, and also when a signed-in
   * player joins again.
   */
  get identity(): string {
    return this.playerId ?? this.sessionId;
  }

  /** Resolves when the session has ended. */
  get over(): Promise<void> {
    if (this.#state === "ended") return Promise.resolve();
    this.#over ??= Promise.withResolvers<void>();
    return this.#over.promise;
  }

  /** The connected client; undefined while the seat is held. */
  get client(): Client | undefined {
    return this.#room.clients.get(this.sessionId);
  }

  /** Whether the session occupies a place in a full room on this map. */
  fills(map: string): boolean {
    return this.#room.state.map === map && this.#room.locked;
  }

  /**
   * Joining → playing: the session may have a body now.
   * @throws {ServerError} `takenOver` if a newer session of the player has begun, or the client has disconnected.
   */
  startPlaying(): void {
    if (this.#state !== "joining" || this.#client.state === ClientState.LEAVING) throw serverError("takenOver");
    this.#state = "playing";
  }

  /**
   * Playing → held, if `code` is that of a lost connection. Does nothing for any other code, because the framework then
   * calls `onLeave`. Resolves when the client is back (held → playing) or its seat has expired.
   * @param reserve reserves the seat. Its promise resolves when the client is back, and rejects if the seat expires.
   */
  async hold(code: number | undefined, reserve: () => Deferred): Promise<void> {
    if (this.#state !== "playing" || !isLostConnection(code)) return;
    this.#state = "held";
    const seat = reserve();
    this.#seat = seat;
    try {
      await seat;
      if (this.#state === "held" && this.#seat === seat) this.#state = "playing";
    } catch {
      // The seat has expired or was given up. The framework calls onLeave next.
    }
  }

  /**
   * Joining, playing or held → ending: despawns the body, then closes the connection or gives up the held seat.
   * @param reason a text for the client, sent in an error frame before the connection closes.
   */
  kick(error: ErrorName, reason?: string): void {
    if (this.#state === "ending" || this.#state === "ended") return;
    const isHeld = this.#state === "held";
    this.#state = "ending";
    this.#room.despawn(this.sessionId);
    if (isHeld) return void this.#seat?.reject(false);
    const { client } = this;
    const { code, message } = ERRORS[error];
    if (reason !== undefined) client?.error(code, reason);
    client?.leave(code, message);
  }

  /** Any state → ended: the connection is gone for good. */
  end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#over?.resolve();
    this.#onEnd();
  }
}

/** All sessions of the process. */
export class Sessions {
  readonly #bySession = new Map<string, PlayerSession>();
  readonly #byPlayer = new Map<string, PlayerSession>();
  /** The sessions that have not been kicked. The connection of a kicked session may take some time to close. */
  readonly #present = new Set<PlayerSession>();
  readonly mutes = new Mutes();
  readonly #invitations = new Invitations();

  /** The number of players in all rooms, including those that are joining and those whose seat is held. */
  get size(): number {
    return this.#present.size;
  }

  /** Begins a session. The player's other session, if any, is kicked first, so a player never has two bodies. */
  begin(room: SessionRoom, client: SessionClient): PlayerSession {
    const session: PlayerSession = new PlayerSession(room, client, () => {
      this.#bySession.delete(sessionId);
      this.#present.delete(session);
      if (playerId === undefined) this.#invitations.revoke(sessionId);
      else if (this.#byPlayer.get(playerId) === session) this.#byPlayer.delete(playerId);
    });
    const { sessionId, playerId } = session;
    this.#bySession.set(sessionId, session);
    this.#present.add(session);
    if (playerId !== undefined) {
      this.#kick(this.#byPlayer.get(playerId), "takenOver");
      this.#byPlayer.set(playerId, session);
    }
    return session;
  }

  /** Returns the session with this id; undefined once it has ended. */
  get(sessionId: string): PlayerSession | undefined {
    return this.#bySession.get(sessionId);
  }

  /** Sends a player its own invitation, as the message `invite`. Friends can use it to join beside the player. */
  invite(client: Pick<Client, "sessionId" | "send">): void {
    const session = this.get(client.sessionId);
    if (session) client.send("invite", { friend: this.#invitations.issue(session.identity) });
  }

  /** Ends the invitation of a player, if there is one. */
  uninvite({ sessionId }: Pick<Client, "sessionId">): void {
    const session = this.get(sessionId);
    if (session) this.#invitations.revoke(session.identity);
  }

  /** Returns the session that an invitation leads to; undefined if the invitation has ended or its player is gone. */
  hostOf(invitation: string | undefined): PlayerSession | undefined {
    const host = invitation === undefined ? undefined : this.#invitations.hostOf(invitation);
    return host === undefined ? undefined : (this.#byPlayer.get(host) ?? this.#bySession.get(host));
  }

  /** Kicks each of these sessions. @param reason a text for the clients. */
  kick(sessionIds: Iterable<string>, error: ErrorName, reason?: string): void {
    for (const sessionId of sessionIds) this.#kick(this.#bySession.get(sessionId), error, reason);
  }

  /** Whether a signed-in player has a session. */
  has(playerId: string): boolean {
    return this.#byPlayer.has(playerId);
  }

  /** Returns the connected client of a signed-in player; undefined if there is none. */
  clientOf(playerId: string): Client | undefined {
    return this.#byPlayer.get(playerId)?.client;
  }

  /**
   * Ends a player's session if it occupies a place in a full room on this map. A player who reloads the page would
   * otherwise find the room full and get into another room.
   */
  async freeSeatForRejoin(playerId: string, map: string): Promise<void> {
    const session = this.#byPlayer.get(playerId);
    if (!session?.fills(map)) return;
    this.#kick(session, "takenOver");
    await session.over;
    // The framework unlocks the room right after the session has ended.
    await yieldToFramework();
  }

  #kick(session: PlayerSession | undefined, error: ErrorName, reason?: string): void {
    if (session === undefined) return;
    this.#present.delete(session);
    session.kick(error, reason);
  }
}
