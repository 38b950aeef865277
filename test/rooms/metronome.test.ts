// Beats at even times, also when something holds the process up.
import { afterEach, expect, test } from "@jest/globals";
import { Metronome } from "../../rooms/metronome.ts";
import { until } from "../support/until.ts";

const PERIOD = 20;

let metronome: Metronome | undefined;
afterEach(() => metronome?.stop());

/** Starts one; `beats`: when it has beaten, in periods since then. `more` is done at each beat. */
function start(more: (beats: number[]) => void = () => {}) {
  const beats: number[] = [];
  const begun = performance.now();
  metronome = new Metronome(PERIOD, () => {
    beats.push((performance.now() - begun) / PERIOD);
    more(beats);
  });
  return beats;
}

function holdUp(periods: number) {
  const end = performance.now() + periods * PERIOD;
  while (performance.now() < end);
}

test("no beat is early, and what each is late does not add up", async () => {
  const beats = start(() => holdUp(0.6));
  await until(() => beats.length >= 100);
  const late = beats.map((at, i) => at - (i + 1));
  // The clock that it counts by is read a moment before ours.
  expect(Math.min(...late)).toBeGreaterThan(-0.01);
  // What a machine that is full of other work held up for longer than is made up for.
  const leftOut = beats.map((at, i) => at - (beats[i - 1] ?? 0)).filter((gap) => gap > 5);
  expect(Math.min(...late.slice(50))).toBeLessThan(leftOut.reduce((sum, gap) => sum + gap, 1));
});

test("up to five beats are made up for, and of more the rest is left out", async () => {
  let [before, madeUp] = [Number.NaN, 0];
  const beats = start(({ length }) => {
    // Before any other timer is looked at.
    if (length === before + 1) queueMicrotask(() => (madeUp = beats.length - before));
  });
  await until(() => beats.length > 0);
  before = beats.length;
  holdUp(30);
  await until(() => madeUp > 0);
  expect(madeUp).toBe(5);
});

test("however it is held up, beats are never more than ten ahead of the time in which they come", async () => {
  let holdsIn = Number.NaN;
  let inBeat = 0;
  const ends: number[] = [];
  const beats = start(({ length }) => {
    if (length === holdsIn) holdUp(inBeat);
    ends.push(performance.now() / PERIOD);
  });
  // Held up, and again in the first of the beats that are made up for; the next one then is due at any part of a period.
  for (let part = 0; part < 1; part += 1 / 8) {
    holdsIn = beats.length + 1;
    inBeat = 6 + part;
    holdUp(7);
    await until(() => beats.length >= holdsIn + 12);
  }
  // The bound of docs/protocol.md.
  for (const [first, begin] of ends.entries()) {
    for (let last = first; last < ends.length; last++) {
      expect(last - first + 1).toBeLessThanOrEqual(Math.floor(ends[last]! - begin) + 10);
    }
  }
});

test("none comes after it was stopped, not even by a beat that others are due behind", async () => {
  const beats = start((soFar) => {
    if (soFar.length === 2) metronome!.stop();
  });
  holdUp(10);
  await until(() => beats.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 5 * PERIOD));
  expect(beats.length).toBe(2);
});
