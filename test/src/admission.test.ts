// The door of the process, by a clock of the test's own.
import { describe, expect, test } from "@jest/globals";
import { ERRORS } from "../../rooms/errors.ts";
import { Admission } from "../../src/admission.ts";

const MAX_DELAY_MS = 100;
const TICK_MS = 50;

/** A process with so many rooms, whose ticks are as late as the test says. */
function processOf(rooms = 1, maxDelayMs = MAX_DELAY_MS) {
  let now = 1000;
  let loopDelay = 0;
  let loopUse = 0;
  const admission = new Admission(maxDelayMs, { now: () => now, loopDelay: () => loopDelay, loopUse: () => loopUse });
  return {
    admission,
    isOpen: () => admission.refusal(false) === undefined,
    /** Ticks for a while, each tick of each room so many ms late. @returns the ms after which the door was another. */
    run(milliseconds: number, late: number | ((tick: number) => number) = 0): number | undefined {
      const before = admission.hindrance;
      let changed: number | undefined;
      for (let tick = 0; tick * TICK_MS < milliseconds; tick++) {
        now += TICK_MS;
        for (let room = 0; room < rooms; room++) admission.tickStarted(typeof late === "number" ? late : late(tick));
        if (admission.hindrance !== before) changed ??= (tick + 1) * TICK_MS;
      }
      return changed;
    },
    /** Time in which nobody plays. */
    wait(milliseconds: number): void {
      now += milliseconds;
    },
    setLoopDelay(milliseconds: number): void {
      loopDelay = milliseconds;
    },
    setLoopUse(part: number): void {
      loopUse = part;
    },
  };
}

describe("the door is open", () => {
  test("at the start of a process, and while nobody plays, whatever the event loop does", () => {
    const { admission, isOpen, wait, setLoopDelay } = processOf();
    setLoopDelay(5000);
    for (let seconds = 0; seconds < 60; seconds++) {
      expect(isOpen()).toBe(true);
      expect(admission.delayMs).toBe(0);
      wait(1000);
    }
  });

  test.each([1, 5, 50])("with %i rooms whose ticks are on time, or late by what is allowed", (rooms) => {
    const { run, isOpen, admission } = processOf(rooms);
    expect(run(30_000)).toBeUndefined();
    expect(admission.delayMs).toBe(0);
    // A tick in two hundred that is very late, and all of them a little.
    expect(run(30_000, (tick) => (tick % 200 === 0 ? MAX_DELAY_MS : 5))).toBeUndefined();
    expect(admission.delayMs).toBe(5);
    expect(isOpen()).toBe(true);
  });

  test.each([1, 5, 50])("in spite of a single collection of garbage, however long, with %i rooms", (rooms) => {
    const { run, isOpen } = processOf(rooms);
    run(10_000);
    expect(run(30_000, (tick) => (tick === 100 ? 3000 : 1))).toBeUndefined();
    // One every six seconds is no overload either.
    expect(run(60_000, (tick) => (tick % 120 === 0 ? 500 : 1))).toBeUndefined();
    expect(isOpen()).toBe(true);
  });

  test("for the first player of a process whose first tick comes late", () => {
    const { run, isOpen } = processOf();
    run(50, 2000);
    expect(isOpen()).toBe(true);
  });

  test("to everybody, if the limit is off", () => {
    const { run, isOpen } = processOf(1, 0);
    run(20_000, 5000);
    expect(isOpen()).toBe(true);
  });
});

describe("the door closes", () => {
  test.each([1, 5, 50])("within a second when ticks get too late, with %i rooms", (rooms) => {
    const { run, isOpen, admission } = processOf(rooms);
    run(60_000);
    expect(run(1000, MAX_DELAY_MS + 50)).toBeLessThanOrEqual(1000);
    expect(isOpen()).toBe(false);
    expect(admission.delayMs).toBe(MAX_DELAY_MS + 50);
  });

  test("when every twentieth tick is too late", () => {
    const { run } = processOf();
    expect(run(20_000, (tick) => (tick % 20 === 0 ? 200 : 0))).toBeLessThan(10_000);
  });

  test("when one tick in thirty is left out, for ten seconds: none is very late, but they are too few", () => {
    const { run, admission } = processOf();
    run(20_000, 1);
    expect(run(20_000, (tick) => (tick % 30 === 0 ? TICK_MS : 1))).toBeLessThan(12_000);
    expect(admission.delayMs).toBe(TICK_MS);
  });

  test("when the event loop is late for three seconds, though the ticks are not", () => {
    const { run, isOpen, setLoopDelay } = processOf();
    run(5000);
    setLoopDelay(400);
    run(1000);
    setLoopDelay(0);
    run(5000);
    expect(isOpen()).toBe(true);
    setLoopDelay(400);
    expect(run(5000)).toBeLessThanOrEqual(4000);
    expect(isOpen()).toBe(false);
  });

  test("when the event loop was at work most of the time for five seconds, though no tick is late", () => {
    const { run, isOpen, setLoopUse } = processOf();
    setLoopUse(0.7);
    expect(run(20_000)).toBeUndefined();
    setLoopUse(0.9);
    run(1000);
    setLoopUse(0.4);
    expect(run(20_000)).toBeUndefined();
    setLoopUse(0.85);
    expect(run(20_000)).toBeLessThanOrEqual(6000);
    expect(isOpen()).toBe(false);
    // It opens when there is room again, and not a moment after it closed.
    setLoopUse(0.7);
    expect(run(60_000)).toBeUndefined();
    setLoopUse(0.5);
    expect(run(20_000)).toBeLessThanOrEqual(5000);
    expect(run(60_000)).toBeUndefined();
  });

  test("to new players, with a code, a sentence and a hint when to come back; not to who is here already", () => {
    const { admission, run } = processOf();
    run(5000, 1000);
    expect(admission.refusal(false)).toEqual(ERRORS.busy);
    expect(ERRORS.busy.code).toBe(503);
    expect(ERRORS.busy.sentence).toMatch(/Try again in \d+ seconds\./);
    expect(admission.refusal(true)).toBeUndefined();
  });
});

describe("the door opens again", () => {
  test("by itself, some seconds after the ticks are on time again", () => {
    const { run, isOpen } = processOf();
    run(20_000, 400);
    expect(isOpen()).toBe(false);
    const after = run(20_000);
    expect(after).toBeGreaterThan(3000);
    expect(after).toBeLessThan(6000);
    expect(isOpen()).toBe(true);
    // What was before does not close it once more.
    expect(run(20_000)).toBeUndefined();
  });

  test("within seconds of a burst of joins", () => {
    const { run, isOpen } = processOf();
    run(10_000);
    run(1500, 300);
    expect(isOpen()).toBe(false);
    expect(run(10_000)).toBeLessThan(6000);
  });

  test("not while ticks are almost too late, or almost too few: it would close at once", () => {
    const { run, isOpen } = processOf();
    run(10_000, 150);
    expect(run(60_000, (tick) => (tick % 50 === 0 ? 90 : 0))).toBeUndefined();
    expect(run(60_000, (tick) => (tick % 20 === 0 ? TICK_MS : 0))).toBeUndefined();
    expect(isOpen()).toBe(false);
    expect(run(10_000, 5)).toBeLessThan(6000);
  });

  test("not while the event loop is late", () => {
    const { run, setLoopDelay } = processOf();
    setLoopDelay(400);
    run(10_000, 150);
    expect(run(20_000)).toBeUndefined();
    setLoopDelay(0);
    expect(run(10_000)).toBeLessThanOrEqual(2000);
  });

  test("once nobody plays any more", () => {
    const { run, isOpen, wait, setLoopDelay, admission } = processOf();
    setLoopDelay(400);
    run(10_000, 1000);
    expect(isOpen()).toBe(false);
    wait(6000);
    expect(isOpen()).toBe(true);
    wait(100_000);
    expect(isOpen()).toBe(true);
    expect(admission.delayMs).toBe(0);
  });
});

test("a process that stops lets nobody in, not even who is here", () => {
  const { admission, run, wait } = processOf();
  run(5000);
  admission.stop();
  wait(60_000);
  expect(admission.hindrance).toBe("stopping");
  expect(admission.refusal(false)).toEqual(ERRORS.stopping);
  expect(admission.refusal(true)).toEqual(ERRORS.stopping);
});
