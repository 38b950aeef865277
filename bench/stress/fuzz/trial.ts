// Runs a server with honest players, attacks it, and checks the server and the players.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { caller } from "../../harness/ipc.ts";
import type { Vitals } from "../../harness/stats-agent.ts";
import { type AttackResult, attack } from "./fuzzer.ts";
import { startTarget, type Target } from "./target.ts";
import type { WatcherReport, WatcherRequests } from "./watcher.ts";

/** The options of a trial. */
export interface TrialOptions {
  seed: number;
  /** The number of hostile frames and requests. */
  frames: number;
  /** The number of the first session; by default 0. See `Attack` in fuzzer.ts. */
  from?: number;
  environment?: Record<string, string>;
  /** Whether the machine is otherwise idle. If so, delays have a stricter limit, and resident memory is checked too. */
  atRest?: boolean;
  /** Called with progress messages. */
  tell?: (message: string) => void;
}

/** The outcome of a trial. */
export interface Outcome {
  counters: AttackResult;
  watched: WatcherReport;
  /** The duration of the attack, in seconds. */
  seconds: number;
  /**
   * The server's figures before and after the attack, each read after a garbage collection. `during` is the event loop
   * delay during the attack.
   */
  before: Vitals;
  after: Vitals;
  during: Vitals["delay"];
  descriptors: { before: number; after: number };
  /** All errors found; empty if the server withstood the attack. */
  faults: string[];
}

/**
 * Settings that turn off the limits on connections and joins. Attackers that these limits refuse would not test the
 * rest of the server.
 */
export const OPEN_DOOR = { MAX_CONNECTIONS_PER_ADDRESS: "0", MAX_JOINS_PER_MINUTE: "0", ADMISSION_MAX_DELAY_MS: "0" };

/**
 * The number of memory readings before the attack. Only the lowest reading counts, because the server gradually
 * releases memory that it used at startup.
 */
const READINGS = 8;

/**
 * The number of hostile frames in the warm-up. The warm-up precedes the attack if resident memory is checked. V8's
 * young generation grows to its full size with the first load and does not shrink. Without the warm-up, this growth
 * would look like a leak.
 */
const WARM_UP = 20_000;

/** The number that identifies the first session of the warm-up. The sessions of an attack never reach this number. */
const WARM_UP_FROM = 2 ** 30;

/**
 * The maximum growth of memory, as a share of the memory before the attack. The growth is measured after all attackers
 * have disconnected.
 */
const MAX_GROWTH = 0.1;

/**
 * Milliseconds within which connections must close and memory must be released, and milliseconds between two checks.
 */
const SETTLE_MS = 90_000;
const CHECK_MS = 500;

/** The number of honest players that are connected all the time: one that walks, and one that stands still. */
const HONEST = 2;

/** The shortest delay that counts as an error, in milliseconds: on an idle machine, and on a busy one. */
const BLOCKED_MS = 200;
const BLOCKED_BUSY_MS = 2000;

/** Starts a server, attacks it, checks it and stops it. */
export async function trial(options: TrialOptions): Promise<Outcome> {
  const { tell = () => {}, environment } = options;
  const target = await startTarget(environment);
  const watcher = fork(fileURLToPath(new URL("watcher.ts", import.meta.url)), {
    execArgv: [],
    stdio: ["ignore", 2, 2, "ipc"],
  });
  try {
    const ask = caller<WatcherRequests>(watcher, tell);
    await ask("start", { port: target.port });
    const { seed, frames, from } = options;
    const warmUp: string[] = [];
    if (options.atRest) {
      tell(`warming up with ${WARM_UP} frames`);
      const { faults } = await attack({ port: target.port, seed, frames: WARM_UP, from: WARM_UP_FROM });
      warmUp.push(...faults);
      await settled(target, () => true);
    }
    const before = await readingAtRest(target);
    warmUp.push(...(await ask("report", null)).faults);
    const openBefore = target.descriptors();

    tell(`attacking with seed ${seed}`);
    const startedAt = performance.now();
    let reportedAt = startedAt;
    const counters = await attack({
      port: target.port,
      seed,
      frames,
      ...(from !== undefined && { from }),
      progress: (done) => {
        if (performance.now() - reportedAt > 5000) {
          reportedAt = performance.now();
          tell(`${done} of ${frames} frames`);
        }
        return target.end() === undefined;
      },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    if (target.end() !== undefined)
      throw new Error(
        `seed ${seed}: the server did not survive; it exited after about ${counters.sessions} sessions: ${target.end()}`,
      );
    const during = (await target.vitals()).delay;
    const watched = await ask("report", null);
    tell("waiting until all attackers have gone and memory is released");
    const after = await settled(target, (vitals) => memory(vitals) <= memory(before) * (1 + MAX_GROWTH));
    const outcome = {
      counters,
      watched,
      seconds,
      before,
      after,
      during,
      descriptors: { before: openBefore, after: target.descriptors() },
    };
    const later = await ask("report", null);
    return { ...outcome, faults: [...warmUp, ...faultsOf(outcome, later, target, options.atRest ?? false)] };
  } finally {
    const ended = once(watcher, "exit");
    watcher.kill("SIGKILL");
    await Promise.all([ended, target.stop()]);
  }
}

/** Returns the memory in use, in bytes: the heap, and buffers outside it. */
function memory({ heap, external }: Vitals): number {
  return heap + external;
}

/** Returns the server's figures before the attack: the reading with the lowest memory. */
async function readingAtRest(target: Target): Promise<Vitals> {
  let least = await target.vitals("collect");
  for (let reading = 1; reading < READINGS; reading++) {
    await wait(CHECK_MS);
    const vitals = await target.vitals("collect");
    if (memory(vitals) < memory(least)) least = vitals;
  }
  return least;
}

/**
 * Waits until only honest players are connected and `enough` returns true, or until the timeout. Returns the server's
 * last figures.
 */
async function settled(target: Target, enough: (vitals: Vitals) => boolean): Promise<Vitals> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    // One more connection is tolerated, because a new honest player joins every few seconds and leaves at once.
    const isEmpty = (await target.players()) <= HONEST + 1;
    const vitals = await target.vitals("collect");
    if ((isEmpty && enough(vitals)) || performance.now() > end) return vitals;
    await wait(CHECK_MS);
  }
}

function faultsOf(outcome: Omit<Outcome, "faults">, later: WatcherReport, target: Target, isAtRest: boolean): string[] {
  const { counters, watched, before, after, during } = outcome;
  const delays = {
    "event loop": during.max,
    "/healthz": watched.health.max,
    "an honest move": watched.moves.max,
    "an honest join": watched.joins.max,
  };
  const blockedMs = isAtRest ? BLOCKED_MS : BLOCKED_BUSY_MS;
  const grown = (what: string, bytesBefore: number, bytesAfter: number) =>
    bytesAfter <= bytesBefore * (1 + MAX_GROWTH)
      ? []
      : [`${what} grew from ${(bytesBefore / 1e6).toFixed(1)} to ${(bytesAfter / 1e6).toFixed(1)} MB`];
  return [
    ...counters.faults,
    ...watched.faults,
    ...later.faults,
    ...groupSimilar(target.faults()),
    ...(target.end() === undefined ? [] : [target.end()!]),
    ...Object.entries(delays).flatMap(([what, ms]) => (ms < blockedMs ? [] : [`${what} took ${ms.toFixed(0)} ms`])),
    ...(watched.moves.count > 0 && watched.health.count > 0 ? [] : ["no move or no /healthz response was measured"]),
    ...grown("memory", memory(before), memory(after)),
    ...(isAtRest ? grown("resident memory", before.resident, after.resident) : []),
  ];
}

/** Groups similar log lines. Returns one text per group: the number of lines and the first of them. */
function groupSimilar(lines: string[]): string[] {
  const groups = new Map<string, { first: string; count: number }>();
  for (const line of lines) {
    // Lines that differ only in numbers and quoted strings are similar.
    const kind = line
      .replace(/"(time|pid)":\d+/g, "")
      .replace(/\d+|\\".*?\\"/g, "")
      .slice(0, 160);
    const group = groups.get(kind);
    if (group) group.count++;
    else groups.set(kind, { first: line, count: 1 });
  }
  return [...groups.values()].map(({ first, count }) => `${count} x in the log: ${first.slice(0, 700)}`);
}

/** Returns the outcome as Markdown. */
export function report({ counters, watched, seconds, before, after, during, descriptors, faults }: Outcome): string {
  const ms = (value: number) => value.toFixed(1);
  const mb = (value: number) => (value / 1e6).toFixed(1);
  const rows = [
    ["sessions", counters.sessions],
    ["hostile frames and requests", counters.frames],
    ["seconds", seconds.toFixed(1)],
    ["event loop delay p50 / p99 / max, ms", `${ms(during.p50)} / ${ms(during.p99)} / ${ms(during.max)}`],
    ["/healthz p99 / max, ms", `${ms(watched.health.p99)} / ${ms(watched.health.max)}`],
    [
      "honest move p50 / p99 / max, ms",
      `${ms(watched.moves.p50)} / ${ms(watched.moves.p99)} / ${ms(watched.moves.max)}`,
    ],
    ["honest join p50 / max, ms", `${ms(watched.joins.p50)} / ${ms(watched.joins.max)}`],
    ["honest joins refused because the server was busy", watched.refused],
    [
      "heap and buffers before / after, MB",
      `${mb(memory(before))} / ${mb(memory(after))} (${((memory(after) / memory(before) - 1) * 100).toFixed(1)} %)`,
    ],
    ["buffers only, before / after, MB", `${mb(before.external)} / ${mb(after.external)}`],
    ["resident memory before / after, MB", `${mb(before.resident)} / ${mb(after.resident)}`],
    ["open descriptors before / after", `${descriptors.before} / ${descriptors.after}`],
    ["errors", faults.length],
  ];
  const counts = (map: Map<string, number>) => [...map].sort(([a], [b]) => a.localeCompare(b));
  const table = (titles: string[], lines: (string | number)[][]) =>
    [titles, titles.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${[
    table(["figure", "value"], rows),
    table(["kind", "count"], counts(counters.kinds)),
    table(
      ["response or close code", "count"],
      [
        ...counts(counters.answers),
        ...counts(counters.closes).map(([code, times]) => [`close ${code}`, times] as [string, number]),
      ],
    ),
  ].join("\n\n")}\n`;
}
