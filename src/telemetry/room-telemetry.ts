// Turns what happens in rooms into metrics and log lines. Lines contain no names and no tokens.
import type { Client, Deferred } from "colyseus";
import type { ObservedRoom, RoomObserver } from "../../rooms/observer.ts";
import { nameOfError, type SentError } from "../../schema/errors.ts";
import { TICK_MS } from "../../sim/rules.ts";
import { leaveReason, type Metrics } from "./metrics.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { addressOf, transportOf } from "./transports.ts";

/** Where the lines go. */
interface Logger {
  info(fields: object, message: string): void;
}

/** Is told how late each tick started, in ms. */
interface TickListener {
  tickStarted(lateMs: number): void;
}

/** Listens to all rooms of a server. */
export class RoomTelemetry implements RoomObserver {
  readonly #metrics: Metrics;
  readonly #ticks: TickListener;
  readonly #logger: Logger;
  readonly #refusals: RefusalLog;
  /** When each client joined that has not left yet, by session id. */
  readonly #present = new Map<string, number>();
  /** When the last tick of a room began. */
  readonly #lastTick = new WeakMap<ObservedRoom, number>();

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
    this.#present.set(client.sessionId, performance.now());
    this.#metrics.joined(room.state.map, client);
    const fields = { ...idsOf(room, client), player, transport: transportOf(client), address: addressOf(client) };
    this.#logger.info(fields, "joined");
  }

  refused(error: SentError, room: ObservedRoom, client: Client): void {
    this.#refused(error, { ...idsOf(room, client), address: addressOf(client) });
  }

  /** Counts and logs a refusal of a client that has no seat yet. */
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
    const over = (outcome: "returned" | "gave_up") => {
      this.#metrics.unheld(outcome);
      this.#logger.info({ ...idsOf(room, client), outcome }, "a held seat has ended");
    };
    back.then(
      () => over("returned"),
      () => over("gave_up"),
    );
  }

  left(room: ObservedRoom, client: Client, code?: number): void {
    const since = this.#present.get(client.sessionId);
    // A client that never had a body was counted as a refusal.
    if (since === undefined) return;
    this.#present.delete(client.sessionId);
    const ours = code === undefined ? undefined : nameOfError({ code, message: "" });
    const reason = leaveReason(code, ours);
    this.#metrics.left(reason);
    const seconds = Math.round((performance.now() - since) / 1000);
    this.#logger.info({ ...idsOf(room, client), reason, code, seconds }, "left");
  }

  ticked(room: ObservedRoom, begun: number, moved: number, sent: number): void {
    // The first tick of a room is on time.
    const last = this.#lastTick.get(room) ?? begun;
    this.#lastTick.set(room, begun);
    // Measured from tick to tick: after a stall several ticks follow at once, and those are not early.
    const lateMs = Math.max(0, begun - last - TICK_MS);
    this.#ticks.tickStarted(lateMs);
    this.#metrics.ticked((moved - begun) / 1000, (sent - moved) / 1000, lateMs / 1000);
  }
}

function idsOf(room: ObservedRoom, client?: Client) {
  return { room: room.roomId, map: room.state.map, session: client?.sessionId };
}
