// What happens in rooms and at their door: each event is counted, and has one line in the log. No name, no token is in it.
import { type Client, type Deferred, matchMaker, type ServerError } from "colyseus";
import type { RoomObserver } from "../../rooms/observer.ts";
import type { WorldRoom } from "../../rooms/world-room.ts";
import { nameOfError } from "../../schema/errors.ts";
import { TICK_MS } from "../../sim/rules.ts";
import type { Admission } from "../edge/admission.ts";
import { leaveReason, type Metrics, transportOf } from "./metrics.ts";
import type { RefusalLog } from "./refusal-log.ts";

/** Who takes the lines. */
interface Logger {
  info(fields: object, message: string): void;
}

/** What somebody was told who was refused. */
type Refused = { code: number; message: string };

/** Watches all rooms of a server. */
export class RoomTelemetry implements RoomObserver {
  readonly #metrics: Metrics;
  readonly #admission: Pick<Admission, "tickStarted">;
  readonly #logger: Logger;
  readonly #refusals: RefusalLog;
  /** Whoever has joined and not left, by session id: since when. */
  readonly #present = new Map<string, number>();
  /** When the last tick of a room began. */
  readonly #lastTick = new WeakMap<WorldRoom, number>();

  /** `admission` is told how late each tick was. */
  constructor(metrics: Metrics, admission: Pick<Admission, "tickStarted">, logger: Logger, refusals: RefusalLog) {
    this.#metrics = metrics;
    this.#admission = admission;
    this.#logger = logger;
    this.#refusals = refusals;
  }

  /** From now on refusals by HTTP are noticed, those of the framework too. Once per process. */
  watchMatchmaking(): void {
    const { controller } = matchMaker;
    const invoke = controller.invokeMethod.bind(controller);
    controller.invokeMethod = (...call) =>
      invoke(...call).catch((error: ServerError) => {
        // The gate has told the framework the address: what it would find by itself anybody can make up.
        this.refusedAtDoor(error, call[3]?.ip?.toString());
        throw error;
      });
  }

  opened(room: WorldRoom): void {
    this.#metrics.opened(room);
    this.#logger.info(idsOf(room), "a room is open");
  }

  closed(room: WorldRoom): void {
    this.#metrics.closed(room);
    this.#logger.info(idsOf(room), "a room is closed");
  }

  joined(room: WorldRoom, client: Client, player?: string): void {
    this.#present.set(client.sessionId, performance.now());
    this.#metrics.joined(room.state.map, client);
    const fields = { ...idsOf(room, client), player, kind: transportOf(client), address: addressOf(client) };
    this.#logger.info(fields, "joined");
  }

  refused(error: Refused, room: WorldRoom, client: Client): void {
    this.#refused(error, { ...idsOf(room, client), address: addressOf(client) });
  }

  /** Somebody was refused who has no seat yet. */
  refusedAtDoor(error: Refused, address: string | undefined): void {
    this.#refused(error, { address });
  }

  #refused(error: Refused, fields: { address: string | undefined }): void {
    const reason = nameOfError(error);
    this.#metrics.refused(reason);
    this.#refusals.write({ ...fields, reason: reason ?? "other", code: error.code });
  }

  held(room: WorldRoom, client: Client, back: Pick<Deferred, "then">): void {
    this.#metrics.held();
    const over = (outcome: "returned" | "gave_up") => {
      this.#metrics.unheld(outcome);
      this.#logger.info({ ...idsOf(room, client), outcome }, "a seat is held no longer");
    };
    back.then(
      () => over("returned"),
      () => over("gave_up"),
    );
  }

  left(room: WorldRoom, client: Client, code?: number): void {
    const since = this.#present.get(client.sessionId);
    // Who was refused a body has not left: that was told as a refusal.
    if (since === undefined) return;
    this.#present.delete(client.sessionId);
    const ours = code === undefined ? undefined : nameOfError({ code, message: "" });
    const reason = leaveReason(code, ours);
    this.#metrics.left(reason);
    const seconds = Math.round((performance.now() - since) / 1000);
    this.#logger.info({ ...idsOf(room, client), reason, code, seconds }, "left");
  }

  ticked(room: WorldRoom, begun: number, moved: number, sent: number): void {
    // The first one of a room is punctual.
    const last = this.#lastTick.get(room) ?? begun;
    this.#lastTick.set(room, begun);
    // From tick to tick: after a stall ticks are made up for one after the other, and those are not early.
    const lateMs = Math.max(0, begun - last - TICK_MS);
    this.#admission.tickStarted(lateMs);
    this.#metrics.ticked((moved - begun) / 1000, (sent - moved) / 1000, lateMs / 1000);
  }
}

function idsOf(room: WorldRoom, client?: Client) {
  return { room: room.roomId, map: room.state.map, session: client?.sessionId };
}

/** Whom a client counts for: its socket knows, that of an SDK client and that of a plain one. */
function addressOf(client: Client): string | undefined {
  return (client.ref as unknown as { address?: string }).address;
}
