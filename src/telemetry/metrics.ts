// The metrics for Prometheus. Events are counted as they happen (src/telemetry/room-telemetry.ts); everything else is
// collected when the metrics are read. docs/operating.md lists all metrics, and a test compares it with this file.
import type { Client } from "colyseus";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { isLostConnection } from "../../rooms/lost-connection.ts";
import { type ObservedRoom, SAY_OUTCOMES, type SayOutcome } from "../../rooms/observer.ts";
import { ERRORS, type ErrorName } from "../../schema/errors.ts";
import { type ClusterFigures, ClusterMetrics } from "./cluster-metrics.ts";
import { EDGE_REFUSALS, type EdgeCounters } from "./edge-counters.ts";
import { TRANSPORTS, transportOf } from "./transports.ts";

/**
 * Values of the label `reason`: errors with which the server refuses a join. Another metric counts the errors in
 * EDGE_REFUSALS.
 */
const REFUSAL_REASONS = [
  ...([
    "tokenInvalid",
    "tokenForeign",
    "unknownMap",
    "tokenExpired",
    "badJoinOption",
    "outdated",
    "busy",
    "worldFull",
    "clusterAway",
    "roomFull",
    "stopping",
    "storeUnavailable",
  ] satisfies ErrorName[]),
  "other",
];

/**
 * The reasons for which players leave; values of the label `reason`. They are the errors whose code is a close code
 * (4310 and above), and reasons of the framework and the network.
 */
const LEAVE_REASONS = [
  ...Object.entries(ERRORS).flatMap(([name, { code }]) => (code >= 4310 ? [name] : [])),
  ...["consented", "frameTooLarge", "lost", "serverShutdown", "other"],
];

/** The leave reason for each close code that is not in schema/errors.ts. */
const REASON_OF_CODE: Record<number, string> = {
  1000: "consented",
  1009: "frameTooLarge",
  4000: "consented",
};

/** A tick is late if it begins more than this many seconds after its due time. This is half the tick period. */
const LATE_SECONDS = 0.025;

/**
 * Default gauges of prom-client that are removed. Their names end in `_total`, which Prometheus reserves for counters.
 */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** The counters of the store. */
interface StoreCounters {
  /** Committed transactions that contained rows, and the number of those rows. */
  saves: number;
  rows: number;
  /** Failed saves. */
  failures: number;
  /** Rows that were not queued because the queue was full. */
  refused: number;
  /** Rows that are not committed yet, and the age of the oldest of them in ms. */
  rowsWaiting: number;
  oldestWaitingMs: number;
  lastSaveMs: number;
}

/** The objects whose values are collected each time the metrics are read. */
interface Sources {
  /** The names of the maps that rooms can have. */
  maps: readonly string[];
  store: { readonly healthy: boolean; counters(): StoreCounters };
  tokens: { readonly issued: number };
  admission: { readonly blockedReason: string | undefined; readonly delayMs: number };
  edgeCounters: EdgeCounters;
  /** Returns the state of the process in its cluster; undefined without a cluster. */
  cluster?: () => ClusterFigures | undefined;
}

/** All metrics of a server. The names follow Prometheus's rules: base units, and `_total` for counters. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: Sources;
  readonly #rooms = new Set<ObservedRoom>();
  /** The sums of the input counters of all rooms that have ended. */
  readonly #endedRooms = { received: 0, applied: 0, dropped: 0 };

  readonly #roomsOpen = this.#gauge("sabang_rooms", "Open rooms, by map.", ["map"]);
  readonly #players = this.#gauge("sabang_players", "Players in the world, including held seats, by map.", ["map"]);
  readonly #clients = this.#gauge("sabang_clients", "Connected clients in rooms, by map and transport.", [
    "map",
    "transport",
  ]);
  readonly #joins = this.#counter("sabang_joins_total", "Joins that were accepted, by map and transport.", [
    "map",
    "transport",
  ]);
  readonly #refusals = this.#counter("sabang_refusals_total", "Joins that were refused, by reason.", ["reason"]);
  readonly #edgeRefusals = this.#counter(
    "sabang_edge_refusals_total",
    "Connections, requests and frames that were refused before they reached the game, by reason.",
    ["reason"],
  );
  readonly #isOpen = this.#gauge("sabang_admission_open", "1 while new players are accepted, else 0.");
  readonly #delay = this.#gauge(
    "sabang_admission_delay_seconds",
    "The p99 tick delay of the last ten seconds. It refuses joins only if the process itself is busy.",
  );
  readonly #leaves = this.#counter("sabang_leaves_total", "Players that left for good, by reason.", ["reason"]);
  readonly #drops = this.#counter("sabang_drops_total", "Connections that were lost and whose seat was held.");
  readonly #seats = this.#gauge("sabang_seats_held", "Seats that are held for lost connections.");
  readonly #reconnections = this.#counter(
    "sabang_reconnections_total",
    "Held seats that were returned to or given up, by outcome.",
    ["outcome"],
  );

  readonly #step = this.#histogram(
    "sabang_step_duration_seconds",
    "Time to move all players, per tick and room.",
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
  );
  readonly #patch = this.#histogram(
    "sabang_patch_duration_seconds",
    "Time to encode and send all updates, per tick and room.",
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.1, 0.25],
  );
  readonly #lateness = this.#histogram(
    "sabang_tick_lateness_seconds",
    "Time from the start of a tick to the start of the next one, minus the period; 0 if shorter.",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  );
  readonly #late = this.#counter("sabang_ticks_late_total", "Ticks that began more than half a period late.");

  readonly #received = this.#counter("sabang_inputs_received_total", "Valid moves and inputs that were received.");
  readonly #applied = this.#counter("sabang_inputs_applied_total", "Moves and inputs that were applied.");
  readonly #dropped = this.#counter(
    "sabang_inputs_dropped_total",
    "Moves and inputs that were dropped because a queue was full or the player left.",
  );
  readonly #waiting = this.#gauge("sabang_inputs_waiting", "Moves and inputs that are queued.");

  readonly #says = this.#counter("sabang_says_total", "Texts and waves of players, by outcome.", ["outcome"]);

  readonly #framesReceived = this.#counter("sabang_frames_received_total", "Frames received from clients.");
  readonly #framesRefused = this.#counter("sabang_frames_refused_total", "Invalid frames; each closed its connection.");
  readonly #framesSent = this.#counter("sabang_frames_sent_total", "Frames handed to clients' sockets.");
  readonly #bytesSent = this.#counter("sabang_sent_bytes_total", "Bytes in sent frames, without WebSocket headers.");
  readonly #queue = this.#gauge("sabang_send_queue_bytes", "Bytes queued for all clients.");
  readonly #longest = this.#gauge("sabang_send_queue_max_bytes", "Bytes queued for the client with the longest queue.");

  readonly #storeUp = this.#gauge("sabang_store_up", "1 while player records can be saved, else 0.");
  readonly #saves = this.#counter("sabang_store_saves_total", "Transactions that committed player records.");
  readonly #rowsSaved = this.#counter("sabang_store_rows_saved_total", "Player records that were committed.");
  readonly #saveFailures = this.#counter("sabang_store_failures_total", "Saves that failed, including each retry.");
  readonly #rowsRefused = this.#counter(
    "sabang_store_rows_refused_total",
    "Player records that were not accepted because the queue was full.",
  );
  readonly #rowsWaiting = this.#gauge("sabang_store_rows_waiting", "Player records that are not committed yet.");
  readonly #oldest = this.#gauge(
    "sabang_store_oldest_waiting_seconds",
    "Age of the oldest player record that is not committed yet.",
  );
  readonly #lastSave = this.#gauge(
    "sabang_store_last_save_duration_seconds",
    "Duration of the last save that contained player records.",
  );
  readonly #tokens = this.#counter("sabang_tokens_issued_total", "Tokens that were signed.");

  /** The metrics of the cluster. */
  readonly cluster: ClusterMetrics;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.cluster = new ClusterMetrics(this.#registry, () => sources.cluster?.());
    // Creates all time series with the value 0. Without this value, Prometheus would not count the first event of a
    // series as an increase.
    for (const map of sources.maps) for (const transport of TRANSPORTS) this.#joins.inc({ map, transport }, 0);
    for (const reason of REFUSAL_REASONS) this.#refusals.inc({ reason }, 0);
    for (const reason of LEAVE_REASONS) this.#leaves.inc({ reason }, 0);
    for (const outcome of SAY_OUTCOMES) this.#says.inc({ outcome }, 0);
    for (const outcome of ["returned", "gave_up"]) this.#reconnections.inc({ outcome }, 0);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  opened(room: ObservedRoom): void {
    this.#rooms.add(room);
  }

  closed(room: ObservedRoom): void {
    this.#rooms.delete(room);
    const { received, applied, noop } = room.inputCounters();
    this.#endedRooms.received += received;
    this.#endedRooms.applied += applied;
    this.#endedRooms.dropped += received - applied - noop;
  }

  joined(map: string, client: Client): void {
    this.#joins.inc({ map, transport: transportOf(client) });
  }

  /** @param reason the name of an error, see schema/errors.ts. Any other value counts as "other". */
  refused(reason: string | undefined): void {
    this.#refusals.inc({ reason: boundedLabel(REFUSAL_REASONS, reason) });
  }

  left(reason: string): void {
    this.#leaves.inc({ reason: boundedLabel(LEAVE_REASONS, reason) });
  }

  held(): void {
    this.#drops.inc();
    this.#seats.inc();
  }

  /** Called when a seat is no longer held: its player returned or gave up. */
  unheld(outcome: "returned" | "gave_up"): void {
    this.#seats.dec();
    this.#reconnections.inc({ outcome });
  }

  said(outcome: SayOutcome): void {
    this.#says.inc({ outcome });
  }

  /** Called once per tick of each room. All arguments are in seconds. */
  ticked(step: number, patch: number, late: number): void {
    this.#step.observe(step);
    this.#patch.observe(patch);
    this.#lateness.observe(late);
    if (late > LATE_SECONDS) this.#late.inc();
  }

  /** Returns all metrics in Prometheus's text format. */
  async text(): Promise<string> {
    this.#collectRooms();
    this.#collectTraffic();
    this.#collectStore();
    this.#collectAdmission();
    setCounter(this.#tokens, this.#sources.tokens.issued);
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #collectRooms(): void {
    const sums = { ...this.#endedRooms, waiting: 0 };
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
      // A new authority of a cluster may apply inputs that the previous authority has received. The difference is then
      // negative.
      sums.dropped += Math.max(0, received - applied - noop - queued);
      sums.waiting += queued;
      for (const client of room.clients) this.#clients.inc({ map, transport: transportOf(client) });
    }
    setCounter(this.#received, sums.received);
    setCounter(this.#applied, sums.applied);
    setCounter(this.#dropped, sums.dropped);
    this.#waiting.set(sums.waiting);
  }

  #collectTraffic(): void {
    const { edgeCounters } = this.#sources;
    setCounter(this.#framesReceived, edgeCounters.framesIn);
    setCounter(this.#framesRefused, edgeCounters.refused.badFrame);
    setCounter(this.#framesSent, edgeCounters.framesOut);
    setCounter(this.#bytesSent, edgeCounters.bytesOut);
    let queue = 0;
    let longest = 0;
    for (const { bufferedAmount } of edgeCounters.sockets) {
      queue += bufferedAmount;
      longest = Math.max(longest, bufferedAmount);
    }
    this.#queue.set(queue);
    this.#longest.set(longest);
  }

  #collectStore(): void {
    const { store } = this.#sources;
    const counters = store.counters();
    this.#storeUp.set(store.healthy ? 1 : 0);
    setCounter(this.#saves, counters.saves);
    setCounter(this.#rowsSaved, counters.rows);
    setCounter(this.#saveFailures, counters.failures);
    setCounter(this.#rowsRefused, counters.refused);
    this.#rowsWaiting.set(counters.rowsWaiting);
    this.#oldest.set(counters.oldestWaitingMs / 1000);
    this.#lastSave.set(counters.lastSaveMs / 1000);
  }

  #collectAdmission(): void {
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

/**
 * Returns the reason for which a player left.
 * @param code the close code.
 * @param error the name of the error with that code in schema/errors.ts; undefined if no error has that code.
 */
export function leaveReason(code: number | undefined, error: string | undefined): string {
  if (isLostConnection(code)) return "lost";
  return boundedLabel(LEAVE_REASONS, error ?? REASON_OF_CODE[code!]);
}

/** Returns the value if it is known, else "other". This bounds the number of label values. */
function boundedLabel(values: readonly string[], value: string | undefined): string {
  return value !== undefined && values.includes(value) ? value : "other";
}

/** Sets a counter of prom-client to a value that other code has counted. */
function setCounter(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
