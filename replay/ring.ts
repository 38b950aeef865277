// Keeps the last minutes of a world in memory, as frames. The first frame is a snapshot, so the frames can be played.
import { KIND } from "./format.ts";

interface KeptFrame {
  readonly bytes: Uint8Array;
  readonly kind: number;
  readonly tick: number;
}

/** A buffer of frames. It drops old frames in groups that begin with a snapshot. */
export class Ring {
  readonly #minTicks: number;
  readonly #maxBytes: number;
  #kept: KeptFrame[] = [];
  #size = 0;

  /**
   * @param minTicks minimum ticks that the ring keeps. The ring keeps all ticks if it has received fewer.
   * @param maxBytes bytes above which the ring is full.
   */
  constructor(minTicks: number, maxBytes: number) {
    this.#minTicks = minTicks;
    this.#maxBytes = maxBytes;
  }

  /** Whether the ring is full. If so, the caller should soon add a snapshot, which replaces all other frames. */
  get isFull(): boolean {
    return this.#size > this.#maxBytes;
  }

  /** The tick of the first snapshot. */
  get firstTick(): number {
    return this.#kept[0]?.tick ?? 0;
  }

  /** Adds a frame. Adding a snapshot also drops the earlier frames that are no longer needed. */
  add(bytes: Uint8Array, kind: number, tick: number): void {
    const { isFull } = this;
    this.#kept.push({ bytes, kind, tick });
    this.#size += bytes.length;
    if (kind !== KIND.snapshot) return;
    const isOld = (kept: KeptFrame) => kept.kind === KIND.snapshot && kept.tick <= tick - this.#minTicks;
    const first = isFull ? this.#kept.length - 1 : this.#kept.findLastIndex(isOld);
    for (const { bytes } of this.#kept.splice(0, Math.max(0, first))) this.#size -= bytes.length;
  }

  /** Returns the frames in order: a recording without its header and its end mark. */
  frames(): Uint8Array[] {
    return this.#kept.map(({ bytes }) => bytes);
  }
}
