// Decides whether the process accepts new players. It refuses them while its own work overloads it, because joins would
// slow down the current players. It also refuses them while the process is about to stop.
import { matchMaker } from "colyseus";
import type { AdmissionPolicy } from "../../rooms/define-world-room.ts";
import type { ErrorName } from "../../schema/errors.ts";
import { type Instruments, LoadMeter, realInstruments } from "./load-meter.ts";

/** Length of a measurement slice in ms. All windows below are in slices. */
const SLICE_MS = 250;

/**
 * Window in which late ticks close admission: ten seconds. Up to 1 % of the ticks of one room may be late. So it takes
 * three late ticks, regardless of the number of rooms.
 */
const CLOSING_SLICES = 40;

/** Window that must be calm before admission opens again: five seconds. One late tick in it is ignored. */
const OPENING_SLICES = 20;

/** Window for the mean utilization of the event loop: five seconds. */
const USE_SLICES = 20;

/**
 * The event loop is late if its delay was too high in each of the last three seconds. A single stall makes only one
 * second late.
 */
const SLICES_PER_SECOND = 4;
const LATE_SECONDS = 3;

/**
 * Shares of one core. Admission never closes unless the process itself uses more than CLOSING_CPU. It opens again at
 * OPENING_CPU, even if ticks are still late. Other programs on the machine also delay ticks and the event loop, and
 * refusing players does not help against them. All threads of the process count: ticks wait for the garbage collector's
 * threads, and the other threads use little.
 */
const CLOSING_CPU = 0.4;
const OPENING_CPU = 0.3;

/**
 * Window for the CPU use that closes admission: three seconds. It is shorter than the window for late ticks. So a burst
 * of joins into an idle process closes admission in little more than a second. Twenty joins on a slow machine do not.
 */
const CPU_SLICES = 12;

/** The precision of timers in ms. This part of a tick's delay is ignored. */
const TIMER_PRECISION_MS = 5;

/**
 * The highest mean delay of ticks, as a share of the maximum delay. The timer precision is ignored, and a single stall
 * counts up to the maximum. A full core skips single ticks long before one tick in a hundred is very late.
 */
const MAX_MEAN_DELAY = 1 / 100;

/** Admission opens again when delays are below this share of the maximum delay. */
const OPENING_DELAY = 0.8;

/**
 * Utilization of the event loop above which admission closes, and below which it opens again. Late ticks alone would
 * close admission too late, because players who already have a seat still join.
 */
const CLOSING_LOOP_USE = 0.75;
const OPENING_LOOP_USE = 0.65;

/** The name of the error that refuses new players. */
type BlockedReason = ErrorName & ("busy" | "stopping");

/** The admission policy of the process. */
export class Admission implements AdmissionPolicy {
  readonly #maxDelayMs: number;
  readonly #load: LoadMeter;
  readonly #roomCount: () => number;
  #isBusy = false;
  #isStopping = false;

  /**
   * @param maxDelayMs admission closes if the p99 tick delay is above this, or the mean tick delay above a hundredth of
   * it. 0 keeps admission open under any load.
   * @param sliceMs scales all windows; tests shorten it.
   * @param roomCount returns the number of rooms in this process. A room exists while it has a player, a held seat or a
   * pending join.
   */
  constructor(
    maxDelayMs: number,
    sliceMs = SLICE_MS,
    instruments: Instruments = realInstruments(),
    roomCount = () => matchMaker.stats.local.roomCount,
  ) {
    this.#maxDelayMs = maxDelayMs;
    this.#load = new LoadMeter(sliceMs, CLOSING_SLICES, instruments);
    this.#roomCount = roomCount;
  }

  /** Records the delay of a tick in ms. Called once per tick of each room. */
  tickStarted(lateMs: number): void {
    this.#update();
    // A single stall must not close admission, even a long one.
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

  /** The error that refuses new players at the moment; undefined while they are accepted. */
  get blockedReason(): BlockedReason | undefined {
    if (this.#isStopping) return "stopping";
    this.#update();
    return this.#isBusy ? "busy" : undefined;
  }

  /** The p99 tick delay of the last ten seconds in ms; 0 while there is no room. */
  get delayMs(): number {
    this.#update();
    return this.#load.p99TickDelay(CLOSING_SLICES);
  }

  #update(): void {
    if (this.#roomCount() === 0) {
      // There are no players, so admission opens at once. Earlier measurements must not refuse the next player.
      this.#isBusy = false;
      this.#load.reset();
    } else if (this.#load.advance() && this.#maxDelayMs > 0) {
      if (!this.#isBusy) {
        this.#isBusy = this.#isOverloaded();
      } else if (this.#isCalm()) {
        this.#isBusy = false;
        // The delays that closed admission must not close it again.
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
    const openingDelay = OPENING_DELAY * this.#maxDelayMs;
    if (load.mean("cpuUse", OPENING_SLICES) <= OPENING_CPU) return true;
    return (
      load.p99TickDelay(OPENING_SLICES) <= openingDelay &&
      // A single late tick does not raise the mean above this.
      load.meanTickDelay(OPENING_SLICES) <= MAX_MEAN_DELAY * this.#maxDelayMs &&
      load.loopDelays(1, SLICES_PER_SECOND)[0]! <= openingDelay &&
      load.mean("loopUse", USE_SLICES) <= OPENING_LOOP_USE
    );
  }
}
