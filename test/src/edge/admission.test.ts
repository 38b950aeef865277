// The admission policy, with a simulated clock, rooms and measurements.
import { describe, expect, test } from "@jest/globals";
import { ERRORS } from "../../../schema/errors.ts";
import { Admission } from "../../../src/edge/admission.ts";

const MAX_DELAY_MS = 100;
const TICK_MS = 50;
const SLICE_MS = 250;

/** Simulates a process with a number of rooms. Its CPU is busy by default. */
function processOf(rooms = 1, maxDelayMs = MAX_DELAY_MS) {
  let now = 1000;
  const readings = { rooms, loopDelay: 0, loopUse: 0, cpuUse: 1 };
  const instruments = {
    now: () => now,
    loopDelay: () => readings.loopDelay,
    loopUse: () => readings.loopUse,
    cpuUse: () => readings.cpuUse,
  };
  const admission = new Admission(maxDelayMs, SLICE_MS, instruments, () => readings.rooms);
  return {
    admission,
    isOpen: () => admission.refusal(false) === undefined,
    /** Runs ticks that are late by `late` ms. @returns the ms after which admission opened or closed, if it did. */
    run(milliseconds: number, late: number | ((tick: number) => number) = 0): number | undefined {
      const before = admission.blockedReason;
      let changed: number | undefined;
      for (let tick = 0; tick * TICK_MS < milliseconds; tick++) {
        now += TICK_MS;
        for (let room = 0; room < rooms; room++) admission.tickStarted(typeof late === "number" ? late : late(tick));
        if (admission.blockedReason !== before) changed ??= (tick + 1) * TICK_MS;
      }
      return changed;
    },
    /** Lets time pass without a tick. */
    wait(milliseconds: number): void {
      now += milliseconds;
    },
    /** Changes the measurements. */
    set(changes: Partial<typeof readings>): void {
      Object.assign(readings, changes);
    },
  };
}

describe("admission stays open", () => {
  test("while there is no room, even if the event loop is busy and late", () => {
    const { admission, isOpen, wait, set } = processOf();
    set({ rooms: 0, loopDelay: 5000, loopUse: 1 });
    for (let seconds = 0; seconds < 60; seconds++) {
      expect(isOpen()).toBe(true);
      expect(admission.delayMs).toBe(0);
      wait(1000);
    }
  });

  test.each([1, 5, 50])("while ticks are late only within the limits (rooms: %i)", (rooms) => {
    const { run, isOpen, admission } = processOf(rooms);
    expect(run(30_000)).toBeUndefined();
    expect(admission.delayMs).toBe(0);
    // One tick in two hundred is very late, and all others are a little late.
    expect(run(30_000, (tick) => (tick % 200 === 0 ? MAX_DELAY_MS : 5))).toBeUndefined();
    expect(admission.delayMs).toBe(5);
    expect(isOpen()).toBe(true);
  });

  test.each([1, 5, 50])("with %i rooms after a single long pause for garbage collection", (rooms) => {
    const { run, isOpen } = processOf(rooms);
    run(10_000);
    expect(run(30_000, (tick) => (tick === 100 ? 3000 : 1))).toBeUndefined();
    // A shorter pause every six seconds is not an overload either.
    expect(run(60_000, (tick) => (tick % 120 === 0 ? 500 : 1))).toBeUndefined();
    expect(isOpen()).toBe(true);
  });

  test("after a single stall of the event loop of several seconds", () => {
    const { run, wait, set } = processOf();
    run(10_000);
    wait(3500);
    set({ loopDelay: 3500 });
    expect(run(SLICE_MS, (tick) => (tick === 0 ? 3500 : 0))).toBeUndefined();
    set({ loopDelay: 0 });
    expect(run(20_000)).toBeUndefined();
  });

  test("when the first tick of a process is very late", () => {
    const { run, isOpen } = processOf();
    run(50, 2000);
    expect(isOpen()).toBe(true);
  });

  test("under any load if the limit is 0", () => {
    const { run, isOpen } = processOf(1, 0);
    run(20_000, 5000);
    expect(isOpen()).toBe(true);
  });
});

describe("admission stays open while the process uses at most 40 % of a core", () => {
  test.each([1, 5, 50])("even if all ticks of %i rooms are late", (rooms) => {
    const { run, set, admission } = processOf(rooms);
    set({ cpuUse: 0.4 });
    expect(run(60_000, 400)).toBeUndefined();
    expect(admission.delayMs).toBeGreaterThan(MAX_DELAY_MS);
    set({ cpuUse: 0.5 });
    expect(run(10_000, 400)).toBeLessThanOrEqual(3000);
  });

  test("even if the event loop is delayed", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.4, loopDelay: 400 });
    expect(run(60_000)).toBeUndefined();
    set({ cpuUse: 0.5 });
    expect(run(10_000)).toBeLessThanOrEqual(3000);
  });

  test("even if the event loop is fully utilised by wall time", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.4, loopUse: 1 });
    expect(run(60_000)).toBeUndefined();
    set({ cpuUse: 0.5 });
    expect(run(10_000)).toBeLessThanOrEqual(3000);
  });

  test("on average, even if ticks are late and a burst of joins uses a whole core for a second", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.05 });
    run(20_000, 150);
    set({ cpuUse: 1 });
    expect(run(1000, 400)).toBeUndefined();
    set({ cpuUse: 0.05 });
    expect(run(20_000, 150)).toBeUndefined();
  });
});

describe("admission closes", () => {
  test.each([1, 5, 50])("within a second when ticks of %i rooms become too late in a busy process", (rooms) => {
    const { run, isOpen, admission } = processOf(rooms);
    run(60_000);
    expect(run(1000, MAX_DELAY_MS + 50)).toBeLessThanOrEqual(1000);
    expect(isOpen()).toBe(false);
    expect(admission.delayMs).toBe(MAX_DELAY_MS + 50);
  });

  test("within two seconds when ticks become too late in a process that was idle", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0 });
    run(60_000);
    set({ cpuUse: 1 });
    expect(run(2000, MAX_DELAY_MS + 50)).toBeLessThanOrEqual(2000);
  });

  test("when every twentieth tick is too late", () => {
    const { run } = processOf();
    expect(run(20_000, (tick) => (tick % 20 === 0 ? 200 : 0))).toBeLessThan(10_000);
  });

  test("when one tick in thirty is skipped for ten seconds, although no tick is very late", () => {
    const { run, admission } = processOf();
    run(20_000, 1);
    expect(run(20_000, (tick) => (tick % 30 === 0 ? TICK_MS : 1))).toBeLessThan(12_000);
    expect(admission.delayMs).toBe(TICK_MS);
  });

  test("when the event loop is late for three seconds, although ticks are on time", () => {
    const { run, isOpen, set } = processOf();
    run(5000);
    set({ loopDelay: 400 });
    run(1000);
    set({ loopDelay: 0 });
    run(5000);
    expect(isOpen()).toBe(true);
    set({ loopDelay: 400 });
    expect(run(5000)).toBeLessThanOrEqual(4000);
    expect(isOpen()).toBe(false);
  });

  test("when the event loop is busy for five seconds, although no tick is late", () => {
    const { run, isOpen, set } = processOf();
    set({ loopUse: 0.7 });
    expect(run(20_000)).toBeUndefined();
    set({ loopUse: 0.9 });
    run(1000);
    set({ loopUse: 0.4 });
    expect(run(20_000)).toBeUndefined();
    set({ loopUse: 0.85 });
    expect(run(20_000)).toBeLessThanOrEqual(6000);
    expect(isOpen()).toBe(false);
    // Admission opens again when the event loop has capacity again, not right after it closed.
    set({ loopUse: 0.7 });
    expect(run(60_000)).toBeUndefined();
    set({ loopUse: 0.5 });
    expect(run(20_000)).toBeLessThanOrEqual(5000);
    expect(run(60_000)).toBeUndefined();
  });

  test("when the process stalls repeatedly for several seconds", () => {
    const { run, wait, set, isOpen } = processOf();
    set({ loopDelay: 3500, loopUse: 0.99 });
    for (let stall = 0; stall < 3; stall++) {
      wait(3500);
      run(TICK_MS, 3500);
    }
    expect(isOpen()).toBe(false);
  });

  test("for new players with the error busy and a time to retry, but not for returning players", () => {
    const { admission, run } = processOf();
    run(5000, 1000);
    expect(admission.refusal(false)).toBe("busy");
    expect(ERRORS.busy.code).toBe(503);
    expect(ERRORS.busy.message).toMatch(/Try again in \d+ seconds\./);
    expect(admission.refusal(true)).toBeUndefined();
  });
});

describe("admission opens again", () => {
  test("some seconds after the ticks are on time again", () => {
    const { run, isOpen } = processOf();
    run(20_000, 400);
    expect(isOpen()).toBe(false);
    const after = run(20_000);
    expect(after).toBeGreaterThan(3000);
    expect(after).toBeLessThan(6000);
    expect(isOpen()).toBe(true);
    // The old delays do not close admission again.
    expect(run(20_000)).toBeUndefined();
  });

  test("some seconds after a burst of joins", () => {
    const { run, isOpen } = processOf();
    run(10_000);
    run(1500, 300);
    expect(isOpen()).toBe(false);
    expect(run(10_000)).toBeLessThan(6000);
  });

  test("some seconds after the process is no longer busy, even if ticks are still late", () => {
    const { run, set } = processOf();
    set({ loopDelay: 400, loopUse: 1 });
    run(10_000, 400);
    set({ cpuUse: 0.35 });
    expect(run(60_000, 400)).toBeUndefined();
    set({ cpuUse: 0.1 });
    expect(run(10_000, 400)).toBeLessThanOrEqual(5000);
    expect(run(60_000, 400)).toBeUndefined();
  });

  test("only when ticks are well within the limits, so that it does not close again at once", () => {
    const { run, isOpen } = processOf();
    run(10_000, 150);
    expect(run(60_000, (tick) => (tick % 50 === 0 ? 90 : 0))).toBeUndefined();
    expect(run(60_000, (tick) => (tick % 20 === 0 ? TICK_MS : 0))).toBeUndefined();
    expect(isOpen()).toBe(false);
    expect(run(10_000, 5)).toBeLessThan(6000);
  });

  test("only when the event loop of a busy process is no longer late", () => {
    const { run, set } = processOf();
    set({ loopDelay: 400 });
    run(10_000, 150);
    expect(run(20_000)).toBeUndefined();
    set({ loopDelay: 0 });
    expect(run(10_000)).toBeLessThanOrEqual(2000);
  });

  test("at once when the last room closes, and earlier measurements do not refuse the next player", () => {
    const { run, isOpen, set, admission } = processOf();
    set({ loopDelay: 400, loopUse: 1 });
    run(10_000, 1000);
    expect(isOpen()).toBe(false);
    set({ rooms: 0 });
    expect(isOpen()).toBe(true);
    expect(admission.delayMs).toBe(0);
    set({ rooms: 1, loopDelay: 0, loopUse: 0 });
    expect(run(20_000)).toBeUndefined();
  });

  test("when the process is empty, and closes when a burst of joins overloads it", () => {
    const { run, isOpen, set } = processOf();
    set({ rooms: 0 });
    expect(isOpen()).toBe(true);
    set({ rooms: 1 });
    expect(run(5000, 300)).toBeLessThanOrEqual(2000);
  });
});

test("admission refuses all joins while the process stops, including those of returning players", () => {
  const { admission, run, wait } = processOf();
  run(5000);
  admission.stop();
  wait(60_000);
  expect(admission.blockedReason).toBe("stopping");
  expect(admission.refusal(false)).toBe("stopping");
  expect(admission.refusal(true)).toBe("stopping");
});
