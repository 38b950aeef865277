// Measures the load of the process over the last seconds: tick delays, event loop delay and utilization, CPU use.
import { createHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { TICK_HZ } from "../../sim/rules.ts";

/** Milliseconds between two samples of the event loop's delay. */
const LOOP_SAMPLE_MS = 10;

/** The longest delay that is recorded, in ms. Longer delays are recorded as this value. */
const MAX_RECORDED_MS = 60_000;

/** The sources of the measurements. Tests use simulated sources. */
export interface Instruments {
  /** A monotonic clock, in ms. */
  now(): number;
  /** The p99 of the event loop's delay since the last call, in ms. */
  loopDelay(): number;
  /** Event loop utilization since the last call, from 0 to 1. Other programs on the same core raise it too. */
  loopUse(): number;
  /** CPU time of the process since the last call, as a share of one core: 1 is one full core. */
  cpuUse(): number;
}

/** Keeps measurements in slices of time, and drops the oldest slice when a new one begins. */
export class LoadMeter {
  readonly #sliceMs: number;
  readonly #instruments: Instruments;
  /** The slices, newest first: the current slice, then the complete ones. */
  readonly #slices: Slice[];
  readonly #merged = newHistogram();
  #sliceEndsAt: number;
  /** The number of complete slices since the start or the last reset. */
  #measured = 0;

  constructor(sliceMs: number, slices: number, instruments: Instruments) {
    this.#sliceMs = sliceMs;
    this.#slices = Array.from({ length: 1 + slices }, () => new Slice());
    this.#instruments = instruments;
    this.#sliceEndsAt = instruments.now() + sliceMs;
  }

  /**
   * Records the delay of a tick.
   * @param lateMs the delay, for the p99.
   * @param countedMs the part of the delay that is included in the mean.
   */
  recordTick(lateMs: number, countedMs: number): void {
    const slice = this.#slices[0]!;
    slice.tickDelayMs += countedMs;
    // The histogram accepts whole numbers from 1 on, so each delay is stored plus 1.
    slice.tickDelays.record(Math.min(1 + Math.floor(lateMs), MAX_RECORDED_MS));
  }

  /** Begins new slices if the current one is over. @returns whether a slice began. */
  advance(): boolean {
    const overdueMs = this.#instruments.now() - this.#sliceEndsAt;
    if (overdueMs < 0) return false;
    const count = 1 + Math.floor(overdueMs / this.#sliceMs);
    this.#sliceEndsAt += count * this.#sliceMs;
    this.#measured += count;
    const { loopDelay, loopUse, cpuUse } = this.#read();
    // Only one slice stores the event loop delay. A stall over several slices would be counted several times if each
    // slice stored the delay.
    this.#slices[0]!.loopDelay = loopDelay;
    for (let i = 0; i < Math.min(count, this.#slices.length); i++) {
      Object.assign(this.#slices[0]!, { loopUse, cpuUse });
      const oldest = this.#slices.pop()!;
      oldest.reset();
      this.#slices.unshift(oldest);
    }
    return true;
  }

  /** Discards all measurements. */
  reset(): void {
    this.#sliceEndsAt = this.#instruments.now() + this.#sliceMs;
    this.#measured = 0;
    this.#read();
    for (const slice of this.#slices) slice.reset();
  }

  /** Whether at least this number of slices is complete. */
  hasMeasured(slices: number): boolean {
    return this.#measured >= slices;
  }

  /** Discards the delays of ticks and of the event loop. */
  resetDelays(): void {
    for (const slice of this.#slices) slice.resetDelays();
  }

  /**
   * Returns the p99 tick delay of the last slices in ms. Ticks are missing if fewer ticks were recorded than one room
   * runs in these slices. Missing ticks count as on time. Otherwise one late tick would decide the p99 of a process
   * that has just started or just got its first player.
   */
  p99TickDelay(slices: number): number {
    const all = this.#merged;
    all.reset();
    for (const { tickDelays } of this.#withCurrent(slices)) all.add(tickDelays);
    const ignored = Math.floor(0.01 * Math.max(all.count, this.#ticksIn(slices)));
    if (all.count <= ignored) return 0;
    return all.percentile((100 * (all.count - ignored)) / all.count) - 1;
  }

  /**
   * Returns the mean of the counted tick delays of the last slices in ms. Missing ticks count as on time, as in
   * `p99TickDelay`.
   */
  meanTickDelay(slices: number): number {
    let delay = 0;
    let ticks = 0;
    for (const { tickDelayMs, tickDelays } of this.#withCurrent(slices)) {
      delay += tickDelayMs;
      ticks += tickDelays.count;
    }
    return delay / Math.max(ticks, this.#ticksIn(slices));
  }

  /**
   * Returns the highest event loop delay in ms of each of the last windows, newest first.
   * @param windows the number of windows.
   * @param slices the number of complete slices in each window.
   */
  loopDelays(windows: number, slices: number): number[] {
    return Array.from({ length: windows }, (_, window) => {
      const begin = 1 + window * slices;
      return Math.max(...this.#slices.slice(begin, begin + slices).map(({ loopDelay }) => loopDelay));
    });
  }

  /** Returns the mean of a reading over the last complete slices. Slices before the first measurement count as 0. */
  mean(reading: "loopUse" | "cpuUse", slices: number): number {
    return this.#slices.slice(1, 1 + slices).reduce((sum, slice) => sum + slice[reading], 0) / slices;
  }

  #read() {
    const { loopDelay, loopUse, cpuUse } = this.#instruments;
    return { loopDelay: loopDelay(), loopUse: loopUse(), cpuUse: cpuUse() };
  }

  /** Returns the current slice and this number of the last complete slices. */
  #withCurrent(slices: number): Slice[] {
    return this.#slices.slice(0, 1 + slices);
  }

  /** Returns the number of ticks that one room runs in this number of slices. */
  #ticksIn(slices: number): number {
    return (slices * this.#sliceMs * TICK_HZ) / 1000;
  }
}

/** The measurements of one slice. The values of the event loop and the CPU are set when the slice ends. */
class Slice {
  readonly tickDelays = newHistogram();
  tickDelayMs = 0;
  loopDelay = 0;
  loopUse = 0;
  cpuUse = 0;

  reset(): void {
    this.resetDelays();
    this.loopUse = 0;
    this.cpuUse = 0;
  }

  resetDelays(): void {
    this.tickDelays.reset();
    this.tickDelayMs = 0;
    this.loopDelay = 0;
  }
}

function newHistogram() {
  // With two significant digits, the histogram is exact up to 256. Larger values are off by up to 1 %.
  return createHistogram({ lowest: 1, highest: MAX_RECORDED_MS, figures: 2 });
}

/** Returns the instruments of this process. */
export function realInstruments(): Instruments {
  const loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  loop.enable();
  let loopBefore = performance.eventLoopUtilization();
  let cpuBefore = cpuMs();
  let cpuReadAt = performance.now();
  return {
    now: () => performance.now(),
    loopDelay: () => {
      const p99 = loop.percentile(99) / 1e6;
      loop.reset();
      return Math.max(0, p99 - LOOP_SAMPLE_MS);
    },
    loopUse: () => {
      const loopNow = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(loopNow, loopBefore);
      loopBefore = loopNow;
      return utilization;
    },
    cpuUse: () => {
      const [cpuNow, now] = [cpuMs(), performance.now()];
      const use = (cpuNow - cpuBefore) / (now - cpuReadAt);
      [cpuBefore, cpuReadAt] = [cpuNow, now];
      return use;
    },
  };
}

/**
 * Returns the CPU time in ms that all threads of the process have used so far. It includes the time in the kernel, most
 * of which is spent on sending data.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
