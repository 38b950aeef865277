// Decides whether the process accepts new players. It refuses them while the process is overloaded by its own work,
// because their joins would slow down the current players. It also refuses them while the process is about to stop.
// Below, admission "closes" when the process begins to refuse new players for overload.
import type { AdmissionPolicy } from "../../rooms/define-world-room.ts";
import type { ErrorName } from "../../schema/errors.ts";
import { type Instruments, LoadMeter, realInstruments } from "./load-meter.ts";

/** The load is measured in slices of this many ms. All windows below are numbers of slices. */
const SLICE_MS = 250;

/**
 * The decision to close admission uses the tick delays in this window: ten seconds. One room ticks 200 times in it, so
 * three late ticks are more than the 1 % that the p99 ignores. The number of rooms does not matter, because a busy
 * event loop delays the ticks of all rooms.
 */
const CLOSING_SLICES = 40;

/**
 * The window in which the load must be low before admission opens again: five seconds. One room ticks 100 times in it,
 * so the p99 ignores one late tick.
 */
const OPENING_SLICES = 20;

/** The window over which the utilization of the event loop is averaged: five seconds. */
const USE_SLICES = 20;

/**
 * Admission closes if the delay of the event loop was too high in each of the last LATE_SECONDS seconds. A single stall
 * raises the delay of only one second.
 */
const SLICES_PER_SECOND = 4;
const LATE_SECONDS = 3;

/**
 * CPU use of the process, in shares of one core. Admission closes only above CLOSING_CPU. It opens again at or below
 * OPENING_CPU, even if ticks are still late. In that case other programs on the machine delay the ticks, and refusing
 * players would not help. All threads of the process count, because ticks also wait for the threads of the garbage
 * collector. Threads for which ticks do not wait use little CPU time.
 */
const CLOSING_CPU = 0.4;
const OPENING_CPU = 0.3;

/**
 * The decision to close admission uses the average CPU use in this window: three seconds. At full use of one core, the
 * average exceeds CLOSING_CPU after little more than a second. So a long burst of joins into an idle process closes
 * admission soon. Twenty joins on a slow machine take too little time to close admission.
 */
const CPU_SLICES = 12;

/** The precision of timers in ms. The mean tick delay ignores this part of each delay. */
const TIMER_PRECISION_MS = 5;

/**
 * Admission closes if the mean tick delay exceeds this share of `maxDelayMs`. The mean ignores the timer precision in
 * each delay, and counts the rest only up to `maxDelayMs`. On a saturated core, the mean exceeds its limit long before
 * the p99 does, because at first only a few ticks are late.
 */
const MAX_MEAN_DELAY = 1 / 100;

/**
 * Admission opens again only if the p99 tick delay and the event loop delay are at most this share of `maxDelayMs`. The
 * delays do not matter if the CPU use is at most OPENING_CPU.
 */
const OPENING_DELAY = 0.8;

/**
 * The utilization of the event loop above which admission closes, and the utilization below which admission opens
 * again. The tick delays alone would close admission too late: players who have reserved a seat before admission closes
 * still join, and add load.
 */
const CLOSING_LOOP_USE = 0.75;
const OPENING_LOOP_USE = 0.65;

/** The name of the error with which new players are refused. */
type BlockedReason = ErrorName & ("busy" | "stopping");

/** The admission policy of the process. */
export class Admission implements AdmissionPolicy {
  readonly #maxDelayMs: number;
  readonly #load: LoadMeter;
  readonly #playerCount: () => number;
  #isBusy = false;
  #isStopping = false;

  /**
   * @param maxDelayMs admission closes if the p99 tick delay is above this value, or if the mean tick delay is above a
   * hundredth of this value. 0 keeps admission open under any load.
   * @param playerCount returns the number of players in all rooms, including players whose seat is held for a
   * reconnection.
   * @param sliceMs the length of a slice. Each window of measurement has a fixed number of slices. Tests pass a short
   * slice, so that all windows are short.
   */
  constructor(
    maxDelayMs: number,
    playerCount: () => number,
    sliceMs = SLICE_MS,
    instruments: Instruments = realInstruments(),
  ) {
    this.#maxDelayMs = maxDelayMs;
    this.#load = new LoadMeter(sliceMs, CLOSING_SLICES, instruments);
    this.#playerCount = playerCount;
  }

  /** Records the delay of a tick in ms. Called once per tick of each room. */
  tickStarted(lateMs: number): void {
    this.#update();
    // A delay counts in the mean only up to `maxDelayMs`, so that one long stall does not close admission.
    this.#load.recordTick(lateMs, Math.min(Math.max(0, lateMs - TIMER_PRECISION_MS), this.#maxDelayMs));
  }

  refusal(isReturning: boolean): BlockedReason | undefined {
    const reason = this.blockedReason;
    return reason === "busy" && isReturning ? undefined : reason;
  }

  /** Refuses all joins from now on, including returning players. Called when the process is about to stop. */
  stop(): void {
    this.#isStopping = true;
  }

  /** The error with which new players are refused now; undefined while they are accepted. */
  get blockedReason(): BlockedReason | undefined {
    if (this.#isStopping) return "stopping";
    this.#update();
    return this.#isBusy ? "busy" : undefined;
  }

  /** The p99 tick delay of the last ten seconds in ms; 0 while there is no player. */
  get delayMs(): number {
    this.#update();
    return this.#load.p99TickDelay(CLOSING_SLICES);
  }

  #update(): void {
    if (this.#playerCount() === 0) {
      // Admission opens at once if there are no players. Earlier measurements must not lead to the refusal of the next
      // player.
      this.#isBusy = false;
      this.#load.reset();
    } else if (this.#load.advance() && this.#maxDelayMs > 0) {
      if (!this.#isBusy) {
        this.#isBusy = this.#isOverloaded();
      } else if (this.#isCalm()) {
        this.#isBusy = false;
        // The delays that closed admission may still be in the window of ten seconds. They must not close admission
        // again.
        this.#load.resetDelays();
      }
    }
  }

  #isOverloaded(): boolean {
    const load = this.#load;
    const max = this.#maxDelayMs;
    if (load.mean("cpuUse", CPU_SLICES) <= CLOSING_CPU) return false;
    return (
      load.p99TickDelay(CLOSING_SLICES) > max ||
      load.meanTickDelay(CLOSING_SLICES) > MAX_MEAN_DELAY * max ||
      load.loopDelays(LATE_SECONDS, SLICES_PER_SECOND).every((delay) => delay > max) ||
      load.mean("loopUse", USE_SLICES) > CLOSING_LOOP_USE
    );
  }

  #isCalm(): boolean {
    const load = this.#load;
    // Admission must not open before the whole window has been measured. Shortly after a start or a reset, only a part
    // of the window has been measured.
    if (!load.hasMeasured(OPENING_SLICES)) return false;
    const openingDelay = OPENING_DELAY * this.#maxDelayMs;
    if (load.mean("cpuUse", OPENING_SLICES) <= OPENING_CPU) return true;
    return (
      load.p99TickDelay(OPENING_SLICES) <= openingDelay &&
      // A single late tick cannot raise the mean above this limit: its delay counts only up to `maxDelayMs`, and one
      // room has 100 ticks in the window.
      load.meanTickDelay(OPENING_SLICES) <= MAX_MEAN_DELAY * this.#maxDelayMs &&
      load.loopDelays(1, SLICES_PER_SECOND)[0]! <= openingDelay &&
      load.mean("loopUse", USE_SLICES) <= OPENING_LOOP_USE
    );
  }
}
