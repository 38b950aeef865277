// The life of a player in a room, from the join to the end, as a state machine:
//
//   joining ──startPlaying──> playing ──hold──> held        joining, playing and held: `kick` leads to ending
//                                ^               │
//                                └───(returns)───┘          any state: `end` leads to ended, once the client has left
//
// A signed-in player has one session, and so one body, in all rooms of the process.
import { setImmediate as yieldToFramework } from "node:timers/promises";
import { type ClientArray, ClientState, CloseCode, type Deferred } from "colyseus";
import { ERRORS, type ErrorName } from "../schema/errors.ts";
import { serverError } from "./server-error.ts";

/** Close codes of a lost connection, whose seat is held: going away, no status, no close frame, told to retry. */
const ABNORMAL_CLOSE_CODES: ReadonlySet<number | undefined> = new Set([1001, 1005, 1006, CloseCode.MAY_TRY_RECONNECT]);

/** The state of a session. `held`: its connection was lost. `ending`: it has no body, and its connection is closing. */
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
  /** Created when `over` is first read. */
  #over: PromiseWithResolvers<void> | undefined;

  /** @param onEnd is called once, when the session has ended. */
  constructor(room: SessionRoom, client: SessionClient, onEnd: () => void) {
    this.#room = room;
    this.#client = client;
    this.sessionId = client.sessionId;
    this.playerId = client.auth?.id;
    this.#onEnd = onEnd;
  }

  /** Resolves when the session has ended. */
  get over(): Promise<void> {
    if (this.#state === "ended") return Promise.resolve();
    this.#over ??= Promise.withResolvers<void>();
    return this.#over.promise;
  }

  /** Whether the session occupies a place in a full room on this map. */
  fills(map: string): boolean {
    return this.#room.state.map === map && this.#room.locked;
  }

  /**
   * Joining → playing: the session may have a body now.
   * @throws {ServerError} `takenOver` if the player's next session has begun in the meantime, or the client has gone.
   */
  startPlaying(): void {
    if (this.#state !== "joining" || this.#client.state === ClientState.LEAVING) throw serverError("takenOver");
    this.#state = "playing";
  }

  /**
   * Playing → held, if the connection was lost; `end` follows any other close soon. Resolves when the client is back
   * (held → playing) or its seat has expired.
   * @param reserve reserves the seat. Its promise resolves when the client is back, and rejects if the seat expires.
   */
  async hold(code: number | undefined, reserve: () => Deferred): Promise<void> {
    if (this.#state !== "playing" || !ABNORMAL_CLOSE_CODES.has(code)) return;
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

  /** Joining, playing or held → ending: despawns the body, then closes the connection or gives up the held seat. */
  kick(error: ErrorName): void {
    if (this.#state === "ending" || this.#state === "ended") return;
    const isHeld = this.#state === "held";
    this.#state = "ending";
    this.#room.despawn(this.sessionId);
    if (isHeld) this.#seat?.reject(false);
    else this.#room.clients.get(this.sessionId)?.leave(ERRORS[error].code, ERRORS[error].message);
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

  /** Begins a session. The player's other session, if any, is kicked first, so a player never has two bodies. */
  begin(room: SessionRoom, client: SessionClient): PlayerSession {
    const session: PlayerSession = new PlayerSession(room, client, () => {
      this.#bySession.delete(sessionId);
      if (playerId !== undefined && this.#byPlayer.get(playerId) === session) this.#byPlayer.delete(playerId);
    });
    const { sessionId, playerId } = session;
    this.#bySession.set(sessionId, session);
    if (playerId !== undefined) {
      this.#byPlayer.get(playerId)?.kick("takenOver");
      this.#byPlayer.set(playerId, session);
    }
    return session;
  }

  /** The session with this id, until it has ended. */
  get(sessionId: string): PlayerSession | undefined {
    return this.#bySession.get(sessionId);
  }

  /** Kicks each of these sessions. */
  kick(sessionIds: Iterable<string>, error: ErrorName): void {
    for (const sessionId of sessionIds) this.#bySession.get(sessionId)?.kick(error);
  }

  /** Whether a signed-in player has a session. */
  has(playerId: string): boolean {
    return this.#byPlayer.has(playerId);
  }

  /**
   * Ends a player's session if it occupies a place in a full room on this map. Otherwise a player who reloads the page
   * would find the room full and land in another one.
   */
  async freeSeatForRejoin(playerId: string, map: string): Promise<void> {
    const session = this.#byPlayer.get(playerId);
    if (!session?.fills(map)) return;
    session.kick("takenOver");
    await session.over;
    // The framework unlocks the room right after the session has ended.
    await yieldToFramework();
  }
}
