// The seats of a room. A seat is a player's place in the room, even while the player is not connected. The framework
// keeps the seats in private tables of reservations and of reconnection tokens.
import { type Client, type ClientState, CloseCode, type Deferred, type Room } from "colyseus";
import type { RoomSeats } from "../../rooms/room-seats.ts";
import { ERRORS } from "../../schema/errors.ts";

/** The private part of a room. */
interface PrivateRoom {
  /**
   * For each session id: the join options, the auth data, and two flags. The first flag says whether a client has
   * claimed the seat. The second flag says whether the seat is held for a client whose connection was lost.
   */
  _reservedSeats: Record<string, [unknown, unknown, boolean?, boolean?]>;
  _reservedSeatTimeouts: Record<string, NodeJS.Timeout & { _onTimeout(): void }>;
  /** The timer of an empty room. It keeps the room open until the last reserved seat has expired. */
  _autoDisposeTimeout: NodeJS.Timeout | undefined;
  _reserveSeat(
    sessionId: string,
    options: unknown,
    auth: unknown,
    seconds?: number,
    isHeld?: boolean,
    ...values: unknown[]
  ): Promise<boolean>;
  /** For each reconnection token: the session id, and the promise that resolves when the client is back. */
  _reconnections: Record<string, [sessionId: string, back: Deferred] | undefined>;
  _onLeave(client: Client, code: number): Promise<void>;
}

/** The private part of a client. */
interface PrivateClient {
  readonly sessionId: string;
  readonly reconnectionToken: string;
  readonly state: ClientState;
  /** Set when the client has acknowledged its join. */
  readonly _joinedAt?: number;
  /** The messages queued during the join. Undefined once the client has acknowledged the join. */
  _enqueuedMessages: unknown[] | undefined;
  readonly ref: {
    /** The code with which the server has closed the connection, if it has. Always undefined for a plain connection. */
    readonly ownCloseCode?: number | undefined;
    onleave(code: number): void;
    removeListener(event: "close", listener: (code: number) => void): void;
  };
}

/** A seat that is reserved for a client that has not connected yet. */
export interface ReservedSeat {
  readonly sessionId: string;
  /** The join options. */
  readonly options: unknown;
  /** The value that the room's `onAuth` has returned. */
  readonly auth: unknown;
}

/** The seats of one room: the places of its players, whether they are connected or not. */
export class Seats implements RoomSeats {
  readonly #room: Room & { readonly clients: Iterable<Client> };
  readonly #private: PrivateRoom;
  /** For each session id: the reconnection token with which the client reconnected last. */
  readonly #presented = new Map<string, string>();
  /**
   * For the earlier reconnection token of each client: the client's current token. The framework issues a new token at
   * each reconnection, but the client may miss that token. So the earlier token stays valid until the client
   * acknowledges the new connection.
   */
  readonly #successors = new Map<string, string>();

  /**
   * For each session id: the time at which the seat was reserved. May contain seats that no longer exist. The oldest
   * seat comes first.
   */
  readonly #reservedAt = new Map<string, number>();

  /** @param onReserved is called for each seat that is reserved for a new client. */
  constructor(room: Room, onReserved?: (seat: ReservedSeat) => void) {
    this.#room = room;
    this.#private = room as unknown as PrivateRoom;
    const { _reserveSeat: reserve } = this.#private;
    this.#private._reserveSeat = async (sessionId, options, auth, seconds, isHeld, ...values) => {
      this.#reservedAt.set(sessionId, performance.now());
      const isReserved = await reserve.call(room, sessionId, options, auth, seconds, isHeld, ...values);
      if (isReserved && !isHeld) onReserved?.({ sessionId, options, auth });
      return isReserved;
    };
  }

  /** Whether a seat is reserved or held for a session, or the client of the session is joining. */
  has(sessionId: string): boolean {
    return this.#private._reservedSeats[sessionId] !== undefined;
  }

  /** Reserves a seat for a session. @returns whether the room has a free seat. */
  reserve({ sessionId, options, auth }: ReservedSeat, seconds: number): Promise<boolean> {
    return this.#private._reserveSeat(sessionId, options, auth, seconds);
  }

  hold(client: Client, seconds: number): Deferred {
    const joining = client as unknown as PrivateClient;
    // A client that has acknowledged its connection knows the current token, so the earlier token becomes invalid.
    if (joining._joinedAt !== undefined) this.left(client.sessionId);
    // The framework refuses to hold a seat for a client with `_enqueuedMessages`, because such a client has not
    // acknowledged its join. After a reconnection, the seat must be held even without the acknowledgement, so the field
    // is cleared.
    else if (this.#presented.has(client.sessionId)) joining._enqueuedMessages = undefined;
    const back = this.#room.allowReconnection(client, seconds);
    // The framework forgets the timer of a seat without stopping it. `unref` lets the process end before the timer
    // fires.
    for (const timer of Object.values(this.#private._reservedSeatTimeouts)) timer.unref();
    return back;
  }

  releaseUnclaimed(): void {
    const { _reservedSeats: seats, _reservedSeatTimeouts: timeouts } = this.#private;
    for (const [sessionId, [, , isClaimed, isHeld]] of Object.entries(seats)) {
      if (isClaimed || isHeld) continue;
      delete seats[sessionId];
      clearTimeout(timeouts[sessionId]);
      delete timeouts[sessionId];
    }
    clearTimeout(this.#private._autoDisposeTimeout);
    this.#private._autoDisposeTimeout = undefined;
  }

  expireOldest(minAgeMs: number): boolean {
    const { _reservedSeats: seats, _reservedSeatTimeouts: timeouts } = this.#private;
    const before = performance.now() - minAgeMs;
    for (const [sessionId, reservedAt] of this.#reservedAt) {
      const [, , isClaimed, isHeld] = seats[sessionId] ?? [];
      const timer = timeouts[sessionId];
      if (timer && !isClaimed && !isHeld) {
        if (reservedAt > before) return false;
        // The framework expires a seat only in the callback of its timer, so the callback is called early here.
        timer._onTimeout();
        clearTimeout(timer);
        return true;
      }
      this.#reservedAt.delete(sessionId);
    }
    return false;
  }

  prepareReconnection(presented: string, sessionId?: string): string {
    const token = this.#successors.get(presented) ?? presented;
    const client = [...this.#room.clients].find((client) => client.reconnectionToken === token);
    if (client) {
      // The client knows its current token once it has acknowledged the connection. From then on, its earlier token is
      // invalid.
      const isSuperseded = token !== presented && (client as unknown as PrivateClient)._joinedAt !== undefined;
      if (isSuperseded || (sessionId !== undefined && sessionId !== client.sessionId)) return presented;
      this.#dropConnection(client);
    }
    const held = this.#private._reconnections[token];
    if (!held || (sessionId !== undefined && sessionId !== held[0])) return presented;
    this.#presented.set(held[0], presented);
    if (token !== presented) this.#alias(presented, held);
    return token;
  }

  reconnected(client: Client): void {
    const presented = this.#presented.get(client.sessionId);
    if (presented !== undefined) this.#successors.set(presented, client.reconnectionToken);
  }

  left(sessionId: string): void {
    const presented = this.#presented.get(sessionId);
    if (presented === undefined) return;
    this.#presented.delete(sessionId);
    this.#successors.delete(presented);
  }

  /**
   * Treats a connection as lost before it has closed, so that its seat is held. Closes the connection if it is still
   * open. If the server is already closing the connection, for example because of a flood, no seat is held, and the
   * client's session ends.
   *
   * The close code is `takenOver` if the client has acknowledged the connection. Otherwise the code lets the client
   * reconnect, because requests may arrive out of order. The reconnection request that causes this call may be an older
   * one, which the client gave up before it opened the dropped connection.
   */
  #dropConnection(client: Client): void {
    const { ref } = client as unknown as PrivateClient;
    ref.removeListener("close", ref.onleave);
    void this.#private._onLeave(client, ref.ownCloseCode ?? CloseCode.MAY_TRY_RECONNECT);
    const isAcknowledged = (client as unknown as PrivateClient)._joinedAt !== undefined;
    if (isAcknowledged) client.leave(ERRORS.takenOver.code, ERRORS.takenOver.message);
    else client.leave(CloseCode.MAY_TRY_RECONNECT);
  }

  /** Accepts an earlier token for a held seat, until the client is back or the seat has expired. */
  #alias(token: string, held: [string, Deferred]): void {
    const { _reconnections: reconnections } = this.#private;
    reconnections[token] = held;
    const remove = () => {
      delete reconnections[token];
    };
    held[1].then(remove, remove);
  }
}
