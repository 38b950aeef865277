// A buffer that everything of one tick is written into, end to end; what is in it is named by where it begins and ends.
import type { Iterator } from "@colyseus/schema";

/** A stretch of the arena, in bytes: `start` belongs to it, `end` does not. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** Grows as it is written, and is used again from the start in every tick. */
export class Arena {
  #bytes: Buffer;
  readonly #at: Iterator = { offset: 0 };

  /** `size`: in bytes, at first. */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** What all is written into, until it grows. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Where the next byte will be written. */
  get offset(): number {
    return this.#at.offset;
  }

  /** Leaves so many bytes for what will be known later. */
  reserve(length: number): void {
    const to = this.#at.offset;
    this.#grow(to + length, to);
    this.#at.offset = to + length;
  }

  /** Forgets all that was written. */
  clear(): void {
    this.#at.offset = 0;
  }

  /**
   * Runs `encode`, which writes `what` at `at.offset` and moves it on. It may run again: what did not fit is written anew
   * into a larger buffer (writing past the end of a typed array does nothing, so nothing else is harmed).
   */
  write<T>(encode: (what: T, bytes: Uint8Array, at: Iterator) => void, what: T): void {
    const start = this.#at.offset;
    encode(what, this.#bytes, this.#at);
    while (this.#at.offset > this.#bytes.length) {
      this.#grow(this.#at.offset, start);
      this.#at.offset = start;
      encode(what, this.#bytes, this.#at);
    }
  }

  /** Writes a stretch once more, at the end. */
  appendSlice(start: number, end: number): void {
    const to = this.#at.offset;
    this.#grow(to + end - start, to);
    this.#bytes.copyWithin(to, start, end);
    this.#at.offset = to + end - start;
  }

  /** Writes what comes from elsewhere. */
  append(source: Uint8Array): void {
    const to = this.#at.offset;
    this.#grow(to + source.length, to);
    this.#bytes.set(source, to);
    this.#at.offset = to + source.length;
  }

  /** Makes room for `size` bytes in all, of which the first `kept` stay. */
  #grow(size: number, kept: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(size * 2);
    this.#bytes.copy(larger, 0, 0, kept);
    this.#bytes = larger;
  }
}
