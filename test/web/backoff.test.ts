// The delay before the page joins again.
import { expect, test } from "@jest/globals";
import { backoff } from "../../web/backoff.ts";

test("the delay doubles from half a second up to eight seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((attempt) => backoff(attempt, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000, 8000,
  ]);
});

test("the random jitter shortens the delay by up to a quarter", () => {
  expect(backoff(1, 1)).toBe(750);
});
