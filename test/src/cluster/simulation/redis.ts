// The parts of Redis that the protocol needs: the lease with its expiry, the newest place, and atomic scripts.

import type { Random } from "../../../../sim/random.ts";
import { comparePlaces } from "../../../../src/cluster/core/place.ts";
import type { LeaseState, Place, ProcessId } from "../../../../src/cluster/core/ports.ts";

const LEASE_MS = 1000;
const MAX_EPOCH_STEP = 1000;

/** The scripts and the data of Redis. The data may get lost. */
export class Redis {
  readonly #random: Random;
  readonly #now: () => number;
  #owner: ProcessId | undefined;
  #epoch = 0;
  #newest: Place | undefined;
  #expiresAt = 0;
  #clockOffset = 0;
  isAway = false;
  /** Whether Redis refuses messages of older epochs. */
  isFencing = true;

  constructor(random: Random, now: () => number) {
    this.#random = random;
    this.#now = now;
  }

  /** Takes or renews the lease. */
  take(process: ProcessId, knownEpoch: number): LeaseState {
    this.#expire();
    if (this.#owner === undefined) this.#give(process, knownEpoch);
    else if (this.#owner === process) this.#expiresAt = this.#clock() + LEASE_MS;
    return this.#state();
  }

  /** Transfers the lease from a process to another process. */
  give(process: ProcessId, to: ProcessId): LeaseState {
    this.#expire();
    if (this.#owner === process) this.#give(to, this.#epoch);
    return this.#state();
  }

  /** Frees the lease of a process. */
  release(process: ProcessId): void {
    if (this.#owner === process) this.#owner = undefined;
  }

  /** Stores the place of a message. @returns false if a newer epoch is known. */
  publish(place: Place): boolean {
    if (this.isFencing && place.epoch < this.#epoch) return false;
    if (!this.#newest || comparePlaces(place, this.#newest) > 0) this.#newest = place;
    return true;
  }

  /** Loses all data. */
  empty(): void {
    this.#owner = undefined;
    this.#epoch = 0;
    this.#newest = undefined;
  }

  /** Sets Redis's clock forward or back. This clock determines when the lease expires. */
  jump(milliseconds: number): void {
    this.#clockOffset += milliseconds;
  }

  #give(to: ProcessId, knownEpoch: number): void {
    this.#owner = to;
    this.#epoch = Math.max(this.#epoch, knownEpoch) + 1 + this.#random(MAX_EPOCH_STEP);
    this.#expiresAt = this.#clock() + LEASE_MS;
  }

  #expire(): void {
    if (this.#clock() >= this.#expiresAt) this.#owner = undefined;
  }

  #clock(): number {
    return this.#now() + this.#clockOffset;
  }

  #state(): LeaseState {
    return { owner: this.#owner, epoch: this.#epoch, newest: this.#newest };
  }
}
