// Measures the load of the process over the last seconds: how late ticks start, and what the event loop and the CPU do.
import { createHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { TICK_HZ } from "../../sim/rules.ts";

/** Milliseconds between two samples of the event loop's delay. */
const LOOP_SAMPLE_MS = 10;

/** Longer delays are counted as this one, in ms. */
const LONGEST_MS = 60_000;

/** The sources of the measurements. Tests pass their own. */
export interface Instruments {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** The p99 of the event loop's delay since the last call, in ms. */
  loopDelay(): number;
  /** The share of wall time in which the event loop was at work since the last call, 0 to 1. Neighbours raise it too. */
  loopUse(): number;
  /** CPU time of the process since the last call as a share of one core: 1 is one full core. */
  cpuUse(): number;
}

/** Keeps measurements in slices of time, and drops the oldest slice when a new one begins. */
export class LoadMeter {
  readonly #sliceMs: number;
  readonly #instruments: Instruments;
  /** The newest first: the slice that is being filled, then the complete ones. */
  readonly #slices: Slice[];
  readonly #merged = newHistogram();
  #sliceEnds: number;

  constructor(sliceMs: number, slices: number, instruments: Instruments) {
    this.#sliceMs = sliceMs;
    this.#slices = Array.from({ length: 1 + slices }, () => new Slice());
    this.#instruments = instruments;
    this.#sliceEnds = instruments.now() + sliceMs;
  }

  /** Adds a tick that started late. `countedMs`: the part of its delay that counts in the mean. */
  recordTick(lateMs: number, countedMs: number): void {
    const slice = this.#slices[0]!;
    slice.tickDelayMs += countedMs;
    // A histogram counts whole numbers from 1 on.
    slice.tickDelays.record(Math.min(1 + Math.floor(lateMs), LONGEST_MS));
  }

  /** Begins a new slice when it is time for it. @returns whether it did. */
  advance(): boolean {
    const over = this.#instruments.now() - this.#sliceEnds;
    if (over < 0) return false;
    const turns = 1 + Math.floor(over / this.#sliceMs);
    this.#sliceEnds += turns * this.#sliceMs;
    const { loopDelay, loopUse, cpuUse } = this.#read();
    // A single stall, however many slices long, makes no more than one of them late.
    this.#slices[0]!.loopDelay = loopDelay;
    for (let turn = 0; turn < Math.min(turns, this.#slices.length); turn++) {
      Object.assign(this.#slices[0]!, { loopUse, cpuUse });
      const oldest = this.#slices.pop()!;
      oldest.reset();
      this.#slices.unshift(oldest);
    }
    return true;
  }

  /** Forgets everything. */
  reset(): void {
    this.#sliceEnds = this.#instruments.now() + this.#sliceMs;
    this.#read();
    for (const slice of this.#slices) slice.reset();
  }

  /** Forgets the delays of ticks and of the event loop. */
  resetDelays(): void {
    for (const slice of this.#slices) slice.resetDelays();
  }

  /**
   * The p99 of the last slices, in ms. Missing ticks count as punctual, so that a process that has just started, or just
   * got its first player, is judged no more harshly than one that has run for long.
   */
  p99TickDelay(slices: number): number {
    const all = this.#merged;
    all.reset();
    for (const { tickDelays } of this.#withCurrent(slices)) all.add(tickDelays);
    const overlooked = Math.floor(0.01 * Math.max(all.count, this.#ticksIn(slices)));
    if (all.count <= overlooked) return 0;
    return all.percentile((100 * (all.count - overlooked)) / all.count) - 1;
  }

  /** The mean of what counts of the delays of the last slices, in ms. Missing ticks count as punctual. */
  meanTickDelay(slices: number): number {
    let delay = 0;
    let ticks = 0;
    for (const { tickDelayMs, tickDelays } of this.#withCurrent(slices)) {
      delay += tickDelayMs;
      ticks += tickDelays.count;
    }
    return delay / Math.max(ticks, this.#ticksIn(slices));
  }

  /** The event loop's highest delay in each of the last stretches of `slices`, the latest first. */
  loopDelays(stretches: number, slices: number): number[] {
    return Array.from({ length: stretches }, (_, stretch) => {
      const begin = 1 + stretch * slices;
      return Math.max(...this.#slices.slice(begin, begin + slices).map(({ loopDelay }) => loopDelay));
    });
  }

  /** The mean of the last complete slices; those before the first one count as 0. */
  mean(reading: "loopUse" | "cpuUse", slices: number): number {
    return this.#slices.slice(1, 1 + slices).reduce((sum, slice) => sum + slice[reading], 0) / slices;
  }

  #read() {
    const { loopDelay, loopUse, cpuUse } = this.#instruments;
    return { loopDelay: loopDelay(), loopUse: loopUse(), cpuUse: cpuUse() };
  }

  /** The last complete slices, and the one that is being filled. */
  #withCurrent(slices: number): Slice[] {
    return this.#slices.slice(0, 1 + slices);
  }

  /** The ticks of one room in a number of slices. */
  #ticksIn(slices: number): number {
    return (slices * this.#sliceMs * TICK_HZ) / 1000;
  }
}

/** The measurements of one slice of time. Those of the event loop and the CPU are known at its end. */
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
  // With two digits it is exact up to 256, and to one in a hundred beyond.
  return createHistogram({ lowest: 1, highest: LONGEST_MS, figures: 2 });
}

/** The instruments of this process. */
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

/** The CPU time of all threads so far. The kernel's part is ours too: most of it is sending. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
