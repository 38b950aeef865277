// Tests Stillness, which measures the longest time in which no input of a client was applied.
import { beforeEach, expect, test } from "@jest/globals";
import { Stillness } from "../../bench/stress/siege/cluster/stillness.ts";

const MOVE_MS = 100;

let stillness: Stillness;

beforeEach(() => {
  stillness = new Stillness(MOVE_MS);
  stillness.begin(1000);
  stillness.ready(1000);
});

test("the stillness is the longest time between two applied inputs", () => {
  for (const time of [1100, 1200, 1900, 2000]) {
    stillness.sent();
    stillness.applied(time, true);
  }
  expect(stillness.longest(2100)).toBe(700);
});

test("the time since the last applied input counts while a sent input waits", () => {
  stillness.sent();
  expect(stillness.longest(5000)).toBe(4000);
});

test("the time for which a client is late to send does not count while it receives frames", () => {
  stillness.sent();
  stillness.applied(1150, false);
  stillness.frame(2150);
  expect(stillness.longest(2150)).toBe(150);
  stillness.sent();
  expect(stillness.longest(2200)).toBe(150);
  stillness.applied(2300, false);
  // 100 ms until the client should have sent, and 150 ms until the input was applied.
  expect(stillness.longest(2300)).toBe(250);
});

test("the time without frames counts even if the client is late to send", () => {
  stillness.sent();
  stillness.applied(1100, false);
  stillness.frame(1150);
  expect(stillness.longest(1900)).toBe(800);
  stillness.sent();
  stillness.applied(2000, false);
  expect(stillness.longest(2000)).toBe(900);
});

test("lateness of further inputs counts if an earlier one waits", () => {
  stillness.sent();
  stillness.applied(1150, true);
  stillness.sent();
  stillness.applied(2200, false);
  expect(stillness.longest(2200)).toBe(1050);
});

test("the whole time without a connection counts, and then the time until the next input is applied", () => {
  stillness.sent();
  stillness.applied(1100, false);
  stillness.lost();
  expect(stillness.longest(1900)).toBe(800);
  stillness.ready(2000);
  stillness.frame(2400);
  stillness.sent();
  stillness.applied(2500, false);
  // 900 ms without a connection, 100 ms until the client should have sent, and 100 ms until the input was applied.
  expect(stillness.longest(2500)).toBe(1100);
});

test("a new round begins without the stillness of the last one, and its lateness begins again", () => {
  stillness.sent();
  stillness.applied(1800, false);
  stillness.begin(3000);
  stillness.sent();
  stillness.applied(3100, false);
  expect(stillness.longest(3100)).toBe(100);
});
