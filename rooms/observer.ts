// The events that a room reports. Metrics and logs listen to them.
import type { Client, Deferred, ServerError } from "colyseus";
import type { WorldState } from "../schema/world-state.ts";

/** A room's inputs by outcome. `received` minus the other three is the number of dropped inputs. */
export interface InputCounters {
  /** Valid moves and inputs. */
  received: number;
  /** Inputs that were applied. */
  applied: number;
  /** Inputs without a direction that were acknowledged. */
  noop: number;
  /** Inputs that are still queued. */
  queued: number;
}

/** The part of a room that a listener may read. */
export interface ObservedRoom {
  readonly roomId: string;
  readonly state: Pick<WorldState, "map" | "players">;
  readonly clients: Iterable<Client>;
  /** Returns the inputs so far by outcome. Iterates over all players, so do not call it in every tick. */
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
  /** `onJoin` refused a client that had a seat. */
  refused(error: ServerError, room: ObservedRoom, client: Client): void;
  /** A connection was lost and its seat is held. `back` resolves when the client returns, and rejects on timeout. */
  held(room: ObservedRoom, client: Client, back: Pick<Deferred, "then">): void;
  /** A connection ended for good, with or without a body. `code`: its close code. */
  left(room: ObservedRoom, client: Client, code?: number): void;
  /**
   * A tick ended. The times are from `performance.now()`: when the tick started, when all bodies had moved, and when
   * all patches had been sent.
   */
  ticked(room: ObservedRoom, startedAt: number, movedAt: number, sentAt: number): void;
}
