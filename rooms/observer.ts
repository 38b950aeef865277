// What a room reports. Metrics and logs listen; the room itself counts and logs nothing.
import type { Client, Deferred, ServerError } from "colyseus";
import type { WorldState } from "../schema/world-state.ts";

/** What became of a room's inputs. Inputs that are in none of the last three were dropped. */
export interface InputCounters {
  /** Valid moves and inputs. */
  received: number;
  /** Inputs that were applied. */
  applied: number;
  /** Inputs that asked for nothing and were acknowledged. */
  noop: number;
  /** Inputs that are still queued. */
  queued: number;
}

/** The part of a room that a listener may read. */
export interface ObservedRoom {
  readonly roomId: string;
  readonly state: Pick<WorldState, "map" | "players">;
  readonly clients: Iterable<Client>;
  /** Counts the queued inputs, so do not call it in every tick. */
  inputCounters(): InputCounters;
}

/** Listens to rooms. The game loop calls these methods, so they must be fast and must not throw. */
export interface RoomObserver {
  /** A room was created. */
  opened(room: ObservedRoom): void;
  /** A room ended, after all its clients left. */
  closed(room: ObservedRoom): void;
  /** A client has a body now. `player`: the id of a signed-in player; undefined for a guest. */
  joined(room: ObservedRoom, client: Client, player?: string): void;
  /** A client with a seat was refused. */
  refused(error: ServerError, room: ObservedRoom, client: Client): void;
  /** A connection was lost and its seat is held. `back` resolves when the client returns, and rejects if it does not. */
  held(room: ObservedRoom, client: Client, back: Pick<Deferred, "then">): void;
  /** A connection ended for good, with or without a body. `code`: its close code. */
  left(room: ObservedRoom, client: Client, code?: number): void;
  /** A tick ended. By `performance.now()`: when it began, when all bodies had moved, and when all patches were sent. */
  ticked(room: ObservedRoom, begun: number, moved: number, sent: number): void;
}
