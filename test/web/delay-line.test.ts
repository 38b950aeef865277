// Tests the delay line, which simulates a slow network on the page: it delays calls and keeps their order.
import { expect, test } from "@jest/globals";
import { DelayLine } from "../../web/delay-line.ts";

/** Pushes one call per delay, and waits until all calls have run. Returns their order, and their delays in ms. */
async function push(delays: number[]): Promise<{ number: number; waited: number }[]> {
  const rest = [...delays];
  const line = new DelayLine(() => rest.shift()!);
  const start = performance.now();
  const out: { number: number; waited: number }[] = [];
  await Promise.all(
    delays.map(
      (_, number) =>
        new Promise<void>((resolve) => {
          line.push(() => {
            out.push({ number, waited: performance.now() - start });
            resolve();
          });
        }),
    ),
  );
  return out;
}

test("a delay line delays a call by at least the given time", async () => {
  const [only] = await push([60]);
  expect(only!.waited).toBeGreaterThanOrEqual(60);
});

test("a delay line runs calls in the order in which they were pushed, even if a later call has a shorter delay", async () => {
  const out = await push([50, 0, 20, 80, 5]);
  expect(out.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  expect(out[1]!.waited).toBeGreaterThanOrEqual(50);
});

test("a delay line with a delay of 0 runs a call synchronously", () => {
  const line = new DelayLine(() => 0);
  let ran = false;
  line.push(() => {
    ran = true;
  });
  expect(ran).toBe(true);
});

test("flush() of a delay line runs all queued calls immediately and in order", () => {
  const line = new DelayLine(() => 60_000);
  const out: number[] = [];
  for (const number of [1, 2, 3]) line.push(() => out.push(number));
  expect(out).toEqual([]);
  line.flush();
  expect(out).toEqual([1, 2, 3]);
});
