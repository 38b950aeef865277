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

  /** Where the next byte will be written. */
  get offset(): number {
    return this.#at.offset;
  }

  /** Forgets all that was written. */
  clear(): void {
    this.#at.offset = 0;
  }

  /**
   * Runs `encode`, which writes at `at.offset` and moves it on. It may run again: what did not fit is written anew into
   * a larger buffer (writing past the end of a typed array does nothing, so nothing else is harmed).
   */
  write(encode: (bytes: Uint8Array, at: Iterator) => void): Slice {
    const start = this.#at.offset;
    encode(this.#bytes, this.#at);
    while (this.#at.offset > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#at.offset * 2);
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
      this.#at.offset = start;
      encode(this.#bytes, this.#at);
    }
    return { start, end: this.#at.offset };
  }

  /** Writes a stretch once more, at the end. */
  repeat(start: number, end: number): void {
    if (start === end) return;
    this.write((bytes, at) => {
      bytes.copyWithin(at.offset, start, end);
      at.offset += end - start;
    });
  }

  /** Copies a stretch into `target` at `offset`. */
  copy(target: Uint8Array, offset: number, { start, end }: Slice): void {
    this.#bytes.copy(target, offset, start, end);
  }
}
