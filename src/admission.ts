// Whether the process takes one more player: not while its event loop has little time left or its ticks start late, nor
// when it is about to stop. Those who play are to feel nothing of those who would like to.
import { createHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { matchMaker } from "colyseus";
import type { Door } from "../rooms/define-world-room.ts";
import { ERRORS } from "../rooms/errors.ts";
import { TICK_HZ } from "../sim/rules.ts";

/** Delays are counted by slices of time, of which the oldest is forgotten when a new one begins. */
const SLICE_MS = 250;

/**
 * Slices by which the door is closed: ten seconds. One tick in a hundred may be late, so it takes three, whatever the
 * number of rooms: a single collection of garbage makes one late in each.
 */
const CLOSING_SLICES = 40;

/** Slices by which it is opened again: five seconds, of which one late tick is overlooked. */
const OPENING_SLICES = 20;

/** Milliseconds of a tick's delay that do not count: timers have a grain. */
const GRAIN_MS = 5;

/**
 * Part of the most delay by which ticks may be late on average, the grain and all of a single stall beyond the most delay
 * not counted. A core that is full leaves out a tick here and there long before one in a hundred is very late.
 */
const LATE_ON_AVERAGE = 1 / 100;

/** Part of the most delay below which it is opened again. In between it stays as it is. */
const CALM = 0.8;

/** Slices after which the event loop itself is read: a second. */
const LOOP_SLICES = 4;

/** Readings of its delay that all have to be high: in a second in which it stood still once, there is little else to count. */
const DELAY_READINGS = 3;

/** Readings of its use, whose mean counts: five seconds. */
const USE_READINGS = 5;

/**
 * Parts of its time for which the loop may be at work: above the one nobody is let in, below the other again. By the time
 * that ticks come late it is too late, as those who are on their way in still come.
 */
const FULL = 0.75;
const ROOMY = 0.65;

/** Milliseconds between two samples of the event loop, which are part of what is measured. */
const LOOP_SAMPLE_MS = 10;

/** The longest delay that is told from a longer one, in ms. */
const LONGEST_MS = 60_000;

/** Seconds after which somebody who was not let in may ask again. */
const RETRY_SECONDS = 10;

/** What the delay is measured by, so that a test can have its own time. */
export interface Instruments {
  /** Milliseconds since whenever. */
  now(): number;
  /** The p99 of the event loop's delay since it was asked the last time, in ms. */
  loopDelay(): number;
  /** The part of the time for which the event loop was at work since it was asked the last time, 0 to 1. */
  loopUse(): number;
}

/** Why nobody is let in. */
type Hindrance = "busy" | "stopping";

/** The door of the process. */
export class Admission implements Door {
  readonly #maxDelayMs: number;
  readonly #instruments: Instruments;
  /** The one that is being filled, and those before it that count. */
  readonly #slices = Array.from({ length: 1 + CLOSING_SLICES }, () => new Slice());
  readonly #merged = newHistogram();
  /** The number of the slice that is being filled, counted from the start. */
  #slice = 0;
  #sliceEnds: number;
  /** The latest readings of the loop, the newest first. */
  #loopDelays: number[] = [];
  #loopUses: number[] = [];
  #isBusy = false;
  #isStopping = false;

  /**
   * @param maxDelayMs the p99 of the ticks' delay above which nobody is let in, or a hundredth of it on average; 0 to let
   * in everybody, however full the event loop is.
   */
  constructor(maxDelayMs: number, instruments: Instruments = realInstruments()) {
    this.#maxDelayMs = maxDelayMs;
    this.#instruments = instruments;
    this.#sliceEnds = instruments.now() + SLICE_MS;
  }

  /** Counts a tick that has started so many ms after it was due. It is called twenty times a second for each room. */
  tickStarted(lateMs: number): void {
    this.#turn();
    // A single stall, however long, is not to close the door.
    this.#current.lateMs += Math.min(Math.max(0, lateMs - GRAIN_MS), this.#maxDelayMs);
    // A histogram counts whole numbers from 1 on.
    this.#current.delays.record(Math.min(1 + Math.floor(lateMs), LONGEST_MS));
  }

  refusal(isHere: boolean): { code: number; sentence: string } | undefined {
    const hindrance = this.hindrance;
    if (hindrance === undefined || (hindrance === "busy" && isHere)) return undefined;
    return ERRORS[hindrance];
  }

  /** Lets nobody in any more, not even who is here already: there will be no here. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Why nobody is let in at the moment. */
  get hindrance(): Hindrance | undefined {
    if (this.#isStopping) return "stopping";
    this.#turn();
    return this.#isBusy ? "busy" : undefined;
  }

  /** How late ticks start at the moment, in ms: the p99 of the last ten seconds. 0 while nobody plays. */
  get delayMs(): number {
    this.#turn();
    return this.#delay(CLOSING_SLICES);
  }

  get #current() {
    return this.#slices[this.#slice % this.#slices.length]!;
  }

  /** Begins a new slice when it is time to, and then looks whether the door is to be opened or closed. */
  #turn(): void {
    const over = this.#instruments.now() - this.#sliceEnds;
    if (over < 0) return;
    const turns = 1 + Math.floor(over / SLICE_MS);
    this.#sliceEnds += turns * SLICE_MS;
    const isLoopDue = Math.floor((this.#slice + turns) / LOOP_SLICES) > Math.floor(this.#slice / LOOP_SLICES);
    if (isLoopDue) {
      this.#loopDelays = [this.#instruments.loopDelay(), ...this.#loopDelays].slice(0, DELAY_READINGS);
      this.#loopUses = [this.#instruments.loopUse(), ...this.#loopUses].slice(0, USE_READINGS);
    }
    for (let turn = 0; turn < Math.min(turns, this.#slices.length); turn++) {
      this.#slice++;
      this.#current.reset();
    }
    this.#review();
  }

  #review(): void {
    if (this.#maxDelayMs === 0) return;
    if (this.#isBusy) {
      const calm = CALM * this.#maxDelayMs;
      // One late tick is overlooked here too: it cannot make more than this on average.
      const areTicksCalm =
        this.#delay(OPENING_SLICES) <= calm && this.#lateness(OPENING_SLICES) <= LATE_ON_AVERAGE * this.#maxDelayMs;
      const isCalm = areTicksCalm && (this.#loopDelays[0] ?? 0) <= calm && mean(this.#loopUses) <= ROOMY;
      if (!isCalm && this.#merged.count > 0) return;
      this.#isBusy = false;
      // What closed it is over and done with: it is not to close it again, nor to whom it opens when all are gone.
      if (this.#merged.count === 0) this.#loopUses = [];
      for (const slice of this.#slices) slice.reset();
      this.#loopDelays = [];
    } else {
      const tooMuch = this.#maxDelayMs;
      const isLoopLate = this.#loopDelays.length === DELAY_READINGS && Math.min(...this.#loopDelays) > tooMuch;
      const isLoopFull = this.#loopUses.length === USE_READINGS && mean(this.#loopUses) > FULL;
      const areTicksLate =
        this.#delay(CLOSING_SLICES) > tooMuch || this.#lateness(CLOSING_SLICES) > LATE_ON_AVERAGE * tooMuch;
      // Where nobody plays there are no ticks, and nobody who could feel anything.
      this.#isBusy = areTicksLate || ((isLoopLate || isLoopFull) && this.#merged.count > 0);
    }
  }

  /**
   * The p99 of the last slices, in ms. Ticks that are missing count as punctual, so that a process which has just been
   * started, or has just got its first player, is judged no more harshly than one that has run for long.
   */
  #delay(slices: number): number {
    const all = this.#merged;
    all.reset();
    for (const { delays } of this.#last(slices)) all.add(delays);
    const overlooked = Math.floor(0.01 * Math.max(all.count, ticksIn(slices)));
    if (all.count <= overlooked) return 0;
    return all.percentile((100 * (all.count - overlooked)) / all.count) - 1;
  }

  /** How late a tick of the last slices was on average, in ms. Ticks that are missing count as punctual here too. */
  #lateness(slices: number): number {
    let late = 0;
    let ticks = 0;
    for (const { lateMs, delays } of this.#last(slices)) {
      late += lateMs;
      ticks += delays.count;
    }
    return late / Math.max(ticks, ticksIn(slices));
  }

  /** So many slices that are over, and the one that is being filled. */
  *#last(slices: number): Iterable<Slice> {
    for (let i = 0; i <= slices && i <= this.#slice; i++) {
      yield this.#slices[(this.#slice - i) % this.#slices.length]!;
    }
  }
}

/** What was counted in a stretch of time. */
class Slice {
  readonly delays = newHistogram();
  lateMs = 0;

  reset(): void {
    this.delays.reset();
    this.lateMs = 0;
  }
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The ticks of one room in so many slices. */
function ticksIn(slices: number): number {
  return (slices * SLICE_MS * TICK_HZ) / 1000;
}

function newHistogram() {
  // With two digits it is exact up to 256, and to one in a hundred beyond.
  return createHistogram({ lowest: 1, highest: LONGEST_MS, figures: 2 });
}

/**
 * Says to the framework's matchmaking by HTTP why there is none: once it stops, its own answer has no body, on which the
 * SDK throws a SyntaxError instead of an error with a code.
 * @param onRefused is told the error and whom the request counts for.
 * @returns the answer; undefined while the framework has one of its own.
 */
export function refuseWhileStopping(
  request: Request,
  onRefused: (error: { code: number; message: string }, address: string | undefined) => void,
): Response | undefined {
  const { state, MatchMakerState, controller } = matchMaker;
  if (state !== MatchMakerState.SHUTTING_DOWN) return undefined;
  if (!new URL(request.url).pathname.startsWith(`/${controller.matchmakeRoute}/`)) return undefined;
  const { code, sentence } = ERRORS.stopping;
  onRefused({ code, message: sentence }, request.headers.get("x-real-ip") ?? undefined);
  return sayingWhen(Response.json({ code, error: sentence }, { status: code }));
}

/** Adds to an answer that nobody is let in at the moment when to ask again. The sentences of the errors say the same. */
export function sayingWhen(response: Response): Response {
  if (response.status === ERRORS.busy.code) response.headers.set("Retry-After", String(RETRY_SECONDS));
  return response;
}

function realInstruments(): Instruments {
  const loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  loop.enable();
  let before = performance.eventLoopUtilization();
  return {
    now: () => performance.now(),
    loopUse: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    loopDelay: () => {
      const p99 = loop.percentile(99) / 1e6;
      loop.reset();
      return Math.max(0, p99 - LOOP_SAMPLE_MS);
    },
  };
}
