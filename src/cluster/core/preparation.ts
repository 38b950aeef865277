// The rooms that a process prepares while another process is still the authority and is about to hand over.
import type { PrepareHost, Snapshot } from "./ports.ts";

/** The prepared rooms of one process. */
export class Preparation {
  /** The epoch of the authority that has asked for them. */
  readonly epoch: number;
  readonly startedAt: number;
  readonly #discard: () => void;
  #isReady = false;

  constructor(epoch: number, now: number, snapshot: Snapshot, prepareHost: PrepareHost) {
    this.epoch = epoch;
    this.startedAt = now;
    this.#discard = prepareHost(snapshot, () => {
      this.#isReady = true;
    });
  }

  /** Whether the rooms are prepared. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Ends the rooms: this process does not become the authority. */
  discard(): void {
    this.#discard();
  }
}
