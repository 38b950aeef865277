// Matches moves to the frames that show them. A probe walks in one horizontal direction, and each applied move changes
// its x by one step. So the k-th step that a frame shows is the k-th move that was sent.
import { STEP } from "../arena.ts";

/** One move that a frame has shown: the time at which it was sent, and its latency, both in milliseconds. */
export interface Sample {
  sentAt: number;
  latency: number;
}

/** A part of a walk in one direction, from a known position. */
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

  /** Units from the start to the position after the last move that was sent. */
  get length(): number {
    return this.#sentAt.length * STEP;
  }

  /** Called when a move has been sent. */
  sent(now: number): void {
    this.#sentAt.push(now);
  }

  /**
   * Called when a frame has been decoded, with the probe's own x in it. Returns the moves that this frame shows first.
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

/** Returns the percentile of values by nearest rank; NaN if there are no values. `share` is from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
