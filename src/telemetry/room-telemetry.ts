// Turns the events of rooms into metrics and log lines. The lines contain no player names and no tokens.
import type { Client, Deferred } from "colyseus";
import type { ObservedRoom, RoomObserver, SayOutcome } from "../../rooms/observer.ts";
import { nameOfError, type SentError } from "../../schema/errors.ts";
import { TICK_MS } from "../../sim/rules.ts";
import { leaveReason, type Metrics } from "./metrics.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { addressOf, transportOf } from "./transports.ts";

/** Writes the log lines. */
interface Logger {
  info(fields: object, message: string): void;
}

/** Receives the delay of each tick in ms. */
interface TickListener {
  tickStarted(lateMs: number): void;
}

/** Listens to all rooms of a server. */
export class RoomTelemetry implements RoomObserver {
  readonly #metrics: Metrics;
  readonly #ticks: TickListener;
  readonly #logger: Logger;
  readonly #refusals: RefusalLog;
  /** The join time of each client that has not left yet, by session id. */
  readonly #joinedAt = new Map<string, number>();
  /** The time at which the last tick of each room started. */
  readonly #lastTickAt = new WeakMap<ObservedRoom, number>();

  constructor(metrics: Metrics, ticks: TickListener, logger: Logger, refusals: RefusalLog) {
    this.#metrics = metrics;
    this.#ticks = ticks;
    this.#logger = logger;
    this.#refusals = refusals;
  }

  opened(room: ObservedRoom): void {
    this.#metrics.opened(room);
    this.#logger.info(idsOf(room), "room opened");
  }

  closed(room: ObservedRoom): void {
    this.#metrics.closed(room);
    this.#logger.info(idsOf(room), "room closed");
  }

  joined(room: ObservedRoom, client: Client, player?: string): void {
    this.#joinedAt.set(client.sessionId, performance.now());
    this.#metrics.joined(room.state.map, client);
    const fields = { ...idsOf(room, client), player, transport: transportOf(client), address: addressOf(client) };
    this.#logger.info(fields, "joined");
  }

  refused(error: SentError, room: ObservedRoom, client: Client): void {
    this.#refused(error, { ...idsOf(room, client), address: addressOf(client) });
  }

  /** Counts and logs a refused join of a client that has no seat in a room yet. */
  refusedAtDoor(error: SentError, address: string | undefined): void {
    this.#refused(error, { address });
  }

  #refused(error: SentError, fields: { address: string | undefined }): void {
    const reason = nameOfError(error);
    this.#metrics.refused(reason);
    this.#refusals.write({ ...fields, reason: reason ?? "other", code: error.code });
  }

  held(room: ObservedRoom, client: Client, back: Pick<Deferred, "then">): void {
    this.#metrics.held();
    const end = (outcome: "returned" | "gave_up") => {
      this.#metrics.unheld(outcome);
      this.#logger.info({ ...idsOf(room, client), outcome }, "held seat ended");
    };
    back.then(
      () => end("returned"),
      () => end("gave_up"),
    );
  }

  left(room: ObservedRoom, client: Client, code?: number): void {
    const joinedAt = this.#joinedAt.get(client.sessionId);
    // A client without a join time never entered the world. Its refusal has already been counted.
    if (joinedAt === undefined) return;
    this.#joinedAt.delete(client.sessionId);
    const error = code === undefined ? undefined : nameOfError({ code, message: "" });
    const reason = leaveReason(code, error);
    this.#metrics.left(reason);
    const seconds = Math.round((performance.now() - joinedAt) / 1000);
    this.#logger.info({ ...idsOf(room, client), reason, code, seconds }, "left");
  }

  said(outcome: SayOutcome): void {
    this.#metrics.said(outcome);
  }

  ticked(room: ObservedRoom, startedAt: number, movedAt: number, sentAt: number): void {
    // The first tick of a room has no previous tick and counts as on time.
    const lastTickAt = this.#lastTickAt.get(room) ?? startedAt;
    this.#lastTickAt.set(room, startedAt);
    // After a stall, several ticks run in quick succession. They count as on time, not as early.
    const lateMs = Math.max(0, startedAt - lastTickAt - TICK_MS);
    this.#ticks.tickStarted(lateMs);
    this.#metrics.ticked((movedAt - startedAt) / 1000, (sentAt - movedAt) / 1000, lateMs / 1000);
  }
}

function idsOf(room: ObservedRoom, client?: Client) {
  return { room: room.roomId, map: room.state.map, session: client?.sessionId };
}
