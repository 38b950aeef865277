// Tests admission control. Adds walkers until the server refuses joins because of its own load. Checks that the tick
// rate and latency of connected walkers stay good, and that joins are accepted again after half of the walkers have
// left. Other programs on the machine may also delay ticks and so cause refusals. The server's share of its core tells
// whether its own load or another program has caused a refusal.
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../../contenders/contenders.ts";
import { SERVER_CORE } from "../../harness/children.ts";
import { busyMicroseconds, cpuMicroseconds } from "../../harness/process-figures.ts";
import { type Field, openField, populate, TIMED, type WindowFigures } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

/** The number of walkers in the baseline. They use about half of the server's core. */
const BASELINE = 800;

/** The maximum number of walkers. */
const MAX_WALKERS = 5000;

/**
 * GROUP walkers join together, and the next group joins PACE_MS later. If too many walkers joined at once, their joins
 * would delay ticks, and this test would measure the joins and not the walkers.
 */
const GROUP = 25;
const PACE_MS = 1000;

/** A refusal is due to the server's own load if the server used at least this share of its core. */
const MIN_OWN_SHARE = 0.75;
/**
 * The server's share of its core is computed over this many milliseconds before a refusal. Admission control uses the
 * same period.
 */
const LOOK_BACK_MS = 10_000;

const SETTLE_S = 4;
const WATCH_S = 10;
/**
 * A measurement is repeated if other programs used more than this share of the server's core. There are at most
 * MAX_TRIES measurements.
 */
const MAX_OTHERS_SHARE = 0.1;
const MAX_TRIES = 6;

/** The test fails if other programs still cause refusals after this time, in milliseconds. */
const TIMEOUT_MS = 15 * 60_000;

/**
 * The goals: the minimum ticks per second, the maximum p99 latency as a multiple of the baseline's, and the maximum
 * seconds until joins are accepted again.
 */
const MIN_TICKS = 19.5;
const MAX_SLOWDOWN = 2;
const MAX_REOPEN_S = 30;

/** The share of the server's core that the server itself used, and the share that other programs used. */
interface Shares {
  own: number;
  others: number;
}

/** A refused join. `readiness` is the text of `/readyz` at that moment. */
interface Refusal extends Shares {
  walkers: number;
  readiness: string;
}

type Window = WindowFigures & Shares;

export async function admission(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell, { environment: { ADMISSION_MAX_DELAY_MS: "" } });
  const siege = "admission";
  try {
    await populate(field, GROUP);
    const crowd = new Crowd(field, tell);
    const earlyRefusal = await crowd.growTo(BASELINE);
    if (earlyRefusal) throw new Error(`joins were refused below ${BASELINE} walkers: ${describe(earlyRefusal)}`);
    await wait(SETTLE_S * 1000);
    const before = await watchUndisturbed(field, tell);
    const refusal = await crowd.growTo(MAX_WALKERS);
    const full = await watchUndisturbed(field, tell);
    tell("half of the walkers leave");
    const { clients } = full.load;
    await field.load("drop", Math.round(clients / 2));
    const reopened = await secondsUntilOpen(field.server.port);
    const losses = await field.losses();
    const { disturbances } = crowd;
    return [
      {
        siege,
        what: "joins are refused because of the server's own load",
        goal: `below ${MAX_WALKERS} walkers`,
        measured:
          (refusal ? describe(refusal) : `not refused with ${await crowd.size()} walkers`) +
          (disturbances.length === 0
            ? ""
            : `; ${disturbances.length} earlier refusals due to other programs; the first: ${describe(disturbances[0]!)}`),
        pass: refusal !== undefined,
      },
      {
        siege,
        what: "ticks per second of the connected walkers",
        goal: `at least ${MIN_TICKS}`,
        measured: `${full.ticks.toFixed(1)} with ${clients + TIMED}, ${before.ticks.toFixed(1)} with ${BASELINE}; ${compared(sharesOf, before, full)}`,
        pass: full.ticks >= MIN_TICKS,
      },
      {
        siege,
        what: "p99 latency of the connected walkers from a move to the frame that shows it",
        goal: `at most ${MAX_SLOWDOWN} x that of ${BASELINE} walkers`,
        measured: `${(full.p99 / before.p99).toFixed(2)} x: ${compared(latencyOf, before, full)}`,
        pass: full.p99 <= MAX_SLOWDOWN * before.p99,
      },
      {
        siege,
        what: "disconnected walkers",
        goal: "0",
        measured: `${losses.length}${losses.length > 0 ? `; the first: ${losses[0]}` : ""}`,
        pass: losses.length === 0,
      },
      {
        siege,
        what: "joins are accepted again after half of the walkers left",
        goal: `within ${MAX_REOPEN_S} s`,
        measured: reopened === undefined ? "not within 60 s" : `${reopened.toFixed(1)} s`,
        pass: reopened !== undefined && reopened <= MAX_REOPEN_S,
      },
    ];
  } finally {
    await field.end();
  }
}

/** The walkers of the test. */
class Crowd {
  readonly #field: Field;
  readonly #tell: (what: string) => void;
  readonly #readings: Reading[] = [];
  readonly #end = performance.now() + TIMEOUT_MS;
  /** Refusals that were due to other programs. */
  readonly disturbances: Refusal[] = [];

  constructor(field: Field, tell: (what: string) => void) {
    this.#field = field;
    this.#tell = tell;
  }

  async size(): Promise<number> {
    return (await this.#field.load("measure", 0)).clients + TIMED;
  }

  /**
   * Adds walkers until there are `max`.
   * @returns the refusal that stopped the growth; undefined if all walkers have joined.
   */
  async growTo(max: number): Promise<Refusal | undefined> {
    const { load, server } = this.#field;
    for (let walkers = await this.size(); walkers < max; walkers = await this.size()) {
      this.#readings.push(readingOf(server.pid));
      try {
        await load("join", {
          server: "sabang",
          port: server.port,
          clients: Math.min(GROUP, max - walkers),
          crowd: "even",
        });
        if (walkers % (4 * GROUP) < GROUP) this.#tell(`${walkers} walkers have joined`);
      } catch (error) {
        const { message } = error as Error;
        if (!message.includes("503")) throw error;
        const refusal = await this.#createRefusal();
        this.#tell(describe(refusal));
        if (refusal.own >= MIN_OWN_SHARE) return refusal;
        this.disturbances.push(refusal);
        if (performance.now() > this.#end) {
          throw new Error(
            `the machine is too busy for this test: after ${TIMEOUT_MS / 60_000} min, ${describe(refusal)}`,
          );
        }
        await secondsUntilOpen(server.port);
      }
      await wait(PACE_MS);
    }
    return undefined;
  }

  async #createRefusal(): Promise<Refusal> {
    const { pid, port } = this.#field.server;
    const then = performance.now() - LOOK_BACK_MS;
    const since = this.#readings.findLast(({ at }) => at <= then) ?? this.#readings[0]!;
    const shares = sharesSince(since, pid);
    const readiness = (await (await fetch(`http://127.0.0.1:${port}/readyz`)).text()).trim();
    return { ...shares, readiness, walkers: await this.size() };
  }
}

/**
 * The CPU time of the server and the busy time of its core, in microseconds. `at` is the time of the reading, in
 * milliseconds.
 */
interface Reading {
  at: number;
  own: number;
  busy: number;
}

function readingOf(pid: number): Reading {
  return { at: performance.now(), own: cpuMicroseconds(pid), busy: busyMicroseconds(SERVER_CORE) };
}

function sharesSince(then: Reading, pid: number): Shares {
  const now = readingOf(pid);
  const microseconds = (now.at - then.at) * 1000;
  const own = (now.own - then.own) / microseconds;
  return { own, others: Math.max(0, (now.busy - then.busy) / microseconds - own) };
}

/** Measures the connected walkers. Repeats this if other programs used too much of the server's core; see MAX_TRIES. */
async function watchUndisturbed(field: Field, tell: (what: string) => void): Promise<Window> {
  for (let tries = 1; ; tries++) {
    const start = readingOf(field.server.pid);
    const figures = await field.watch(WATCH_S);
    const watched = { ...figures, ...sharesSince(start, field.server.pid) };
    const walkers = figures.load.clients + TIMED;
    tell(`${walkers} walkers: ${figures.ticks.toFixed(1)} ticks/s, ${latencyOf(watched)}, ${sharesOf(watched)}`);
    if (watched.others <= MAX_OTHERS_SHARE || tries === MAX_TRIES) return watched;
  }
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
const sharesOf = ({ own, others }: Shares) => `server ${percent(own)} of its core, other programs ${percent(others)}`;
const latencyOf = ({ p50, p99 }: WindowFigures) => `p99 ${p99.toFixed(0)} ms (p50 ${p50.toFixed(0)})`;
const compared = (format: (watched: Window) => string, before: Window, after: Window) =>
  `${format(before)}, then ${format(after)}`;
const describe = (refusal: Refusal) =>
  `refused with ${refusal.walkers} walkers; ${sharesOf(refusal)}; /readyz: "${refusal.readiness}"`;

/**
 * Requests a seat twice per second until three requests in a row succeed.
 * @returns the seconds until then; undefined after 60 s.
 */
async function secondsUntilOpen(port: number): Promise<number | undefined> {
  const since = performance.now();
  let inARow = 0;
  while (performance.now() - since < 60_000) {
    try {
      await contender("sabang").dialect.seat(port, "late");
      if (++inARow === 3) return (performance.now() - since) / 1000;
    } catch {
      inARow = 0;
    }
    await wait(500);
  }
  return undefined;
}
