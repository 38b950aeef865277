// Finds the frame that shows each move. A probe walks in one horizontal direction, and each move that the server
// applies changes the probe's x by one step. So a frame in which x has changed by k steps shows the first k moves.
import { STEP } from "../arena.ts";

/** One move that a frame has shown: the time at which the move was sent, and its latency, both in milliseconds. */
export interface Sample {
  sentAt: number;
  latency: number;
}

/** The part of a walk between two turns: all its moves have one direction, and it starts at a known x. */
export class Leg {
  readonly #startX: number;
  /** 1 for right, -1 for left. */
  readonly #sign: 1 | -1;
  readonly #sentAt: number[] = [];
  #seen = 0;

  constructor(startX: number, sign: 1 | -1) {
    this.#startX = startX;
    this.#sign = sign;
  }

  /** Moves that were sent and that no frame has shown yet. */
  get pending(): number {
    return this.#sentAt.length - this.#seen;
  }

  /** The distance, in units, from the start to the position after all moves that were sent. */
  get length(): number {
    return this.#sentAt.length * STEP;
  }

  /** Called when a move has been sent. */
  sent(now: number): void {
    this.#sentAt.push(now);
  }

  /**
   * Called with the probe's own x after a frame has been decoded. Returns the moves that this frame shows and that no
   * earlier frame has shown.
   */
  shown(x: number, now: number): Sample[] {
    const steps = Math.min(Math.round((this.#sign * (x - this.#startX)) / STEP), this.#sentAt.length);
    const samples: Sample[] = [];
    for (; this.#seen < steps; this.#seen++) {
      const sentAt = this.#sentAt[this.#seen]!;
      samples.push({ sentAt, latency: now - sentAt });
    }
    return samples;
  }
}

/** Returns a percentile of the values by nearest rank; NaN if there are no values. `share` is 0.99 for the 99th. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
