// Walkers come until the process refuses joins because of its own load: do those who are in keep what they have, and are
// joins taken again when there is room? A machine that does other work makes ticks late as well: how much of the server's
// core the server itself has tells the one from the other.
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../../contenders/contenders.ts";
import { SERVER_CORE } from "../../harness/children.ts";
import { busyMicroseconds, cpuMicroseconds } from "../../harness/process-figures.ts";
import { type Field, openField, populate, type Seen, TIMED } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

/** With so many it is compared: about half of a core. */
const FIRST = 800;
const MOST = 5000;

/** Walkers that come at a time, and milliseconds in between: a crowd that comes at once makes ticks late by its joins alone. */
const GROUP = 25;
const PACE_MS = 1000;

/** A refusal is due to the server's own load if the server had at least this share of its core. */
const OWN = 0.75;
/** Milliseconds before a refusal in which that is looked at: as many as the server itself looks back. */
const BACK_MS = 10_000;

const SETTLE_S = 4;
const WATCH_S = 10;
/** A window is watched anew if others had more than this share of the server's core in it; and so many times at most. */
const QUIET = 0.1;
const TRIES = 6;

/** Milliseconds after which a machine is too busy to tell anything. */
const LIMIT_MS = 15 * 60_000;

/** What those who are in keep. */
const TICKS = 19.5;
const SLOWER = 2;
const REOPENED_S = 30;

/** What had the server's core, as shares of the time. */
interface Shares {
  own: number;
  others: number;
}

/** A refusal. `sentence`: what `/readyz` said at that moment. */
interface Refusal extends Shares {
  walkers: number;
  sentence: string;
}

type Watched = Seen & Shares;

export async function admission(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell, { environment: { ADMISSION_MAX_DELAY_MS: "" } });
  const siege = "admission";
  try {
    await populate(field, GROUP);
    const crowd = new Crowd(field, tell);
    const early = await crowd.raise(FIRST);
    if (early) throw new Error(`it was full before ${FIRST} walkers were in: ${inWords(early)}`);
    await wait(SETTLE_S * 1000);
    const before = await watchInQuiet(field, tell);
    const refusal = await crowd.raise(MOST);
    const full = await watchInQuiet(field, tell);
    tell("half of them go");
    const { clients } = full.load;
    await field.load("drop", Math.round(clients / 2));
    const reopened = await secondsUntilOpen(field.server.port);
    const losses = await field.losses();
    const { disturbances } = crowd;
    return [
      {
        siege,
        what: "joins are refused because of the server's own load",
        goal: `before ${MOST} walkers are in`,
        measured:
          (refusal ? inWords(refusal) : `not with ${await crowd.size()} walkers`) +
          (disturbances.length === 0
            ? ""
            : `; ${disturbances.length} times before, the first: ${inWords(disturbances[0]!)}`),
        pass: refusal !== undefined,
      },
      {
        siege,
        what: "ticks a second of those who are in",
        goal: `at least ${TICKS}`,
        measured: `${full.ticks.toFixed(1)} with ${clients + TIMED}, ${before.ticks.toFixed(1)} with ${FIRST}; ${compared(sharesOf, before, full)}`,
        pass: full.ticks >= TICKS,
      },
      {
        siege,
        what: "their p99, from a move to the frame that shows it",
        goal: `at most ${SLOWER} x that with ${FIRST}`,
        measured: `${(full.p99 / before.p99).toFixed(2)} x: ${compared(latencyOf, before, full)}`,
        pass: full.p99 <= SLOWER * before.p99,
      },
      {
        siege,
        what: "walkers that were disconnected",
        goal: "0",
        measured: `${losses.length}${losses.length > 0 ? `, the first: ${losses[0]}` : ""}`,
        pass: losses.length === 0,
      },
      {
        siege,
        what: "joins are taken again, after half of them went",
        goal: `within ${REOPENED_S} s`,
        measured: reopened === undefined ? "not within a minute" : `${reopened.toFixed(1)} s`,
        pass: reopened !== undefined && reopened <= REOPENED_S,
      },
    ];
  } finally {
    await field.end();
  }
}

/** All walkers, who become more and more. */
class Crowd {
  readonly #field: Field;
  readonly #tell: (what: string) => void;
  readonly #readings: Reading[] = [];
  readonly #end = performance.now() + LIMIT_MS;
  /** Refusals that were due to what else the machine does. */
  readonly disturbances: Refusal[] = [];

  constructor(field: Field, tell: (what: string) => void) {
    this.#field = field;
    this.#tell = tell;
  }

  async size(): Promise<number> {
    return (await this.#field.load("measure", 0)).clients + TIMED;
  }

  /** Lets walkers in until there are so many. @returns the refusal that ended it, if one did. */
  async raise(most: number): Promise<Refusal | undefined> {
    const { load, server } = this.#field;
    for (let walkers = await this.size(); walkers < most; walkers = await this.size()) {
      this.#readings.push(readingOf(server.pid));
      try {
        await load("join", { server: "sabang", port: server.port, clients: Math.min(GROUP, most - walkers) });
        if (walkers % (4 * GROUP) < GROUP) this.#tell(`${walkers} walkers are in`);
      } catch (error) {
        const { message } = error as Error;
        if (!message.includes("503")) throw error;
        const refusal = await this.#refused();
        this.#tell(inWords(refusal));
        if (refusal.own >= OWN) return refusal;
        this.disturbances.push(refusal);
        if (performance.now() > this.#end) {
          throw new Error(`the machine does too much else: after ${LIMIT_MS / 60_000} minutes ${inWords(refusal)}`);
        }
        await secondsUntilOpen(server.port);
      }
      await wait(PACE_MS);
    }
    return undefined;
  }

  async #refused(): Promise<Refusal> {
    const { pid, port } = this.#field.server;
    const then = performance.now() - BACK_MS;
    const since = this.#readings.findLast(({ at }) => at <= then) ?? this.#readings[0]!;
    const shares = sharesSince(since, pid);
    const sentence = (await (await fetch(`http://127.0.0.1:${port}/readyz`)).text()).trim();
    return { ...shares, sentence, walkers: await this.size() };
  }
}

/** The CPU time that the server, and that everybody has had of the server's core so far. */
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

/** Watches those who are in, in a window in which nobody else wants the server's core, if there is one. */
async function watchInQuiet(field: Field, tell: (what: string) => void): Promise<Watched> {
  for (let tries = 1; ; tries++) {
    const start = readingOf(field.server.pid);
    const seen = await field.watch(WATCH_S);
    const watched = { ...seen, ...sharesSince(start, field.server.pid) };
    tell(
      `${seen.load.clients + TIMED} walkers: ${seen.ticks.toFixed(1)} ticks/s, ${latencyOf(watched)}, ${sharesOf(watched)}`,
    );
    if (watched.others <= QUIET || tries === TRIES) return watched;
  }
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
const sharesOf = ({ own, others }: Shares) => `${percent(own)} of its core, others ${percent(others)}`;
const latencyOf = ({ p50, p99 }: Seen) => `p99 ${p99.toFixed(0)} ms (p50 ${p50.toFixed(0)})`;
const compared = (words: (watched: Watched) => string, before: Watched, after: Watched) =>
  `${words(before)}, then ${words(after)}`;
const inWords = (refusal: Refusal) =>
  `refused with ${refusal.walkers} walkers; the server had ${sharesOf(refusal)}; "${refusal.sentence}"`;

/** Asks for a seat twice a second, until three in a row were given; undefined after a minute. */
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
