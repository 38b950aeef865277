// What a room asks of the framework's seats and reconnection tokens, which the framework keeps to itself: src/sockets/seats.ts.
import type { Client, Deferred, Room } from "colyseus";

/** The seats of one room. */
export interface RoomSeats {
  /** Holds the seat of a lost connection. Resolves when the client is back, and rejects if it is not back in time. */
  hold(client: Client, seconds: number): Deferred;
  /** Takes back every seat that no client has claimed. Held seats stay: the framework ends those. */
  releaseUnclaimed(): void;
  /**
   * Makes the seat of a reconnection token ready for its client. If the client's last connection still seems to be open, it is
   * closed, and its seat is held.
   * @param sessionId the session that the token must belong to, if the client has named one.
   * @returns the token of that seat; the same token if it is unknown.
   */
  prepareReconnection(token: string, sessionId?: string): string;
  /** To be called when a client is back in its seat. */
  reconnected(client: Client): void;
  /** To be called when a session has ended. */
  left(sessionId: string): void;
}

/** Creates the seats of a room. */
export type SeatsOf = (room: Room) => RoomSeats;
