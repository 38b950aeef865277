// The metronome calls a function at even intervals. After a stall it makes only a few of the late calls, and skips the
// others.
import { afterEach, expect, test } from "@jest/globals";
import { Metronome } from "../../rooms/metronome.ts";
import { until } from "../support/until.ts";

const PERIOD = 20;

let metronome: Metronome | undefined;
afterEach(() => metronome?.stop());

/** Starts a metronome. Returns the times of its beats, in periods since the start. `onBeat` is called at each beat. */
function start(onBeat: (beats: number[]) => void = () => {}) {
  const beats: number[] = [];
  const startedAt = performance.now();
  metronome = new Metronome(PERIOD, () => {
    beats.push((performance.now() - startedAt) / PERIOD);
    onBeat(beats);
  });
  return beats;
}

function stall(periods: number) {
  const end = performance.now() + periods * PERIOD;
  while (performance.now() < end);
}

test("the metronome never beats early, and its delays do not accumulate", async () => {
  const beats = start(() => stall(0.6));
  await until(() => beats.length >= 100);
  const late = beats.map((at, i) => at - (i + 1));
  // The limit allows an error of 1 % of a period, for rounding.
  expect(Math.min(...late)).toBeGreaterThan(-0.01);
  // Finds gaps of more than five periods, which are stalls of a busy machine. The metronome skips beats after such a
  // stall, so the index of each later beat is too small. These beats then seem late by up to the length of the gap.
  const skipped = beats.map((at, i) => at - (beats[i - 1] ?? 0)).filter((gap) => gap > 5);
  expect(Math.min(...late.slice(50))).toBeLessThan(skipped.reduce((sum, gap) => sum + gap, 1));
});

test("the metronome runs five late beats at once after a long stall, and skips the rest", async () => {
  let [before, caughtUp] = [Number.NaN, 0];
  const beats = start(({ length }) => {
    // The metronome runs all late beats in one timer callback. The microtask runs right after that callback.
    if (length === before + 1) queueMicrotask(() => (caughtUp = beats.length - before));
  });
  await until(() => beats.length > 0);
  before = beats.length;
  stall(30);
  await until(() => caughtUp > 0);
  expect(caughtUp).toBe(5);
});

test("in any interval, the number of beats exceeds the number of periods by at most ten, even after stalls", async () => {
  let stallsIn = Number.NaN;
  let stallPeriods = 0;
  const ends: number[] = [];
  const beats = start(({ length }) => {
    if (length === stallsIn) stall(stallPeriods);
    ends.push(performance.now() / PERIOD);
  });
  // Each round stalls twice: first in this loop, then in the first late beat. The second stall is an eighth of a period
  // longer in each round, so that the next beat is due at different fractions of a period.
  for (let part = 0; part < 1; part += 1 / 8) {
    stallsIn = beats.length + 1;
    stallPeriods = 6 + part;
    stall(7);
    await until(() => beats.length >= stallsIn + 12);
  }
  // docs/protocol.md limits the distance that a player can move in a given time. That limit follows from the
  // number of beats that this loop allows.
  for (const [first, begin] of ends.entries()) {
    for (let last = first; last < ends.length; last++) {
      expect(last - first + 1).toBeLessThanOrEqual(Math.floor(ends[last]! - begin) + 10);
    }
  }
});

test("the metronome does not beat after stop(), even if a beat calls stop() while further beats are due", async () => {
  const beats = start((soFar) => {
    if (soFar.length === 2) metronome!.stop();
  });
  stall(10);
  await until(() => beats.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 5 * PERIOD));
  expect(beats.length).toBe(2);
});
