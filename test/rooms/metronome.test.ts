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
  return { beats, elapsed: () => (performance.now() - begun) / PERIOD };
}

function holdUp(periods: number) {
  const end = performance.now() + periods * PERIOD;
  while (performance.now() < end);
}

test("no beat is early, and what each is late does not add up", async () => {
  const { beats, elapsed } = start(() => holdUp(0.6));
  await until(() => beats.length >= 100);
  // The clock that it counts by is read a moment before ours.
  expect(beats.findIndex((at, i) => at < i + 1 - 0.01)).toBe(-1);
  // As long as it is never held up for more than it makes up for.
  expect(beats.length).toBeGreaterThan(elapsed() - 6);
});

test("up to five beats are made up for, and of more the rest is left out", async () => {
  const { beats } = start();
  await until(() => beats.length > 0);
  const [before, lateBy] = [beats.length, 30];
  holdUp(lateBy);
  await until(() => beats.length > before);
  const madeUp = beats.length - before;
  expect(madeUp).toBe(5);
  await until(() => beats.length > before + madeUp);
  // It has not changed its times.
  expect(beats.at(-1)! - beats.length).toBeGreaterThan(lateBy - 10);
});

test("none comes after it was stopped, not even by a beat that others are due behind", async () => {
  const { beats } = start((soFar) => {
    if (soFar.length === 2) metronome!.stop();
  });
  holdUp(10);
  await until(() => beats.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 5 * PERIOD));
  expect(beats.length).toBe(2);
});
