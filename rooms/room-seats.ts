// The operations of a room on the framework's seats and reconnection tokens. Both are private in the framework;
// src/sockets/seats.ts accesses them.
import type { Client, Deferred, Room } from "colyseus";

/** The seats of one room. */
export interface RoomSeats {
  /** Holds the seat of a lost connection. Resolves when the client is back, and rejects if it is not back in time. */
  hold(client: Client, seconds: number): Deferred;
  /** Takes back every seat that no client has claimed. Held seats stay: the framework ends those. */
  releaseUnclaimed(): void;
  /**
   * Prepares the seat of a reconnection token for its client. If the client's previous connection still seems to be
   * open, closes that connection and holds its seat.
   * @param sessionId the session that the token must belong to, if the client has named one.
   * @returns the current token of the seat; `token` itself if it is unknown.
   */
  prepareReconnection(token: string, sessionId?: string): string;
  /** Must be called when a client is back in its seat. */
  reconnected(client: Client): void;
  /** Must be called when a session has ended. */
  left(sessionId: string): void;
}

/** Creates the seats of a room. */
export type SeatsOf = (room: Room) => RoomSeats;
