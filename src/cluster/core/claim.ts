// The time between taking the lease and starting the rooms: the claimant makes sure that it has the newest state.
import type { Limits } from "./limits.ts";
import { comparePlaces, isSamePlace, START } from "./place.ts";
import type { LeaseState, Place, PlaceMessage, ProcessId } from "./ports.ts";

interface ClaimOptions {
  readonly state: LeaseState;
  readonly now: number;
  /** The processes that may have a newer state. */
  readonly others: readonly ProcessId[];
  /** The last authority that this process has heard from. It is probably dead. */
  readonly former: ProcessId | undefined;
  /** The last place of an authority that has handed over to this process. */
  readonly handedOver: Place | undefined;
  readonly limits: Limits;
}

/** A claim of this process to an epoch. */
export class Claim {
  readonly epoch: number;
  readonly #newest: Place | undefined;
  readonly #startedAt: number;
  readonly #expected: readonly ProcessId[];
  readonly #handedOver: Place | undefined;
  readonly #limits: Limits;
  /** The places of the processes that have answered. */
  readonly #places = new Map<ProcessId, Place>();
  #claimedAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor({ state, now, others, former, handedOver, limits }: ClaimOptions) {
    this.epoch = state.epoch;
    this.#newest = state.newest;
    this.#startedAt = now;
    // The former authority need not answer if a place is stored, because no client has seen a newer place than the
    // stored one. If none is stored, perhaps only the former authority knows the newest place that a client has seen.
    this.#expected = state.newest ? others.filter((process) => process !== former) : others;
    this.#handedOver = handedOver;
    this.#limits = limits;
  }

  /** The processes that have answered. */
  get answered(): ReadonlySet<ProcessId> {
    return new Set(this.#places.keys());
  }

  /** Called when a process has reported its place. */
  answer({ process, at }: PlaceMessage): void {
    this.#places.set(process, at);
  }

  /** Returns whether the other processes must be asked for their places now. */
  mustClaim(now: number): boolean {
    if (now - this.#claimedAt < this.#limits.claimAgainMs) return false;
    this.#claimedAt = now;
    return true;
  }

  /** Returns the process that must be asked for its newer state now. */
  mustAsk(own: Place, now: number): ProcessId | undefined {
    const ahead = this.#ahead(own);
    if (!ahead || now - this.#askedAt < this.#limits.askMs) return undefined;
    this.#askedAt = now;
    return ahead;
  }

  /** Returns whether the process may start its rooms from its own place. */
  isReady(own: Place, now: number): boolean {
    const waited = now - this.#startedAt;
    const isBehind = this.#ahead(own) !== undefined || comparePlaces(this.#newest ?? START, own) > 0;
    const { claimEmptyMs, claimNewerMs } = this.#limits;
    if (isBehind) return waited >= (isSamePlace(own, START) ? claimEmptyMs : claimNewerMs);
    if (this.#handedOver && isSamePlace(own, this.#handedOver)) return true;
    if (waited >= this.#limits.claimMs) return true;
    // A process without any state does not know which other processes must answer, so it waits for `claimMs`.
    return !isSamePlace(own, START) && this.#expected.every((process) => this.#places.has(process));
  }

  /** Returns the process with the newest place; undefined if no place is newer than `own`. */
  #ahead(own: Place): ProcessId | undefined {
    let newest = own;
    let ahead: ProcessId | undefined;
    for (const [process, place] of this.#places) {
      if (comparePlaces(place, newest) <= 0) continue;
      newest = place;
      ahead = process;
    }
    return ahead;
  }
}
