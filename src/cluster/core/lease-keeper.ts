// This process's view of the lease. Here the deadline of the lease is computed from the time of the request, so it is
// always earlier than the deadline in the store.
import type { Limits } from "./limits.ts";
import type { Lease, LeaseState, ProcessId } from "./ports.ts";

/** Requests the lease, and keeps the time until which it is certainly valid. */
export class LeaseKeeper {
  readonly #process: ProcessId;
  readonly #lease: Lease;
  readonly #limits: Limits;
  readonly #clock: () => number;
  #epoch: number | undefined;
  #deadline = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isAsking = false;

  constructor(process: ProcessId, lease: Lease, limits: Limits, clock: () => number) {
    this.#process = process;
    this.#lease = lease;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Returns whether this process certainly has the lease of an epoch at this moment. */
  isValid(epoch: number): boolean {
    return this.#epoch === epoch && this.#clock() < this.#deadline;
  }

  /** Takes or renews the lease, unless a request is under way, or was sent within the last `everyMs`. */
  request(knownEpoch: number, everyMs: number, done: (state: LeaseState) => void): void {
    const askedAt = this.#clock();
    if (this.#isAsking || askedAt - this.#askedAt < everyMs) return;
    this.#isAsking = true;
    this.#askedAt = askedAt;
    this.#lease.take(knownEpoch, (state) => {
      this.#isAsking = false;
      if (!state) return;
      this.#epoch = state.owner === this.#process ? state.epoch : undefined;
      this.#deadline = askedAt + this.#limits.leaseMs - this.#limits.leaseMarginMs;
      done(state);
    });
  }

  /** Gives the lease to another process. */
  give(to: ProcessId, done: (state: LeaseState | undefined) => void): void {
    this.#lease.give(to, done);
  }

  /** Frees the lease if this process owns it. */
  release(done: () => void = () => {}): void {
    this.#epoch = undefined;
    this.#lease.release(done);
  }
}
