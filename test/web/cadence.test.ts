// Tests when the steps of a walking player are due on the page: the first one immediately, then one per tick.
import { expect, test } from "@jest/globals";
import { Cadence } from "../../web/cadence.ts";

/** Returns the steps that are due in each of the frames at these times. */
function steps(cadence: Cadence, frames: number[]): number[] {
  return frames.map((now) => cadence.due(now, true));
}

test("the first step is due in the first frame after the user has started to walk", () => {
  const cadence = new Cadence();
  cadence.due(1000, false);
  expect(steps(cadence, [1016, 1033, 1049, 1066])).toEqual([1, 0, 0, 1]);
});

test("one step is due per tick of 50 ms while the user walks, even if the page draws 60 frames per second", () => {
  const cadence = new Cadence();
  cadence.due(0, false);
  const frames = Array.from({ length: 600 }, (_, index) => (index * 1000) / 60);
  expect(steps(cadence, frames).reduce((sum, due) => sum + due)).toBe(200);
});

test("only one step is due if a key is pressed twice within one tick", () => {
  const cadence = new Cadence();
  expect(cadence.due(1000, true)).toBe(1);
  cadence.due(1010, false);
  expect(cadence.due(1020, true)).toBe(0);
  expect(cadence.due(1050, true)).toBe(1);
});

test("only one step is due after the player has stood still, or after a long gap between two frames", () => {
  const cadence = new Cadence();
  cadence.due(0, false);
  cadence.due(5000, false);
  expect(cadence.due(5001, true)).toBe(1);
  expect(cadence.due(9000, true)).toBe(1);
});
