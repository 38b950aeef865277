// A seat that was given out and not taken yet would keep a room that stops from ending, for as long as it is reserved.
import type { Room } from "colyseus";

/** The part of a room that the framework keeps to itself: there is no other way to take a seat back. */
interface Seats {
  /** By session id: options, who it is, whether it has been taken, whether it waits for a connection to come back. */
  _reservedSeats: Record<string, [unknown, unknown, boolean?, boolean?]>;
  _reservedSeatTimeouts: Record<string, NodeJS.Timeout>;
}

/** Takes back every seat that nobody has taken. Seats of dropped connections stay: the room ends those by itself. */
export function giveUpUnclaimedSeats(room: Room): void {
  const { _reservedSeats: seats, _reservedSeatTimeouts: timeouts } = room as unknown as Seats;
  for (const [sessionId, [, , isTaken, isHeld]] of Object.entries(seats)) {
    if (isTaken || isHeld) continue;
    delete seats[sessionId];
    clearTimeout(timeouts[sessionId]);
    delete timeouts[sessionId];
  }
}
