// The metrics for Prometheus. Events are counted as they happen (src/telemetry/room-telemetry.ts); everything else is
// collected when the metrics are read. docs/operating.md explains each metric, and a test holds it to this file.
import type { Client } from "colyseus";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ObservedRoom } from "../../rooms/observer.ts";
import { ERRORS, type ErrorName } from "../../schema/errors.ts";
import { EDGE_REFUSALS, type EdgeCounters } from "./edge-counters.ts";
import { TRANSPORTS, transportOf } from "./transports.ts";

/** Why a join was refused. Refusals of the edge have a metric of their own. */
const REFUSAL_REASONS = [
  ...([
    "tokenInvalid",
    "tokenForeign",
    "unknownMap",
    "tokenExpired",
    "badJoinOption",
    "outdated",
    "busy",
    "stopping",
    "storeUnavailable",
  ] satisfies ErrorName[]),
  "other",
];

/** Why a player left: an error that closes the connection, or what the framework or the network did. */
const LEAVE_REASONS = [
  ...Object.entries(ERRORS).flatMap(([name, { code }]) => (code >= 4310 ? [name] : [])),
  ...["consented", "frameTooLarge", "lost", "serverShutdown", "other"],
];

/** The reason of each close code that is not in our table. */
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

/** What the store has done so far. */
interface StoreCounters {
  /** Transactions with rows, and the rows in them. */
  saves: number;
  rows: number;
  /** Saves that failed. */
  failures: number;
  /** Rows that were not accepted. */
  refused: number;
  /** Rows that are not committed yet, and for how long the oldest has waited. */
  rowsWaiting: number;
  oldestWaitingMs: number;
  lastSaveMs: number;
}

/** What is collected when the metrics are read. */
interface Sources {
  /** The names of the maps that rooms can have. */
  maps: readonly string[];
  store: { readonly healthy: boolean; counters(): StoreCounters };
  tokens: { readonly issued: number };
  admission: { readonly blockedReason: string | undefined; readonly delayMs: number };
  edgeCounters: EdgeCounters;
}

/** All metrics of a server. The names follow Prometheus's rules: base units, and `_total` for what only grows. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: Sources;
  readonly #rooms = new Set<ObservedRoom>();
  /** Of the inputs of rooms that have ended. */
  readonly #ended = { received: 0, applied: 0, dropped: 0 };

  readonly #roomsOpen = this.#gauge("sabang_rooms", "Rooms that are open, by map.", ["map"]);
  readonly #players = this.#gauge("sabang_players", "Players in the world, by map; held seats included.", ["map"]);
  readonly #clients = this.#gauge("sabang_clients", "Connected clients in rooms, by map and transport.", [
    "map",
    "transport",
  ]);
  readonly #joins = this.#counter("sabang_joins_total", "Players that got a body, by map and transport.", [
    "map",
    "transport",
  ]);
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
    for (const map of sources.maps) for (const transport of TRANSPORTS) this.#joins.inc({ map, transport }, 0);
    for (const reason of REFUSAL_REASONS) this.#refusals.inc({ reason }, 0);
    for (const reason of LEAVE_REASONS) this.#leaves.inc({ reason }, 0);
    for (const outcome of ["returned", "gave_up"]) this.#returns.inc({ outcome }, 0);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  opened(room: ObservedRoom): void {
    this.#rooms.add(room);
  }

  closed(room: ObservedRoom): void {
    this.#rooms.delete(room);
    const { received, applied, noop } = room.inputCounters();
    this.#ended.received += received;
    this.#ended.applied += applied;
    this.#ended.dropped += received - applied - noop;
  }

  joined(map: string, client: Client): void {
    this.#joins.inc({ map, transport: transportOf(client) });
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
      for (const transport of TRANSPORTS) this.#clients.set({ map, transport }, 0);
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
      for (const client of room.clients) this.#clients.inc({ map, transport: transportOf(client) });
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
    const { store } = this.#sources;
    const counters = store.counters();
    this.#storeUp.set(store.healthy ? 1 : 0);
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
    for (const reason of EDGE_REFUSALS) this.#edgeRefusals.inc({ reason }, edgeCounters.refused[reason]);
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

/** What the code means that a connection was closed with, as the reason of a leave; `ours`: its name in our table. */
export function leaveReason(code: number | undefined, ours: string | undefined): string {
  return known(LEAVE_REASONS, ours ?? REASON_OF_CODE[code ?? 1005]);
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
