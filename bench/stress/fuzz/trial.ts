// A server, honest players, an attack on it, and what became of them.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { caller } from "../../harness/ipc.ts";
import type { Vitals } from "../../harness/stats-agent.ts";
import { attack, type Tally } from "./fuzzer.ts";
import { startTarget, type Target } from "./target.ts";
import type { Watched, WatcherOrders } from "./watcher.ts";

/** What is tried. */
export interface TrialOptions {
  seed: number;
  /** Hostile frames and requests. */
  frames: number;
  /** The first session's number. */
  from?: number;
  environment?: Record<string, string>;
  /** Whether the machine does nothing else: then delays are judged more sternly, and resident memory too. */
  atRest?: boolean;
  tell?: (what: string) => void;
}

/** What came of it. */
export interface Outcome {
  edgeCounters: Tally;
  watched: Watched;
  /** Seconds that the attack took. */
  seconds: number;
  /** The server's own figures: before the attack and after it, garbage collected; and the delays during it. */
  before: Vitals;
  after: Vitals;
  during: Vitals["delay"];
  descriptors: { before: number; after: number };
  /** Everything that must not be; empty if the server held. */
  faults: string[];
}

/** Without what refuses at the door: who is not let in tries nothing. */
export const OPEN_DOOR = { MAX_CONNECTIONS_PER_ADDRESS: "0", MAX_JOINS_PER_MINUTE: "0", ADMISSION_MAX_DELAY_MS: "0" };

/** Readings of memory while only the honest players walk: the least counts, for what a start leaves goes by and by. */
const READINGS = 8;

/**
 * Hostile frames of the beginning, where resident memory is judged: the collector's young generation grows to its full size
 * with the first crowd and stays so. They are of sessions that no attack gets to.
 */
const WARM_UP = 20_000;
const WARM_UP_FROM = 2 ** 30;

/** What memory may have grown by when all are gone, as a share. */
const GROWTH = 0.1;

/** Milliseconds for seats to be given back, for connections to time out and for memory to settle. */
const SETTLE_MS = 90_000;
const LOOK_AGAIN_MS = 500;

/** Connections of the honest players: the walker and the one who stands. */
const HONEST = 2;

/** From this delay on a server counts as frozen, in milliseconds; and on a machine that does much else. */
const FROZEN_MS = 200;
const FROZEN_BUSY_MS = 2000;

/** Starts a server, attacks it, and ends it. */
export async function trial(options: TrialOptions): Promise<Outcome> {
  const { tell = () => {}, environment } = options;
  const target = await startTarget(environment);
  const watcher = fork(fileURLToPath(new URL("watcher.ts", import.meta.url)), {
    execArgv: [],
    stdio: ["ignore", 2, 2, "ipc"],
  });
  try {
    const ask = caller<WatcherOrders>(watcher, tell);
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
    const since = performance.now();
    let said = since;
    const edgeCounters = await attack({
      port: target.port,
      seed,
      frames,
      ...(from !== undefined && { from }),
      progress: (done) => {
        if (performance.now() - said > 5000) {
          said = performance.now();
          tell(`${done} of ${frames} frames`);
        }
        return target.end() === undefined;
      },
    });
    const seconds = (performance.now() - since) / 1000;
    if (target.end() !== undefined)
      throw new Error(
        `seed ${seed}: the server is gone after about ${edgeCounters.sessions} sessions; ${target.end()}`,
      );
    const during = (await target.vitals()).delay;
    const watched = await ask("report", null);
    tell("waiting until all are gone, and memory is back");
    const after = await settled(target, (vitals) => memory(vitals) <= memory(before) * (1 + GROWTH));
    const outcome = {
      edgeCounters,
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

/** What a server holds: its heap and the buffers beside it. */
function memory({ heap, external }: Vitals): number {
  return heap + external;
}

/** How the server is before anybody attacks it. */
async function readingAtRest(target: Target): Promise<Vitals> {
  let least = await target.vitals("collect");
  for (let reading = 1; reading < READINGS; reading++) {
    await wait(LOOK_AGAIN_MS);
    const vitals = await target.vitals("collect");
    if (memory(vitals) < memory(least)) least = vitals;
  }
  return least;
}

/** Waits until only the honest players are left and memory is `enough`, if that comes; then tells how the server is. */
async function settled(target: Target, enough: (vitals: Vitals) => boolean): Promise<Vitals> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    // One more may be somebody new who has just joined.
    const isEmpty = (await target.players()) <= HONEST + 1;
    const vitals = await target.vitals("collect");
    if ((isEmpty && enough(vitals)) || performance.now() > end) return vitals;
    await wait(LOOK_AGAIN_MS);
  }
}

function faultsOf(outcome: Omit<Outcome, "faults">, later: Watched, target: Target, isAtRest: boolean): string[] {
  const { edgeCounters, watched, before, after, during } = outcome;
  const delays = {
    "event loop": during.max,
    "/healthz": watched.health.max,
    "a move": watched.moves.max,
    "a join": watched.joins.max,
  };
  const frozenMs = isAtRest ? FROZEN_MS : FROZEN_BUSY_MS;
  const grown = (what: string, one: number, other: number) =>
    other <= one * (1 + GROWTH)
      ? []
      : [`${what} grew from ${(one / 1e6).toFixed(1)} to ${(other / 1e6).toFixed(1)} MB`];
  return [
    ...edgeCounters.faults,
    ...watched.faults,
    ...later.faults,
    ...inGroups(target.faults()),
    ...(target.end() === undefined ? [] : [target.end()!]),
    ...Object.entries(delays).flatMap(([what, ms]) => (ms < frozenMs ? [] : [`${what} took ${ms.toFixed(0)} ms`])),
    ...(watched.moves.count > 0 && watched.health.count > 0 ? [] : ["the honest players saw nothing"]),
    ...grown("memory", memory(before), memory(after)),
    ...(isAtRest ? grown("resident memory", before.resident, after.resident) : []),
  ];
}

/** Lines of a log, those that are alike together: the first of them, and how many there were. */
function inGroups(lines: string[]): string[] {
  const groups = new Map<string, { first: string; count: number }>();
  for (const line of lines) {
    // What is alike but for numbers and quotations is alike.
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

/** The outcome as Markdown. */
export function report({
  edgeCounters,
  watched,
  seconds,
  before,
  after,
  during,
  descriptors,
  faults,
}: Outcome): string {
  const ms = (value: number) => value.toFixed(1);
  const mb = (value: number) => (value / 1e6).toFixed(1);
  const rows = [
    ["sessions", edgeCounters.sessions],
    ["hostile frames and requests", edgeCounters.frames],
    ["seconds", seconds.toFixed(1)],
    ["event loop delay p50 / p99 / max, ms", `${ms(during.p50)} / ${ms(during.p99)} / ${ms(during.max)}`],
    ["/healthz p99 / max, ms", `${ms(watched.health.p99)} / ${ms(watched.health.max)}`],
    [
      "honest move p50 / p99 / max, ms",
      `${ms(watched.moves.p50)} / ${ms(watched.moves.p99)} / ${ms(watched.moves.max)}`,
    ],
    ["honest join p50 / max, ms", `${ms(watched.joins.p50)} / ${ms(watched.joins.max)}`],
    ["honest joins refused for a busy server", watched.refused],
    [
      "heap and buffers before / after, MB",
      `${mb(memory(before))} / ${mb(memory(after))} (${((memory(after) / memory(before) - 1) * 100).toFixed(1)} %)`,
    ],
    ["of them buffers before / after, MB", `${mb(before.external)} / ${mb(after.external)}`],
    ["resident before / after, MB", `${mb(before.resident)} / ${mb(after.resident)}`],
    ["open descriptors before / after", `${descriptors.before} / ${descriptors.after}`],
    ["faults", faults.length],
  ];
  const counts = (map: Map<string, number>) => [...map].sort(([a], [b]) => a.localeCompare(b));
  const table = (titles: string[], lines: (string | number)[][]) =>
    [titles, titles.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${[
    table(["what", "figure"], rows),
    table(["kind", "how often"], counts(edgeCounters.kinds)),
    table(
      ["answer or close code", "how often"],
      [
        ...counts(edgeCounters.answers),
        ...counts(edgeCounters.closes).map(([code, times]) => [`close ${code}`, times] as [string, number]),
      ],
    ),
  ].join("\n\n")}\n`;
}
