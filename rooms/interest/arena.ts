// One growing buffer for all data that is encoded in a tick. A slice is a range of bytes in this buffer.
import type { Iterator } from "@colyseus/schema";

/** A range of bytes in an arena: `start` is inclusive, `end` is exclusive. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** The minimum number of bytes that are copied for a short slice: three words. */
const SHORT = 12;

/** A buffer that grows on demand. It is reused from the start in every tick. */
export class Arena {
  #bytes: Buffer;
  #words: DataView;
  readonly #at: Iterator = { offset: 0 };

  /** @param size the initial size in bytes. */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
    this.#words = wordsOf(this.#bytes);
  }

  /** The current buffer. A write replaces this buffer if the buffer is too small. */
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

  /** Appends a copy of the bytes from `start` to `end` of this arena. */
  appendSlice(start: number, end: number): void {
    const to = this.#at.offset;
    this.#grow(to + end - start, to);
    this.#bytes.copyWithin(to, start, end);
    this.#at.offset = to + end - start;
  }

  /**
   * Appends copies of short slices of this arena, a few bytes each. Copies each slice in words, which is faster than
   * `appendSlice`. A copy may include bytes after the end of its slice, which the next copy overwrites.
   * @param slices the start and the end of the first slice, then of the second slice, and so on.
   * @param count how many numbers of `slices` are used: two per slice.
   */
  appendShortSlices(slices: Int32Array, count: number): void {
    let to = this.#at.offset;
    let length = 0;
    for (let at = 0; at < count; at += 2) length += slices[at + 1]! - slices[at]!;
    this.#grow(to + length + SHORT, to);
    const words = this.#words;
    for (let at = 0; at < count; at += 2) {
      const start = slices[at]!;
      const end = slices[at + 1]!;
      words.setInt32(to, words.getInt32(start, true), true);
      words.setInt32(to + 4, words.getInt32(start + 4, true), true);
      words.setInt32(to + 8, words.getInt32(start + 8, true), true);
      for (let from = start + SHORT; from < end; from++) this.#bytes[to + from - start] = this.#bytes[from]!;
      to += end - start;
    }
    this.#at.offset = to;
  }

  /** Appends a copy of `source`. */
  append(source: Uint8Array): void {
    const to = this.#at.offset;
    this.#grow(to + source.length, to);
    this.#bytes.set(source, to);
    this.#at.offset = to + source.length;
  }

  /** Ensures that the buffer has at least `size` bytes. Keeps the first `preserved` bytes. */
  #grow(size: number, preserved: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(size * 2);
    this.#bytes.copy(larger, 0, 0, preserved);
    this.#bytes = larger;
    this.#words = wordsOf(larger);
  }
}

function wordsOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}
