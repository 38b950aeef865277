// The admission policy, with time, rooms and measurements of the test's own.
import { describe, expect, test } from "@jest/globals";
import { ERRORS } from "../../../schema/errors.ts";
import { Admission } from "../../../src/edge/admission.ts";

const MAX_DELAY_MS = 100;
const TICK_MS = 50;
const SLICE_MS = 250;

/** A process with a number of rooms, whose ticks are as late as the test says. Its CPU is busy unless told otherwise. */
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
    /** Ticks for a while, each tick of each room late by `late` ms. @returns the ms after which admission opened or closed. */
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
    /** Changes what the instruments say. */
    set(changes: Partial<typeof readings>): void {
      Object.assign(readings, changes);
    },
  };
}

describe("admission is open", () => {
  test("at the start of a process, and while there is no room, whatever the event loop does", () => {
    const { admission, isOpen, wait, set } = processOf();
    set({ rooms: 0, loopDelay: 5000, loopUse: 1 });
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

  test("in spite of a single stall of the event loop that lasts for seconds", () => {
    const { run, wait, set } = processOf();
    run(10_000);
    wait(3500);
    set({ loopDelay: 3500 });
    expect(run(SLICE_MS, (tick) => (tick === 0 ? 3500 : 0))).toBeUndefined();
    set({ loopDelay: 0 });
    expect(run(20_000)).toBeUndefined();
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

describe("while the process itself uses at most 40 % of a core, admission stays open", () => {
  test.each([1, 5, 50])("although all ticks of %i rooms are late", (rooms) => {
    const { run, set, admission } = processOf(rooms);
    set({ cpuUse: 0.4 });
    expect(run(60_000, 400)).toBeUndefined();
    expect(admission.delayMs).toBeGreaterThan(MAX_DELAY_MS);
    set({ cpuUse: 0.5 });
    expect(run(10_000, 400)).toBeLessThanOrEqual(3000);
  });

  test("although the event loop is late", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.4, loopDelay: 400 });
    expect(run(60_000)).toBeUndefined();
    set({ cpuUse: 0.5 });
    expect(run(10_000)).toBeLessThanOrEqual(3000);
  });

  test("although the event loop is busy by wall time", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.4, loopUse: 1 });
    expect(run(60_000)).toBeUndefined();
    set({ cpuUse: 0.5 });
    expect(run(10_000)).toBeLessThanOrEqual(3000);
  });

  test("although a burst of joins takes a whole core for a second, among late ticks", () => {
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
  test.each([1, 5, 50])("within a second when ticks of %i rooms get too late on a busy process", (rooms) => {
    const { run, isOpen, admission } = processOf(rooms);
    run(60_000);
    expect(run(1000, MAX_DELAY_MS + 50)).toBeLessThanOrEqual(1000);
    expect(isOpen()).toBe(false);
    expect(admission.delayMs).toBe(MAX_DELAY_MS + 50);
  });

  test("within two seconds when ticks get too late on a process that was idle before", () => {
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

  test("when one tick in thirty is left out, for ten seconds: none is very late, but they are too few", () => {
    const { run, admission } = processOf();
    run(20_000, 1);
    expect(run(20_000, (tick) => (tick % 30 === 0 ? TICK_MS : 1))).toBeLessThan(12_000);
    expect(admission.delayMs).toBe(TICK_MS);
  });

  test("when the event loop is late for three seconds, though the ticks are not", () => {
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

  test("when the event loop was at work most of the time for five seconds, though no tick is late", () => {
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
    // It opens when there is room again, and not a moment after it closed.
    set({ loopUse: 0.7 });
    expect(run(60_000)).toBeUndefined();
    set({ loopUse: 0.5 });
    expect(run(20_000)).toBeLessThanOrEqual(5000);
    expect(run(60_000)).toBeUndefined();
  });

  test("when the process stalls for several seconds again and again", () => {
    const { run, wait, set, isOpen } = processOf();
    set({ loopDelay: 3500, loopUse: 0.99 });
    for (let stall = 0; stall < 3; stall++) {
      wait(3500);
      run(TICK_MS, 3500);
    }
    expect(isOpen()).toBe(false);
  });

  test("to new players, with a code, a sentence and a hint when to come back; not to returning players", () => {
    const { admission, run } = processOf();
    run(5000, 1000);
    expect(admission.refusal(false)).toBe("busy");
    expect(ERRORS.busy.code).toBe(503);
    expect(ERRORS.busy.message).toMatch(/Try again in \d+ seconds\./);
    expect(admission.refusal(true)).toBeUndefined();
  });
});

describe("admission opens again", () => {
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

  test("some seconds after the process itself is no longer busy, however late the ticks still are", () => {
    const { run, set } = processOf();
    set({ loopDelay: 400, loopUse: 1 });
    run(10_000, 400);
    set({ cpuUse: 0.35 });
    expect(run(60_000, 400)).toBeUndefined();
    set({ cpuUse: 0.1 });
    expect(run(10_000, 400)).toBeLessThanOrEqual(5000);
    expect(run(60_000, 400)).toBeUndefined();
  });

  test("not while ticks are almost too late, or almost too few: it would close at once", () => {
    const { run, isOpen } = processOf();
    run(10_000, 150);
    expect(run(60_000, (tick) => (tick % 50 === 0 ? 90 : 0))).toBeUndefined();
    expect(run(60_000, (tick) => (tick % 20 === 0 ? TICK_MS : 0))).toBeUndefined();
    expect(isOpen()).toBe(false);
    expect(run(10_000, 5)).toBeLessThan(6000);
  });

  test("not while the event loop of a busy process is late", () => {
    const { run, set } = processOf();
    set({ loopDelay: 400 });
    run(10_000, 150);
    expect(run(20_000)).toBeUndefined();
    set({ loopDelay: 0 });
    expect(run(10_000)).toBeLessThanOrEqual(2000);
  });

  test("at once when nobody is in, and what was measured before does not close it for the next player", () => {
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

  test("for an empty process only until a burst of joins overloads it", () => {
    const { run, isOpen, set } = processOf();
    set({ rooms: 0 });
    expect(isOpen()).toBe(true);
    set({ rooms: 1 });
    expect(run(5000, 300)).toBeLessThanOrEqual(2000);
  });
});

test("a process that stops refuses everybody, also returning players", () => {
  const { admission, run, wait } = processOf();
  run(5000);
  admission.stop();
  wait(60_000);
  expect(admission.blockedReason).toBe("stopping");
  expect(admission.refusal(false)).toBe("stopping");
  expect(admission.refusal(true)).toBe("stopping");
});
