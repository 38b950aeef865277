// What a slow network does: later, and in order.
import { expect, test } from "@jest/globals";
import { DelayLine } from "../../web/delay-line.ts";

/** Pushes calls of the given delays, and waits until all have come out. */
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

test("delays everything by as long as it is told, at least", async () => {
  const [only] = await push([60]);
  expect(only!.waited).toBeGreaterThanOrEqual(60);
});

test("never lets anything out before what went in earlier", async () => {
  const out = await push([50, 0, 20, 80, 5]);
  expect(out.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  expect(out[1]!.waited).toBeGreaterThanOrEqual(50);
});

test("delays nothing at all without a delay", () => {
  const line = new DelayLine(() => 0);
  let came = false;
  line.push(() => {
    came = true;
  });
  expect(came).toBe(true);
});

test("lets everything out at once when told to, in order", () => {
  const line = new DelayLine(() => 60_000);
  const out: number[] = [];
  for (const number of [1, 2, 3]) line.push(() => out.push(number));
  expect(out).toEqual([]);
  line.flush();
  expect(out).toEqual([1, 2, 3]);
});
