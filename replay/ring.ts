// The last minutes of a world, in memory: frames, of which the first is always a snapshot, so that they can be played.
import { KIND } from "./format.ts";

interface Kept {
  readonly bytes: Uint8Array;
  readonly kind: number;
  readonly tick: number;
}

/** Keeps frames. What is older than it has to be goes a snapshot at a time. */
export class Ring {
  readonly #ticks: number;
  #kept: Kept[] = [];

  /** @param ticks that it holds at least, if there were as many. */
  constructor(ticks: number) {
    this.#ticks = ticks;
  }

  /** The tick of the snapshot that it begins with. */
  get firstTick(): number {
    return this.#kept[0]?.tick ?? 0;
  }

  add(bytes: Uint8Array, kind: number, tick: number): void {
    this.#kept.push({ bytes, kind, tick });
    if (kind !== KIND.snapshot) return;
    const first = this.#kept.findLastIndex((kept) => kept.kind === KIND.snapshot && kept.tick <= tick - this.#ticks);
    if (first > 0) this.#kept = this.#kept.slice(first);
  }

  frames(): Uint8Array[] {
    return this.#kept.map(({ bytes }) => bytes);
  }
}
