// One growing buffer for all data that is encoded in a tick. A slice is a range of bytes in this buffer.
import type { Iterator } from "@colyseus/schema";

/** A range of bytes in an arena: `start` is inclusive, `end` is exclusive. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** A buffer that grows on demand. It is reused from the start in every tick. */
export class Arena {
  #bytes: Buffer;
  readonly #at: Iterator = { offset: 0 };

  /** @param size the initial size in bytes. */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** The current buffer; replaced when it grows. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The offset of the next byte to be written. */
  get offset(): number {
    return this.#at.offset;
  }

  /** Skips `length` bytes, to be filled in later. */
  reserve(length: number): void {
    const start = this.#at.offset;
    this.#grow(start + length, start);
    this.#at.offset = start + length;
  }

  /** Discards everything that was written. */
  clear(): void {
    this.#at.offset = 0;
  }

  /**
   * Runs `encode`, which writes `value` at `at.offset` and advances the offset. The arena grows and `encode` runs again
   * if the value does not fit. The first run is harmless, because writes past the end of a typed array are ignored.
   */
  write<T>(encode: (value: T, bytes: Uint8Array, at: Iterator) => void, value: T): void {
    const start = this.#at.offset;
    encode(value, this.#bytes, this.#at);
    while (this.#at.offset > this.#bytes.length) {
      this.#grow(this.#at.offset, start);
      this.#at.offset = start;
      encode(value, this.#bytes, this.#at);
    }
  }

  /** Copies the bytes from `start` to `end` of this arena to its end. */
  appendSlice(start: number, end: number): void {
    const to = this.#at.offset;
    this.#grow(to + end - start, to);
    this.#bytes.copyWithin(to, start, end);
    this.#at.offset = to + end - start;
  }

  /** Copies `source` to the end. */
  append(source: Uint8Array): void {
    const to = this.#at.offset;
    this.#grow(to + source.length, to);
    this.#bytes.set(source, to);
    this.#at.offset = to + source.length;
  }

  /** Ensures a size of at least `size` bytes, and preserves the first `preserved` of them. */
  #grow(size: number, preserved: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(size * 2);
    this.#bytes.copy(larger, 0, 0, preserved);
    this.#bytes = larger;
  }
}
