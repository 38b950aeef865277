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
  readonly #bytes: number;
  #kept: Kept[] = [];
  #size = 0;

  /** @param ticks that it holds at least, if there were as many. @param bytes above which it is full. */
  constructor(ticks: number, bytes: number) {
    this.#ticks = ticks;
    this.#bytes = bytes;
  }

  /** Whether the next snapshot, which should come soon, will be all that is left. */
  get isFull(): boolean {
    return this.#size > this.#bytes;
  }

  /** The tick of the snapshot that it begins with. */
  get firstTick(): number {
    return this.#kept[0]?.tick ?? 0;
  }

  /** Takes a frame and, if it is a snapshot, forgets what is older than it has to be. */
  add(bytes: Uint8Array, kind: number, tick: number): void {
    const { isFull } = this;
    this.#kept.push({ bytes, kind, tick });
    this.#size += bytes.length;
    if (kind !== KIND.snapshot) return;
    const isOld = (kept: Kept) => kept.kind === KIND.snapshot && kept.tick <= tick - this.#ticks;
    const first = isFull ? this.#kept.length - 1 : this.#kept.findLastIndex(isOld);
    for (const { bytes } of this.#kept.splice(0, Math.max(0, first))) this.#size -= bytes.length;
  }

  /** What is kept, in order: a recording, but for its header and its end. */
  frames(): Uint8Array[] {
    return this.#kept.map(({ bytes }) => bytes);
  }
}
