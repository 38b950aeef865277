// Hands the authority over to a successor. The successor confirms that it has the last place, and then gets the lease.
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Limits } from "./limits.ts";
import { isSamePlace } from "./place.ts";
import type { DownMessage, ProcessId, UpMessage } from "./ports.ts";
import type { Reign } from "./reign.ts";

interface HandoverOptions {
  readonly reign: Reign;
  readonly lease: LeaseKeeper;
  readonly limits: Limits;
  readonly clock: () => number;
  /** Called once, with the new owner of the lease and the new epoch; without an argument if no process takes over. */
  readonly onEnd: (owner?: { process: ProcessId; epoch: number }) => void;
}

/** The handover of one epoch. */
export class Handover {
  readonly #reign: Reign;
  readonly #lease: LeaseKeeper;
  readonly #limits: Limits;
  readonly #clock: () => number;
  readonly #onEnd: HandoverOptions["onEnd"];
  readonly #startedAt: number;
  readonly #named = new Set<ProcessId>();
  #successor: ProcessId | undefined;
  /** The last message of the epoch. */
  #last: DownMessage | undefined;
  #namedAt = 0;
  #repeatedAt = 0;
  #isConfirmed = false;
  #isGiving = false;

  constructor({ reign, lease, limits, clock, onEnd }: HandoverOptions) {
    this.#reign = reign;
    this.#lease = lease;
    this.#limits = limits;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#startedAt = clock();
  }

  /** Names the first successor. */
  start(): void {
    this.#name();
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
    if (now - this.#startedAt >= this.#limits.handoverMs) this.#fail();
    else if (!this.#isConfirmed && now - this.#namedAt >= this.#limits.successorMs) this.#name();
    else if (now - this.#repeatedAt >= this.#limits.nameAgainMs) {
      this.#repeatedAt = now;
      if (this.#isConfirmed) this.#give();
      else this.#reign.repeat(this.#last!);
    }
  }

  #name(): void {
    this.#successor = this.#reign.successor(this.#named);
    if (this.#successor === undefined) {
      this.#fail();
      return;
    }
    this.#named.add(this.#successor);
    this.#namedAt = this.#repeatedAt = this.#clock();
    this.#last = this.#reign.pause(this.#successor);
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
