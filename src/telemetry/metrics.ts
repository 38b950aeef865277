// What the server tells Prometheus. Events are counted by src/telemetry/room-telemetry.ts as they happen; what can be asked for instead is
// asked when somebody looks. docs/operating.md explains each of them, and is held to this file by a test.
import { type Client, getBearerToken } from "colyseus";
import type { Application } from "express";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { WorldRoom } from "../../rooms/world-room.ts";
import { ERRORS } from "../../schema/errors.ts";
import { isSameSecret } from "../auth/same-secret.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Admission } from "../edge/admission.ts";
import { PlainClient } from "../sockets/plain-client.ts";
import type { WriteBehind } from "../store/write-behind.ts";
import { type EdgeCounters, REFUSALS } from "./edge-counters.ts";

/** The two ways in. */
export const TRANSPORTS = ["sdk", "plain"] as const;

/** By which way a client came. */
export function transportOf(client: Client): (typeof TRANSPORTS)[number] {
  return (client as unknown) instanceof PlainClient ? "plain" : "sdk";
}

/** Why a join was refused: an error of the table that the edge leaves to the game, or something that the framework says. */
const REFUSAL_REASONS = [
  ...Object.entries(ERRORS).flatMap(([name, { code }]) => (code < 1000 && !isOfTheEdge(name) ? [name] : [])),
  "other",
];

/** Why somebody left: an error of the table, or what the framework or the network made of it. */
const LEAVE_REASONS = [
  ...Object.entries(ERRORS).flatMap(([name, { code }]) => (code >= 4310 ? [name] : [])),
  ...["consented", "frameTooLarge", "lost", "serverShutdown", "other"],
];

/** Close codes that are not of our table. */
const REASON_OF_CODE: Record<number, string> = {
  1000: "consented",
  1001: "lost",
  1005: "lost",
  1006: "lost",
  1009: "frameTooLarge",
  4000: "consented",
  4010: "lost",
};

/** A tick is late that begins more than this many seconds after its time: half a period. */
const LATE_SECONDS = 0.025;

/** Gauges of prom-client whose names end in `_total`, which is for counters alone. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** What is asked when somebody looks. */
interface Sources {
  /** The names of the maps that rooms can have. */
  maps: readonly string[];
  places: Pick<WriteBehind, "counters" | "healthy">;
  tokens: Pick<Tokens, "issued">;
  admission: Pick<Admission, "blockedReason" | "delayMs">;
  edgeCounters: EdgeCounters;
}

/** All metrics of a server. The names follow Prometheus's rules: base units, and `_total` for what only grows. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: Sources;
  readonly #rooms = new Set<WorldRoom>();
  /** Of the inputs of rooms that have ended. */
  readonly #ended = { received: 0, applied: 0, dropped: 0 };

  readonly #roomsOpen = this.#gauge("sabang_rooms", "Rooms that are open, by map.", ["map"]);
  readonly #players = this.#gauge("sabang_players", "Players in the world, by map; held seats included.", ["map"]);
  readonly #clients = this.#gauge("sabang_clients", "Connected clients in rooms, by map and kind.", ["map", "kind"]);
  readonly #joins = this.#counter("sabang_joins_total", "Players that got a body, by map and kind.", ["map", "kind"]);
  readonly #refusals = this.#counter("sabang_refusals_total", "Joins that were refused, by reason.", ["reason"]);
  readonly #edgeRefusals = this.#counter(
    "sabang_edge_refusals_total",
    "What was refused before it got to the game, by reason.",
    ["reason"],
  );
  readonly #isOpen = this.#gauge("sabang_admission_open", "1 while new players are let in, else 0.");
  readonly #delay = this.#gauge(
    "sabang_admission_delay_seconds",
    "The p99 of the ticks' delay in the last ten seconds. It refuses joins only if the process itself is busy.",
  );
  readonly #leaves = this.#counter("sabang_leaves_total", "Players that left for good, by reason.", ["reason"]);
  readonly #drops = this.#counter("sabang_drops_total", "Connections that were lost, and whose seat was held.");
  readonly #seats = this.#gauge("sabang_seats_held", "Seats that are held for lost connections.");
  readonly #returns = this.#counter("sabang_reconnections_total", "Held seats that came to an end, by outcome.", [
    "outcome",
  ]);

  readonly #step = this.#histogram(
    "sabang_step_duration_seconds",
    "How long moving everybody took, per tick and room.",
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
  );
  readonly #patch = this.#histogram(
    "sabang_patch_duration_seconds",
    "How long writing and sending took, per tick and room.",
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.1, 0.25],
  );
  readonly #lateness = this.#histogram(
    "sabang_tick_lateness_seconds",
    "How much later than a period after the one before a tick began.",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  );
  readonly #late = this.#counter("sabang_ticks_late_total", "Ticks that began more than half a period late.");

  readonly #received = this.#counter(
    "sabang_inputs_received_total",
    "Moves and inputs that arrived and were understood.",
  );
  readonly #applied = this.#counter("sabang_inputs_applied_total", "Steps that were taken.");
  readonly #dropped = this.#counter(
    "sabang_inputs_dropped_total",
    "Moves and inputs that were dropped: too many waited, or the player went.",
  );
  readonly #waiting = this.#gauge("sabang_inputs_waiting", "Moves and inputs whose turn comes yet.");

  readonly #framesReceived = this.#counter("sabang_frames_received_total", "Frames that clients have sent.");
  readonly #framesRefused = this.#counter(
    "sabang_frames_refused_total",
    "Frames that no client may send; each closed its connection.",
  );
  readonly #framesSent = this.#counter("sabang_frames_sent_total", "Frames handed to clients' sockets.");
  readonly #bytesSent = this.#counter("sabang_sent_bytes_total", "Bytes in those frames, without WebSocket headers.");
  readonly #queue = this.#gauge(
    "sabang_send_queue_bytes",
    "Bytes that wait for clients to read them, all clients together.",
  );
  readonly #longest = this.#gauge("sabang_send_queue_max_bytes", "Bytes that wait for the client for which most wait.");

  readonly #storeUp = this.#gauge("sabang_store_up", "1 while places can be saved, else 0.");
  readonly #saves = this.#counter("sabang_store_saves_total", "Transactions that committed places.");
  readonly #rowsSaved = this.#counter("sabang_store_rows_saved_total", "Places in those transactions.");
  readonly #saveFailures = this.#counter("sabang_store_failures_total", "Saves that failed, each retry counted.");
  readonly #rowsRefused = this.#counter(
    "sabang_store_rows_refused_total",
    "Places that were not accepted because too many waited.",
  );
  readonly #rowsWaiting = this.#gauge("sabang_store_rows_waiting", "Places that are not committed yet.");
  readonly #oldest = this.#gauge(
    "sabang_store_oldest_waiting_seconds",
    "Since when the place that has waited longest waits.",
  );
  readonly #lastSave = this.#gauge(
    "sabang_store_last_save_duration_seconds",
    "How long the last save with places took.",
  );
  readonly #tokens = this.#counter("sabang_tokens_issued_total", "Tokens that were signed.");

  constructor(sources: Sources) {
    this.#sources = sources;
    // From the start on each series is there, with 0: the first refusal of a kind is an increase, too.
    for (const map of sources.maps) for (const kind of TRANSPORTS) this.#joins.inc({ map, kind }, 0);
    for (const reason of REFUSAL_REASONS) this.#refusals.inc({ reason }, 0);
    for (const reason of LEAVE_REASONS) this.#leaves.inc({ reason }, 0);
    for (const outcome of ["returned", "gave_up"]) this.#returns.inc({ outcome }, 0);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  opened(room: WorldRoom): void {
    this.#rooms.add(room);
  }

  closed(room: WorldRoom): void {
    this.#rooms.delete(room);
    const { received, applied, noop } = room.inputCounters();
    this.#ended.received += received;
    this.#ended.applied += applied;
    this.#ended.dropped += received - applied - noop;
  }

  joined(map: string, client: Client): void {
    this.#joins.inc({ map, kind: transportOf(client) });
  }

  /** `reason`: the name of an error, see schema/errors.ts. Anything else counts as "other". */
  refused(reason: string | undefined): void {
    this.#refusals.inc({ reason: known(REFUSAL_REASONS, reason) });
  }

  left(reason: string): void {
    this.#leaves.inc({ reason: known(LEAVE_REASONS, reason) });
  }

  held(): void {
    this.#drops.inc();
    this.#seats.inc();
  }

  /** A held seat is one no longer. */
  unheld(outcome: "returned" | "gave_up"): void {
    this.#seats.dec();
    this.#returns.inc({ outcome });
  }

  /** A tick of a room, in seconds. */
  ticked(step: number, patch: number, late: number): void {
    this.#step.observe(step);
    this.#patch.observe(patch);
    this.#lateness.observe(late);
    if (late > LATE_SECONDS) this.#late.inc();
  }

  /** Everything, as Prometheus reads it. */
  async text(): Promise<string> {
    this.#askRooms();
    this.#askTraffic();
    this.#askStore();
    this.#askAdmission();
    set(this.#tokens, this.#sources.tokens.issued);
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #askRooms(): void {
    const sums = { ...this.#ended, waiting: 0 };
    for (const map of this.#sources.maps) {
      this.#roomsOpen.set({ map }, 0);
      this.#players.set({ map }, 0);
      for (const kind of TRANSPORTS) this.#clients.set({ map, kind }, 0);
    }
    for (const room of this.#rooms) {
      const { map, players } = room.state;
      this.#roomsOpen.inc({ map });
      this.#players.inc({ map }, players.size);
      const { received, applied, noop, queued } = room.inputCounters();
      sums.received += received;
      sums.applied += applied;
      sums.dropped += received - applied - noop - queued;
      sums.waiting += queued;
      for (const client of room.clients) this.#clients.inc({ map, kind: transportOf(client) });
    }
    set(this.#received, sums.received);
    set(this.#applied, sums.applied);
    set(this.#dropped, sums.dropped);
    this.#waiting.set(sums.waiting);
  }

  #askTraffic(): void {
    const { edgeCounters } = this.#sources;
    set(this.#framesReceived, edgeCounters.framesIn);
    set(this.#framesRefused, edgeCounters.refused.badFrame);
    set(this.#framesSent, edgeCounters.framesOut);
    set(this.#bytesSent, edgeCounters.bytesOut);
    let queue = 0;
    let longest = 0;
    for (const { bufferedAmount } of edgeCounters.sockets) {
      queue += bufferedAmount;
      longest = Math.max(longest, bufferedAmount);
    }
    this.#queue.set(queue);
    this.#longest.set(longest);
  }

  #askStore(): void {
    const { places } = this.#sources;
    const counters = places.counters();
    this.#storeUp.set(places.healthy ? 1 : 0);
    set(this.#saves, counters.saves);
    set(this.#rowsSaved, counters.rows);
    set(this.#saveFailures, counters.failures);
    set(this.#rowsRefused, counters.refused);
    this.#rowsWaiting.set(counters.rowsWaiting);
    this.#oldest.set(counters.oldestWaitingMs / 1000);
    this.#lastSave.set(counters.lastSaveMs / 1000);
  }

  #askAdmission(): void {
    const { admission, edgeCounters } = this.#sources;
    this.#isOpen.set(admission.blockedReason === undefined ? 1 : 0);
    this.#delay.set(admission.delayMs / 1000);
    this.#edgeRefusals.reset();
    for (const reason of REFUSALS) this.#edgeRefusals.inc({ reason }, edgeCounters.refused[reason]);
  }

  #counter(name: string, help: string, labelNames: string[] = []) {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: string[] = []) {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]) {
    return new Histogram({ name, help, buckets, registers: [this.#registry] });
  }
}

function isOfTheEdge(reason: string): boolean {
  return (REFUSALS as readonly string[]).includes(reason);
}

/** What the code means that a connection was closed with, as the reason of a leave; `ours`: its name in our table. */
export function leaveReason(code: number | undefined, ours: string | undefined): string {
  return known(LEAVE_REASONS, ours ?? REASON_OF_CODE[code ?? 1005]);
}

/** Puts the metrics at `/metrics`. With a token they are for who has it alone. */
export function metricsRoute(app: Application, metrics: Metrics, token: string | undefined): void {
  app.get("/metrics", async (request, response) => {
    if (token !== undefined && !isSameSecret(getBearerToken(request.headers.authorization ?? "") ?? "", token)) {
      response
        .status(401)
        .set("WWW-Authenticate", 'Bearer realm="sabang metrics"')
        .type("text")
        .send("METRICS_TOKEN\n");
      return;
    }
    const text = await metrics.text();
    response.set("Content-Type", metrics.contentType).send(text);
  });
}

/** A label has a bounded set of values, whatever comes. */
function known(values: readonly string[], value: string | undefined): string {
  return value !== undefined && values.includes(value) ? value : "other";
}

/** Brings a counter to what somebody else has counted. */
function set(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
