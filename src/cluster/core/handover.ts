// Hands the authority over to a successor: a candidate prepares the rooms while they still tick here. Then they stop, the
// successor confirms that it has the last place, and gets the lease.
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Limits } from "./limits.ts";
import { isSamePlace } from "./place.ts";
import type { DownMessage, PreparedMessage, ProcessId, UpMessage } from "./ports.ts";
import type { Reign } from "./reign.ts";

interface HandoverOptions {
  readonly reign: Reign;
  readonly lease: LeaseKeeper;
  readonly limits: Limits;
  readonly clock: () => number;
  /** Asks a process to prepare the rooms. */
  readonly prepare: (candidate: ProcessId) => void;
  /** Called once, with the new owner of the lease and the new epoch; without an argument if no process takes over. */
  readonly onEnd: (owner?: { process: ProcessId; epoch: number }) => void;
}

/** The handover of one epoch. */
export class Handover {
  readonly #reign: Reign;
  readonly #lease: LeaseKeeper;
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #prepare: (candidate: ProcessId) => void;
  readonly #onEnd: HandoverOptions["onEnd"];
  readonly #startedAt: number;
  readonly #named = new Set<ProcessId>();
  /** The process that prepares the rooms. */
  #candidate: ProcessId | undefined;
  #successor: ProcessId | undefined;
  /** The last message of the epoch; undefined while the rooms tick. */
  #last: DownMessage | undefined;
  #pausedAt = 0;
  #namedAt = 0;
  #repeatedAt = 0;
  #isConfirmed = false;
  #isGiving = false;

  constructor({ reign, lease, limits, clock, prepare, onEnd }: HandoverOptions) {
    this.#reign = reign;
    this.#lease = lease;
    this.#limits = limits;
    this.#clock = clock;
    this.#prepare = prepare;
    this.#onEnd = onEnd;
    this.#startedAt = clock();
  }

  /** Asks the first candidate to prepare the rooms. Without `isPreparing`, names the first successor at once. */
  start(isPreparing: boolean): void {
    const candidate = this.#reign.successor(this.#named);
    if (candidate !== undefined && isPreparing) this.#askToPrepare(candidate);
    else this.#name(candidate);
  }

  /** Called when a process has prepared the rooms. Names the process as the successor if it is the candidate. */
  prepared({ process, epoch }: PreparedMessage): void {
    if (process === this.#candidate && epoch === this.#reign.epoch && !this.#last) this.#name(process);
  }

  /** Called when a process has reported its place. Gives the lease to the successor once it reports the last place. */
  take({ process, at }: UpMessage): void {
    if (process !== this.#successor || !this.#last || !isSamePlace(at, this.#last.place)) return;
    this.#isConfirmed = true;
    this.#give();
  }

  /** Continues the handover: repeats the last step, names another successor, or gives up. */
  advance(): void {
    const now = this.#clock();
    if (!this.#last) {
      const candidate = this.#reign.successor(this.#named, this.#candidate);
      // The preparation only saves time, so a candidate that has not prepared everything takes over, too.
      if (candidate === undefined || now - this.#startedAt >= this.#limits.prepareMs) this.#name(candidate);
      else if (candidate !== this.#candidate || now - this.#repeatedAt >= this.#limits.nameAgainMs)
        this.#askToPrepare(candidate);
    } else if (now - this.#pausedAt >= this.#limits.handoverMs) this.#fail();
    else if (!this.#isConfirmed && now - this.#namedAt >= this.#limits.successorMs)
      this.#name(this.#reign.successor(this.#named));
    else if (now - this.#repeatedAt >= this.#limits.nameAgainMs) {
      this.#repeatedAt = now;
      if (this.#isConfirmed) this.#give();
      else this.#reign.repeat(this.#last);
    }
  }

  #askToPrepare(candidate: ProcessId): void {
    this.#candidate = candidate;
    this.#repeatedAt = this.#clock();
    this.#prepare(candidate);
  }

  /** Pauses the rooms, and names the successor. Fails if there is none. */
  #name(successor: ProcessId | undefined): void {
    this.#successor = successor;
    if (successor === undefined) {
      this.#fail();
      return;
    }
    this.#named.add(successor);
    this.#namedAt = this.#repeatedAt = this.#clock();
    if (!this.#last) this.#pausedAt = this.#namedAt;
    this.#last = this.#reign.pause(successor);
  }

  /**
   * Gives the lease to the successor. `advance` calls this method again if the answer is lost. The next answer names
   * the owner of the lease, even if the first call has already given the lease to the successor.
   */
  #give(): void {
    if (this.#isGiving) return;
    this.#isGiving = true;
    this.#lease.give(this.#successor!, (state) => {
      this.#isGiving = false;
      if (state?.owner === undefined) return;
      this.#onEnd({ process: state.owner, epoch: state.epoch });
    });
  }

  #fail(): void {
    this.#reign.resume();
    this.#onEnd();
  }
}
