// The metronome beats at regular times, even if the process stalls.
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

test("the metronome never beats early, and its delays do not add up", async () => {
  const beats = start(() => stall(0.6));
  await until(() => beats.length >= 100);
  const late = beats.map((at, i) => at - (i + 1));
  // The metronome reads its clock a moment before this test does.
  expect(Math.min(...late)).toBeGreaterThan(-0.01);
  // Gaps of more than five periods, when a busy machine stalled. The metronome does not catch up on them in full.
  const skipped = beats.map((at, i) => at - (beats[i - 1] ?? 0)).filter((gap) => gap > 5);
  expect(Math.min(...late.slice(50))).toBeLessThan(skipped.reduce((sum, gap) => sum + gap, 1));
});

test("the metronome catches up on at most five late beats, and skips further ones", async () => {
  let [before, caughtUp] = [Number.NaN, 0];
  const beats = start(({ length }) => {
    // The microtask runs before any other timer.
    if (length === before + 1) queueMicrotask(() => (caughtUp = beats.length - before));
  });
  await until(() => beats.length > 0);
  before = beats.length;
  stall(30);
  await until(() => caughtUp > 0);
  expect(caughtUp).toBe(5);
});

test("a metronome has at most ten more beats than periods in any interval, however the process stalls", async () => {
  let stallsIn = Number.NaN;
  let stallPeriods = 0;
  const ends: number[] = [];
  const beats = start(({ length }) => {
    if (length === stallsIn) stall(stallPeriods);
    ends.push(performance.now() / PERIOD);
  });
  // A stall, and another one in the first caught-up beat. The next beat is then due at any fraction of a period.
  for (let part = 0; part < 1; part += 1 / 8) {
    stallsIn = beats.length + 1;
    stallPeriods = 6 + part;
    stall(7);
    await until(() => beats.length >= stallsIn + 12);
  }
  // The bound of docs/protocol.md.
  for (const [first, begin] of ends.entries()) {
    for (let last = first; last < ends.length; last++) {
      expect(last - first + 1).toBeLessThanOrEqual(Math.floor(ends[last]! - begin) + 10);
    }
  }
});

test("the metronome does not beat after stop(), even if a beat calls stop() while others are due", async () => {
  const beats = start((soFar) => {
    if (soFar.length === 2) metronome!.stop();
  });
  stall(10);
  await until(() => beats.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 5 * PERIOD));
  expect(beats.length).toBe(2);
});
