// More and more walkers until the process refuses joins: do those who are in keep what they have, and are joins taken
// again when there is room?
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../contenders.ts";
import { type Field, openField, populate, type Seen } from "./field.ts";
import type { Verdict } from "./verdicts.ts";

const FIRST = 800;
const STEP = 100;
const MOST = 5000;
const SETTLE_S = 4;
const WATCH_S = 10;
/** Milliseconds between the first groups: a crowd that comes at once makes ticks late by its joins alone. */
const PACE_MS = 1500;
const TRIES = 5;
const RETRY_MS = 12_000;

/** What those who are in keep. */
const TICKS = 19.5;
const SLOWER = 2;
const REOPENED_S = 30;

export async function admission(tell: (what: string) => void): Promise<Verdict[]> {
  const field = await openField(tell, { environment: { ADMISSION_MAX_DELAY_MS: "" } });
  const { server, load } = field;
  const siege = "admission";
  try {
    let walkers = STEP;
    await populate(field, walkers);
    for (; walkers < FIRST; walkers += STEP) {
      await joinInTime(field, tell);
      tell(`${walkers + STEP} walkers are in`);
      await wait(PACE_MS);
    }
    await wait(SETTLE_S * 1000);
    const before = await field.watch(WATCH_S);
    let refusal: string | undefined;
    while (refusal === undefined && walkers < MOST) {
      try {
        await load("join", { server: "sabang", port: server.port, clients: STEP });
        walkers += STEP;
        tell(`${walkers} walkers are in`);
        await wait(SETTLE_S * 1000);
      } catch (error) {
        refusal = (error as Error).message;
      }
    }
    const refused: Verdict = {
      siege,
      what: "joins are refused",
      goal: `before ${MOST} walkers are in`,
      measured: refusal === undefined ? `not at ${walkers} walkers` : `at ${walkers} walkers: ${refusal}`,
      pass: refusal?.includes("503") ?? false,
    };
    // Those who were let in before the refusal are in; nobody comes after it.
    const full = await field.watch(WATCH_S);
    const inNow = full.load.clients;
    tell("half of them go");
    await load("drop", Math.round(inNow / 2));
    const since = performance.now();
    const reopened = await secondsUntilOpen(server.port, since);
    const losses = await field.losses();
    return [
      refused,
      {
        siege,
        what: "ticks a second of those who are in",
        goal: `at least ${TICKS}`,
        measured: `${full.ticks.toFixed(1)} (${before.ticks.toFixed(1)} with ${FIRST})`,
        pass: full.ticks >= TICKS,
      },
      {
        siege,
        what: "their p99, from a move to the frame that shows it",
        goal: `at most ${SLOWER} x that with ${FIRST}`,
        measured: compared(before, full),
        pass: full.p99 <= SLOWER * before.p99,
      },
      {
        siege,
        what: "walkers that were disconnected",
        goal: "0",
        measured: String(losses.length),
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

/** Lets a group in, though it take a few tries: a machine that does something else for a moment is not full yet. */
async function joinInTime({ server: { port }, load }: Field, tell: (what: string) => void): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await load("join", { server: "sabang", port, clients: STEP });
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
      tell((error as Error).message);
      await wait(RETRY_MS);
    }
  }
}

function compared(before: Seen, after: Seen): string {
  const ratio = (after.p99 / before.p99).toFixed(2);
  return `${ratio} x: ${before.p99.toFixed(0)} ms, then ${after.p99.toFixed(0)} ms; p50 ${before.p50.toFixed(0)} and ${after.p50.toFixed(0)}`;
}

/** Asks for a seat twice a second, until three in a row were given; undefined after a minute. */
async function secondsUntilOpen(port: number, since: number): Promise<number | undefined> {
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
