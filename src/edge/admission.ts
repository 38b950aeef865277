// Admission: whether the process takes one more player. It refuses new players while its own work overloads it, and while it
// is about to stop, so that joins do not slow down the current players.
import { matchMaker } from "colyseus";
import type { AdmissionPolicy } from "../../rooms/define-world-room.ts";
import type { ErrorName } from "../../schema/errors.ts";
import { type Instruments, LoadMeter, realInstruments } from "./load-meter.ts";

/** All measurements are taken in slices of time, and all windows are in slices. */
const SLICE_MS = 250;

/** Late ticks of ten seconds close admission. Up to 1 % may be late, so it takes three, whatever the number of rooms. */
const CLOSING_SLICES = 40;

/** Five calm seconds open it again. One late tick in them does not count. */
const OPENING_SLICES = 20;

/** The use of the event loop counts as its mean over five seconds. */
const USE_SLICES = 20;

/** The event loop is late when its delay was too high in each of three seconds: one stall makes one second late. */
const SECOND_SLICES = 4;
const LATE_SECONDS = 3;

/**
 * Other programs on the machine make ticks late and keep the event loop waiting too, and refusing players does not help
 * against that. So nothing closes admission unless the process itself used more than the first share of one core; at the
 * second one it opens again, however late the ticks still are. Its threads count: the ticks wait for the garbage
 * collector's, and the others use little.
 */
const CLOSING_CPU = 0.4;
const OPENING_CPU = 0.3;

/**
 * To close admission, CPU time counts over three seconds, less than late ticks do: so a burst of joins into an idle
 * process closes it after little more than a second, and twenty joins on a slow machine do not.
 */
const CPU_SLICES = 12;

/** Milliseconds of a tick's delay that do not count: the precision of timers. */
const GRAIN_MS = 5;

/**
 * The highest mean delay of ticks, as a share of the maximum delay. The grain does not count, and a single stall counts
 * up to the maximum. A full core leaves out a tick now and then long before one in a hundred is very late.
 */
const LATE_ON_AVERAGE = 1 / 100;

/** Admission opens again when delays are below this share of the maximum. */
const CALM = 0.8;

/**
 * Admission closes above the first share of time in which the event loop was at work, and opens again below the second.
 * Late ticks alone would close it too late, since players who have a seat already still come in.
 */
const FULL = 0.75;
const ROOMY = 0.65;

/** The error with which new players are refused. */
type BlockedReason = ErrorName & ("busy" | "stopping");

/** The admission policy of the process. */
export class Admission implements AdmissionPolicy {
  readonly #maxDelayMs: number;
  readonly #load: LoadMeter;
  readonly #roomCount: () => number;
  #isBusy = false;
  #isStopping = false;

  /**
   * @param maxDelayMs the p99 of the ticks' delay above which admission closes, or a hundredth of it on average; 0 keeps
   * it open, however busy the process is.
   * @param sliceMs scales all windows: tests shorten it.
   * @param roomCount the rooms of this process. A room exists while a player is in it or on the way into it, held seats
   * included.
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

  /** Counts a tick and its delay. Called once per tick of each room. */
  tickStarted(lateMs: number): void {
    this.#update();
    // A single stall, however long, must not close admission.
    this.#load.recordTick(lateMs, Math.min(Math.max(0, lateMs - GRAIN_MS), this.#maxDelayMs));
  }

  refusal(isHere: boolean): BlockedReason | undefined {
    const reason = this.blockedReason;
    return reason === "busy" && isHere ? undefined : reason;
  }

  /** Refuses everybody from now on, also returning players: the process is about to end. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Why new players are refused at the moment; undefined while they are let in. */
  get blockedReason(): BlockedReason | undefined {
    if (this.#isStopping) return "stopping";
    this.#update();
    return this.#isBusy ? "busy" : undefined;
  }

  /** How late ticks start at the moment, in ms: the p99 of the last ten seconds. 0 while there is no room. */
  get delayMs(): number {
    this.#update();
    return this.#load.p99TickDelay(CLOSING_SLICES);
  }

  #update(): void {
    if (this.#roomCount() === 0) {
      // Nobody is in, so admission opens at once. What was measured must not close it for the next player.
      this.#isBusy = false;
      this.#load.reset();
    } else if (this.#load.advance() && this.#maxDelayMs > 0) {
      if (!this.#isBusy) {
        this.#isBusy = this.#isOverloaded();
      } else if (this.#isCalm()) {
        this.#isBusy = false;
        // The delays that closed it must not close it again.
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
      load.meanTickDelay(CLOSING_SLICES) > LATE_ON_AVERAGE * max ||
      load.loopDelays(LATE_SECONDS, SECOND_SLICES).every((delay) => delay > max) ||
      load.mean("loopUse", USE_SLICES) > FULL
    );
  }

  #isCalm(): boolean {
    const load = this.#load;
    const calm = CALM * this.#maxDelayMs;
    if (load.mean("cpuUse", OPENING_SLICES) <= OPENING_CPU) return true;
    return (
      load.p99TickDelay(OPENING_SLICES) <= calm &&
      // A single late tick cannot make more than this on average.
      load.meanTickDelay(OPENING_SLICES) <= LATE_ON_AVERAGE * this.#maxDelayMs &&
      load.loopDelays(1, SECOND_SLICES)[0]! <= calm &&
      load.mean("loopUse", USE_SLICES) <= ROOMY
    );
  }
}
