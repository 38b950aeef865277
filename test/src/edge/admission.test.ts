// The admission policy, tested with a simulated clock, simulated rooms and simulated measurements.
import { describe, expect, test } from "@jest/globals";
import { ERRORS } from "../../../schema/errors.ts";
import { Admission } from "../../../src/edge/admission.ts";

const MAX_DELAY_MS = 100;
const TICK_MS = 50;
const SLICE_MS = 250;

/** Simulates a process with a number of rooms. By default the process uses a whole core. */
function processOf(rooms = 1, maxDelayMs = MAX_DELAY_MS) {
  let now = 1000;
  const readings = { players: rooms, loopDelay: 0, loopUse: 0, cpuUse: 1 };
  const instruments = {
    now: () => now,
    loopDelay: () => readings.loopDelay,
    loopUse: () => readings.loopUse,
    cpuUse: () => readings.cpuUse,
  };
  const admission = new Admission(maxDelayMs, () => readings.players, SLICE_MS, instruments);
  /**
   * Runs ticks that are late by `late` ms. Returns the times at which admission opened or closed, in ms since the call.
   */
  const changes = (milliseconds: number, late: number): number[] => {
    const found: number[] = [];
    let before = admission.blockedReason;
    for (let passed = TICK_MS; passed <= milliseconds; passed += TICK_MS) {
      now += TICK_MS;
      for (let room = 0; room < rooms; room++) admission.tickStarted(late);
      if (admission.blockedReason !== before) found.push(passed);
      before = admission.blockedReason;
    }
    return found;
  };
  return {
    admission,
    changes,
    isOpen: () => admission.refusal(false) === undefined,
    /**
     * Runs ticks that are late by `late` ms. @returns the ms until admission opened or closed; undefined if neither
     * happened.
     */
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

describe("keeping admission open:", () => {
  test("admission stays open while there is no player, even if the event loop is busy and late", () => {
    const { admission, isOpen, wait, set } = processOf();
    set({ players: 0, loopDelay: 5000, loopUse: 1 });
    for (let seconds = 0; seconds < 60; seconds++) {
      expect(isOpen()).toBe(true);
      expect(admission.delayMs).toBe(0);
      wait(1000);
    }
  });

  test.each([1, 5, 50])(
    "admission stays open while the delays of all ticks are within the limits (rooms: %i)",
    (rooms) => {
      const { run, isOpen, admission } = processOf(rooms);
      expect(run(30_000)).toBeUndefined();
      expect(admission.delayMs).toBe(0);
      // One tick in 200 is late by the maximum of 100 ms, and all others are late by 5 ms.
      expect(run(30_000, (tick) => (tick % 200 === 0 ? MAX_DELAY_MS : 5))).toBeUndefined();
      expect(admission.delayMs).toBe(5);
      expect(isOpen()).toBe(true);
    },
  );

  test.each([1, 5, 50])(
    "admission stays open after the ticks have paused once for three seconds (rooms: %i)",
    (rooms) => {
      const { run, isOpen } = processOf(rooms);
      run(10_000);
      expect(run(30_000, (tick) => (tick === 100 ? 3000 : 1))).toBeUndefined();
      // Pauses of half a second every six seconds do not close admission either.
      expect(run(60_000, (tick) => (tick % 120 === 0 ? 500 : 1))).toBeUndefined();
      expect(isOpen()).toBe(true);
    },
  );

  test("admission stays open after the event loop has stalled once for several seconds", () => {
    const { run, wait, set } = processOf();
    run(10_000);
    wait(3500);
    set({ loopDelay: 3500 });
    expect(run(SLICE_MS, (tick) => (tick === 0 ? 3500 : 0))).toBeUndefined();
    set({ loopDelay: 0 });
    expect(run(20_000)).toBeUndefined();
  });

  test("admission stays open when the first tick of a process is very late", () => {
    const { run, isOpen } = processOf();
    run(50, 2000);
    expect(isOpen()).toBe(true);
  });

  test("admission stays open under any load if the maximum delay is 0", () => {
    const { run, isOpen } = processOf(1, 0);
    run(20_000, 5000);
    expect(isOpen()).toBe(true);
  });
});

describe("keeping admission open in a process that uses little CPU:", () => {
  test.each([1, 5, 50])(
    "a process at 40 % of a core keeps admission open even if all its ticks are late (rooms: %i)",
    (rooms) => {
      const { run, set, admission } = processOf(rooms);
      set({ cpuUse: 0.4 });
      expect(run(60_000, 400)).toBeUndefined();
      expect(admission.delayMs).toBeGreaterThan(MAX_DELAY_MS);
      set({ cpuUse: 0.5 });
      expect(run(10_000, 400)).toBeLessThanOrEqual(3000);
    },
  );

  test("a process at 40 % of a core keeps admission open even if its event loop is delayed", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.4, loopDelay: 400 });
    expect(run(60_000)).toBeUndefined();
    set({ cpuUse: 0.5 });
    expect(run(10_000)).toBeLessThanOrEqual(3000);
  });

  test("a process at 40 % of a core keeps admission open even if its event loop is never idle", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.4, loopUse: 1 });
    expect(run(60_000)).toBeUndefined();
    set({ cpuUse: 0.5 });
    expect(run(10_000)).toBeLessThanOrEqual(3000);
  });

  test("a mostly idle process keeps admission open while a burst of joins uses a whole core for a second", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0.05 });
    run(20_000, 150);
    set({ cpuUse: 1 });
    expect(run(1000, 400)).toBeUndefined();
    set({ cpuUse: 0.05 });
    expect(run(20_000, 150)).toBeUndefined();
  });
});

describe("closing admission:", () => {
  test.each([1, 5, 50])("in a busy process, late ticks close admission within a second (rooms: %i)", (rooms) => {
    const { run, isOpen, admission } = processOf(rooms);
    run(60_000);
    expect(run(1000, MAX_DELAY_MS + 50)).toBeLessThanOrEqual(1000);
    expect(isOpen()).toBe(false);
    expect(admission.delayMs).toBe(MAX_DELAY_MS + 50);
  });

  test("admission closes within two seconds when ticks become too late in a process that was idle", () => {
    const { run, set } = processOf();
    set({ cpuUse: 0 });
    run(60_000);
    set({ cpuUse: 1 });
    expect(run(2000, MAX_DELAY_MS + 50)).toBeLessThanOrEqual(2000);
  });

  test("admission closes when every twentieth tick is too late", () => {
    const { run } = processOf();
    expect(run(20_000, (tick) => (tick % 20 === 0 ? 200 : 0))).toBeLessThan(10_000);
  });

  test("admission closes when every thirtieth tick is late by one tick interval, even if the delay limit is higher", () => {
    const { run, admission } = processOf();
    run(20_000, 1);
    expect(run(20_000, (tick) => (tick % 30 === 0 ? TICK_MS : 1))).toBeLessThan(12_000);
    expect(admission.delayMs).toBe(TICK_MS);
  });

  test("admission closes when the event loop is late for three seconds, even if all ticks are on time", () => {
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

  test("admission closes when the event loop is busy for five seconds, even if no tick is late", () => {
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
    // Admission closes above a utilization of 0.75, and opens again only at 0.65 or below.
    set({ loopUse: 0.7 });
    expect(run(60_000)).toBeUndefined();
    set({ loopUse: 0.5 });
    expect(run(20_000)).toBeLessThanOrEqual(5000);
    expect(run(60_000)).toBeUndefined();
  });

  test("admission closes when the process stalls repeatedly for several seconds", () => {
    const { run, wait, set, isOpen } = processOf();
    set({ loopDelay: 3500, loopUse: 0.99 });
    for (let stall = 0; stall < 3; stall++) {
      wait(3500);
      run(TICK_MS, 3500);
    }
    expect(isOpen()).toBe(false);
  });

  test("new players get the error `busy` while admission is closed, but returning players can join", () => {
    const { admission, run } = processOf();
    run(5000, 1000);
    expect(admission.refusal(false)).toBe("busy");
    expect(ERRORS.busy.code).toBe(503);
    expect(ERRORS.busy.message).toMatch(/Try again in \d+ seconds\./);
    expect(admission.refusal(true)).toBeUndefined();
  });
});

describe("admission right after a start:", () => {
  test("admission closes once and stays closed while the process is overloaded", () => {
    const { changes } = processOf();
    expect(changes(60_000, 400)).toEqual([1250]);
  });

  test("admission does not open again within five seconds of the start, even if the process is no longer busy", () => {
    const { changes, set } = processOf();
    expect(changes(1250, 400)).toEqual([1250]);
    set({ cpuUse: 0 });
    expect(changes(60_000, 0)).toEqual([3750]);
  });

  test("in an overloaded process, admission opens when the last player leaves, and closes after the next player joins", () => {
    const { changes, isOpen, set } = processOf();
    changes(60_000, 400);
    set({ players: 0 });
    expect(isOpen()).toBe(true);
    set({ players: 1 });
    expect(changes(60_000, 400)).toEqual([1250]);
  });
});

describe("reopening admission, and closing it again:", () => {
  test("admission opens again some seconds after the ticks are on time again", () => {
    const { run, isOpen } = processOf();
    run(20_000, 400);
    expect(isOpen()).toBe(false);
    const after = run(20_000);
    expect(after).toBeGreaterThan(3000);
    expect(after).toBeLessThan(6000);
    expect(isOpen()).toBe(true);
    // Ticks that were late before admission opened do not close it again.
    expect(run(20_000)).toBeUndefined();
  });

  test("admission opens again some seconds after a burst of joins", () => {
    const { run, isOpen } = processOf();
    run(10_000);
    run(1500, 300);
    expect(isOpen()).toBe(false);
    expect(run(10_000)).toBeLessThan(6000);
  });

  test("admission opens again some seconds after the process is no longer busy, even if ticks are still late", () => {
    const { run, set } = processOf();
    set({ loopDelay: 400, loopUse: 1 });
    run(10_000, 400);
    set({ cpuUse: 0.35 });
    expect(run(60_000, 400)).toBeUndefined();
    set({ cpuUse: 0.1 });
    expect(run(10_000, 400)).toBeLessThanOrEqual(5000);
    expect(run(60_000, 400)).toBeUndefined();
  });

  test("admission opens again only when ticks are well within the limits, so that it does not close again at once", () => {
    const { run, isOpen } = processOf();
    run(10_000, 150);
    expect(run(60_000, (tick) => (tick % 50 === 0 ? 90 : 0))).toBeUndefined();
    expect(run(60_000, (tick) => (tick % 20 === 0 ? TICK_MS : 0))).toBeUndefined();
    expect(isOpen()).toBe(false);
    expect(run(10_000, 5)).toBeLessThan(6000);
  });

  test("in a busy process, admission opens again only when the event loop is no longer late", () => {
    const { run, set } = processOf();
    set({ loopDelay: 400 });
    run(10_000, 150);
    expect(run(20_000)).toBeUndefined();
    set({ loopDelay: 0 });
    expect(run(10_000)).toBeLessThanOrEqual(2000);
  });

  test("admission opens at once when the last player leaves, and earlier measurements do not close it again", () => {
    const { run, isOpen, set, admission } = processOf();
    set({ loopDelay: 400, loopUse: 1 });
    run(10_000, 1000);
    expect(isOpen()).toBe(false);
    set({ players: 0 });
    expect(isOpen()).toBe(true);
    expect(admission.delayMs).toBe(0);
    set({ players: 1, loopDelay: 0, loopUse: 0 });
    expect(run(20_000)).toBeUndefined();
  });

  test("admission closes within two seconds if a burst of joins overloads a process that had no players", () => {
    const { run, isOpen, set } = processOf();
    set({ players: 0 });
    expect(isOpen()).toBe(true);
    set({ players: 1 });
    expect(run(5000, 300)).toBeLessThanOrEqual(2000);
  });
});

test("admission refuses all joins while the process is stopping, even joins of returning players", () => {
  const { admission, run, wait } = processOf();
  run(5000);
  admission.stop();
  wait(60_000);
  expect(admission.blockedReason).toBe("stopping");
  expect(admission.refusal(false)).toBe("stopping");
  expect(admission.refusal(true)).toBe("stopping");
});
