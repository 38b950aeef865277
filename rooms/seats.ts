// The seats that a room has promised. An unclaimed one would keep a stopping room from ending, and the framework forgets to
// stop the timers of seats whose room has ended: they would keep the process alive.
import type { Room } from "colyseus";

/** The part of a room that the framework keeps to itself: there is no other way to take a seat back. */
interface Seats {
  /** By session id: options, who it is, whether it has been taken, whether it waits for a connection to come back. */
  _reservedSeats: Record<string, [unknown, unknown, boolean?, boolean?]>;
  _reservedSeatTimeouts: Record<string, NodeJS.Timeout>;
}

/** Takes back every seat that nobody has taken. Seats of dropped connections stay: the room ends those by itself. */
export function releaseUnclaimedSeats(room: Room): void {
  const { _reservedSeats: seats, _reservedSeatTimeouts: timeouts } = room as unknown as Seats;
  for (const [sessionId, [, , isTaken, isHeld]] of Object.entries(seats)) {
    if (isTaken || isHeld) continue;
    delete seats[sessionId];
    clearTimeout(timeouts[sessionId]);
    delete timeouts[sessionId];
  }
}

/** Lets the process end although a seat is reserved. The framework drops the timer of a held seat without stopping it. */
export function unrefSeatTimers(room: Room): void {
  for (const timer of Object.values((room as unknown as Seats)._reservedSeatTimeouts)) timer.unref();
}
