// The pace of the page's steps.
import { expect, test } from "@jest/globals";
import { Cadence } from "../../web/cadence.ts";

/** Returns the steps that are due in each of the frames at these times. */
function steps(cadence: Cadence, frames: number[]): number[] {
  return frames.map((now) => cadence.due(now, true));
}

test("the first step of a walk is due in the next frame", () => {
  const cadence = new Cadence();
  cadence.due(1000, false);
  expect(steps(cadence, [1016, 1033, 1049, 1066])).toEqual([1, 0, 0, 1]);
});

test("one step is due per tick, whatever the frame rate", () => {
  const cadence = new Cadence();
  cadence.due(0, false);
  const frames = Array.from({ length: 600 }, (_, index) => (index * 1000) / 60);
  expect(steps(cadence, frames).reduce((sum, due) => sum + due)).toBe(200);
});

test("a second tap within the same tick does not make a second step due", () => {
  const cadence = new Cadence();
  expect(cadence.due(1000, true)).toBe(1);
  cadence.due(1010, false);
  expect(cadence.due(1020, true)).toBe(0);
  expect(cadence.due(1050, true)).toBe(1);
});

test("no steps accumulate while the player stands or during a gap without frames", () => {
  const cadence = new Cadence();
  cadence.due(0, false);
  cadence.due(5000, false);
  expect(cadence.due(5001, true)).toBe(1);
  expect(cadence.due(9000, true)).toBe(1);
});
