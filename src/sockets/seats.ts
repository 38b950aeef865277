// The seats of a room: the framework's private tables of reserved seats and of reconnection tokens.
import { type Client, type ClientState, CloseCode, type Deferred, type Room } from "colyseus";
import type { RoomSeats } from "../../rooms/room-seats.ts";
import { ERRORS } from "../../schema/errors.ts";

/** The private part of a room. */
interface PrivateRoom {
  /** By session id: options, auth, whether the seat is claimed, whether it waits for a lost client. */
  _reservedSeats: Record<string, [unknown, unknown, boolean?, boolean?]>;
  _reservedSeatTimeouts: Record<string, NodeJS.Timeout>;
  /** By reconnection token: the session, and the promise that resolves when its client is back. */
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
  /** Undefined once the join is acknowledged. */
  _enqueuedMessages: unknown[] | undefined;
  readonly ref: {
    onleave(code: number): void;
    removeListener(event: "close", listener: (code: number) => void): void;
  };
}

/** The seats of one room. */
export class Seats implements RoomSeats {
  readonly #room: Room & { readonly clients: Iterable<Client> };
  readonly #private: PrivateRoom;
  /** By session: the token that the client has presented last. */
  readonly #presented = new Map<string, string>();
  /**
   * By the earlier token of a client: its current token. The framework issues a new token at each reconnection, but the
   * client may not receive it. So the earlier token stays valid until the client acknowledges the new connection.
   */
  readonly #successors = new Map<string, string>();

  constructor(room: Room) {
    this.#room = room;
    this.#private = room as unknown as PrivateRoom;
  }

  hold(client: Client, seconds: number): Deferred {
    const joining = client as unknown as PrivateClient;
    // A client that has acknowledged its connection has the current token, so the earlier one becomes invalid.
    if (joining._joinedAt !== undefined) this.left(client.sessionId);
    // The framework refuses to hold a seat for a client that has not acknowledged its join, even after a reconnection.
    else if (this.#presented.has(client.sessionId)) joining._enqueuedMessages = undefined;
    const back = this.#room.allowReconnection(client, seconds);
    // The framework drops the timer of a seat without stopping it, so the timer must not keep the process alive.
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
  }

  prepareReconnection(presented: string, sessionId?: string): string {
    const token = this.#successors.get(presented) ?? presented;
    const client = [...this.#room.clients].find((client) => client.reconnectionToken === token);
    if (client) {
      // A successor that was acknowledged has made the earlier token invalid.
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
   * Treats a connection as lost although no close has arrived, so that its seat is held. Closes the connection with
   * `takenOver` if it is still open.
   */
  #dropConnection(client: Client): void {
    const { ref } = client as unknown as PrivateClient;
    ref.removeListener("close", ref.onleave);
    void this.#private._onLeave(client, CloseCode.MAY_TRY_RECONNECT);
    client.leave(ERRORS.takenOver.code, ERRORS.takenOver.message);
  }

  /** Lets an earlier token open a held seat, until its client is back or the seat has expired. */
  #alias(token: string, held: [string, Deferred]): void {
    const { _reconnections: reconnections } = this.#private;
    reconnections[token] = held;
    const remove = () => {
      delete reconnections[token];
    };
    held[1].then(remove, remove);
  }
}
