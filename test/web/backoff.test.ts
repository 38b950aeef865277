// How long the page waits before it joins again.
import { expect, test } from "@jest/globals";
import { backoff } from "../../web/backoff.ts";

test("doubles from half a second up to eight", () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((attempt) => backoff(attempt, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000, 8000,
  ]);
});

test("takes up to a quarter off, by chance", () => {
  expect(backoff(1, 1)).toBe(750);
});
