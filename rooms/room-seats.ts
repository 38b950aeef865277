// The operations of a room on the framework's seats and reconnection tokens. Both are private in the framework;
// src/sockets/seats.ts accesses them.
import type { Client, Deferred, Room } from "colyseus";

/** The seats of one room. */
export interface RoomSeats {
  /** Holds the seat of a lost connection. Resolves when the client is back, and rejects if it is not back in time. */
  hold(client: Client, seconds: number): Deferred;
  /**
   * Releases every reserved seat that no client has claimed, so that the room can end at once. The held seats of lost
   * connections stay, because the framework releases them itself.
   */
  releaseUnclaimed(): void;
  /**
   * Ends the oldest unclaimed reservation of a seat, if the reservation is at least `minAgeMs` milliseconds old.
   * @returns whether a reservation was ended.
   */
  expireOldest(minAgeMs: number): boolean;
  /**
   * Prepares the return of the client that presents a reconnection token. Closes the client's previous connection if it
   * still seems to be open, and holds the client's seat. Does not hold the seat if the server itself is already closing
   * that connection.
   * @param sessionId the session that the token must belong to, if the client has named one.
   * @returns the current token of the seat, because the client may present an earlier one. Returns `token` itself if it
   * leads to no seat.
   */
  prepareReconnection(token: string, sessionId?: string): string;
  /** Must be called when a client is back in its seat. */
  reconnected(client: Client): void;
  /** Must be called when a session has ended. */
  left(sessionId: string): void;
}

/** Creates the seats of a room. */
export type SeatsOf = (room: Room) => RoomSeats;
