// Tells which move a frame is the answer to. A probe walks in one horizontal direction; its own x has come as many steps
// further as moves were applied, so the k-th step that a frame shows answers the k-th move that was sent.
import { STEP } from "../arena.ts";

/** One move that was seen: when it was sent, and how long it took, both in milliseconds. */
export interface Sample {
  sentAt: number;
  latency: number;
}

/** A stretch of walking in one direction, from a known place. */
export class Leg {
  readonly #startX: number;
  /** 1 to the right, -1 to the left. */
  readonly #sign: 1 | -1;
  readonly #sentAt: number[] = [];
  #seen = 0;

  constructor(startX: number, sign: 1 | -1) {
    this.#startX = startX;
    this.#sign = sign;
  }

  /** Moves that were sent and not yet seen. */
  get waiting(): number {
    return this.#sentAt.length - this.#seen;
  }

  /** Units from the start to where the last move that was sent will lead. */
  get length(): number {
    return this.#sentAt.length * STEP;
  }

  /** A move has just been sent. */
  sent(now: number): void {
    this.#sentAt.push(now);
  }

  /** A frame has just been decoded. `x`: the own one in it. Returns the moves that it is the first to show. */
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

/** The value below which a share of all values lies (nearest rank); NaN if there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
