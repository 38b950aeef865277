// Tests the delay after a failed join before the client tries again.
import { expect, test } from "@jest/globals";
import { backoff } from "../../client/backoff.ts";

test("the delay before each retry doubles from 0.5 s, up to 8 s after refusals and up to 3 s after missing answers", () => {
  const delays = (isRefused: boolean) => [0, 1, 2, 3, 4, 5, 50].map((attempt) => backoff(attempt, isRefused, 0));
  expect(delays(true)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
  expect(delays(false)).toEqual([500, 1000, 2000, 3000, 3000, 3000, 3000]);
});

test("random jitter shortens the delay before a retry by at most a quarter", () => {
  expect(backoff(1, true, 1)).toBe(750);
});
