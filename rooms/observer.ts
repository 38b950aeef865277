// The events that a room reports. Metrics and logs listen to them.
import type { Client, Deferred, ServerError } from "colyseus";
import type { ErrorName } from "../schema/errors.ts";
import type { WorldState } from "../schema/world-state.ts";

/** The possible outcomes of a text or a wave: it is sent, or refused with an error. */
export const SAY_OUTCOMES = ["sent", "badSay", "tooManySays", "muted"] as const satisfies ("sent" | ErrorName)[];

/** The outcome of a text or a wave. */
export type SayOutcome = (typeof SAY_OUTCOMES)[number];

/** A room's inputs by outcome. `received` minus the other three is the number of dropped inputs. */
export interface InputCounters {
  /** Valid `move` messages and predicted inputs that arrived. */
  received: number;
  /** Inputs that were applied. */
  applied: number;
  /** Inputs that were no-ops: the server only acknowledged them. */
  noop: number;
  /** Inputs that are still queued. */
  queued: number;
}

/** The part of a room that a listener may read. */
export interface ObservedRoom {
  readonly roomId: string;
  readonly state: Pick<WorldState, "map" | "players">;
  readonly clients: Iterable<Client>;
  /** Returns the number of inputs so far, by outcome. Iterates over all players, so do not call it in every tick. */
  inputCounters(): InputCounters;
}

/** Listens to rooms. The game loop calls these methods, so they must be fast and must not throw. */
export interface RoomObserver {
  /** Called when a room has been created. */
  opened(room: ObservedRoom): void;
  /** Called when a room has ended, after all its clients left. */
  closed(room: ObservedRoom): void;
  /** Called when a client has joined and got a body. `player`: the id of a signed-in player; undefined for a guest. */
  joined(room: ObservedRoom, client: Client, player?: string): void;
  /** Called when `onJoin` has refused a client that had a seat. */
  refused(error: ServerError, room: ObservedRoom, client: Client): void;
  /**
   * Called when a connection was lost and its seat is held. `back` resolves when the client returns, and rejects on
   * timeout.
   */
  held(room: ObservedRoom, client: Client, back: Pick<Deferred, "then">): void;
  /**
   * Called when a client is gone for good, even if it never had a body. `code`: the close code of its connection.
   */
  left(room: ObservedRoom, client: Client, code?: number): void;
  /** Called for each text or wave of a player, with its outcome: sent or refused. */
  said(outcome: SayOutcome): void;
  /**
   * Called when a tick has ended. The times are from `performance.now()`: when the tick started, when all bodies had
   * moved, and when all patches had been sent.
   */
  ticked(room: ObservedRoom, startedAt: number, movedAt: number, sentAt: number): void;
}
