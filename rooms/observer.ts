// What a room tells of itself to whoever counts and keeps the log. The room does neither.
import type { Client, Deferred, ServerError } from "colyseus";
import type { WorldRoom } from "./world-room.ts";

/** Is told what happens in rooms. All of it is called by the game's own loop: it has to be quick and must not throw. */
export interface RoomObserver {
  /** A room has been made. */
  opened(room: WorldRoom): void;
  /** A room has ended; everybody has left it. */
  closed(room: WorldRoom): void;
  /** Somebody has got a body. `player`: the id of who is known, undefined for a guest. */
  joined(room: WorldRoom, client: Client, player?: string): void;
  /** Somebody was refused who had a seat already. */
  refused(error: ServerError, room: WorldRoom, client: Client): void;
  /** A connection was lost, and its seat is held. `back` resolves when it comes back, and rejects when nobody does. */
  held(room: WorldRoom, client: Client, back: Pick<Deferred, "then">): void;
  /** A connection has ended for good, that of somebody who never got a body too. `code`: what it was closed with. */
  left(room: WorldRoom, client: Client, code?: number): void;
  /** A tick is over. When it began, when everybody had moved, and when all was sent, by `performance.now()`. */
  ticked(room: WorldRoom, begun: number, moved: number, sent: number): void;
}

/** What has become of the inputs of a room: those that are none of the last three were dropped. */
export interface InputCounters {
  /** Moves and inputs that were understood. */
  received: number;
  /** Steps that were taken. */
  applied: number;
  /** Inputs that asked for nothing, which were acknowledged. */
  noop: number;
  /** Those whose turn comes yet. */
  queued: number;
}
