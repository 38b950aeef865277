// Writes and reads the parts of a message: whole numbers, texts, bytes, lists.

/** Thrown if bytes are not a valid message. */
export class CodecError extends Error {
  constructor(failure: string) {
    super(`not a message of this version: ${failure}`);
    this.name = "CodecError";
  }
}

/** Writes into a buffer that grows. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  /** @param capacity the expected number of bytes. The buffer is copied if more bytes are written. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  /** Returns the written bytes. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /**
   * Writes a whole number of up to 53 bits: 7 bits in each byte, beginning with the lowest bits. The top bit of a byte
   * says that more bytes follow.
   * @throws {RangeError} for any other number.
   */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a number of a message`);
    this.#reserve(MAX_NUMBER_BYTES);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  bytes(value: Uint8Array): void {
    this.number(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  text(value: string): void {
    if (value.length <= MAX_SHORT_TEXT && this.#shortText(value)) return;
    const length = Buffer.byteLength(value);
    this.number(length);
    this.#reserve(length);
    this.#length += this.#buffer.write(value, this.#length);
  }

  list<T>(values: readonly T[], write: (value: T) => void): void {
    this.number(values.length);
    for (const value of values) write(value);
  }

  /** Writes a flag that says whether there is a value. Then writes the value, if there is one. */
  optional<T>(value: T | undefined, write: (value: T) => void): void {
    this.byte(value === undefined ? 0 : 1);
    if (value !== undefined) write(value);
  }

  /** Writes a short text if it is ASCII. For short texts, such as ids, a loop is faster than Node's functions. */
  #shortText(value: string): boolean {
    this.#reserve(1 + value.length);
    let at = this.#length;
    this.#buffer[at++] = value.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#buffer[at++] = code;
    }
    this.#length = at;
    return true;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** Reads bytes from a {@link ByteWriter}. Every method throws a {@link CodecError} if the bytes are invalid. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    if (this.#at >= this.#buffer.length) throw new CodecError("it ends too early");
    return this.#buffer[this.#at++]!;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new CodecError("a number is too large");
      if (byte < 0x80) return value;
    }
  }

  /** Returns a view of the bytes, not a copy. */
  bytes(): Uint8Array {
    const start = this.#skip(this.number());
    return this.#buffer.subarray(start, this.#at);
  }

  text(): string {
    const start = this.#skip(this.number());
    if (this.#at - start > MAX_SHORT_TEXT) return this.#buffer.toString("utf8", start, this.#at);
    return this.#shortText(start, this.#at);
  }

  list<T>(read: () => T): T[] {
    const length = this.number();
    // Each item takes at least one byte. Without this check a few wrong bytes could ask for a list of any length.
    if (length > this.#buffer.length - this.#at) throw new CodecError("it ends too early");
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read());
    return items;
  }

  optional<T>(read: () => T): T | undefined {
    return this.byte() === 0 ? undefined : read();
  }

  /** Checks that all bytes were read. */
  end(): void {
    if (this.#at < this.#buffer.length) throw new CodecError("it has more bytes than fields");
  }

  /**
   * Returns a short text. Most short texts are ids that are read again and again, so a cache keeps the last ones.
   * Comparing the bytes with a cached string is faster than creating a string. A lookup in a Map is also faster with
   * the cached string, because the string's hash code is already known.
   */
  #shortText(start: number, end: number): string {
    const buffer = this.#buffer;
    let hash = end - start;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + buffer[at]!) | 0;
    const slot = (hash ^ (hash >>> 16)) & (SHORT_TEXTS - 1);
    const kept = shortTexts[slot]!;
    if (kept.length === end - start && isText(kept, buffer, start)) return kept;
    const text = buffer.toString("utf8", start, end);
    if (text.length === end - start) shortTexts[slot] = text;
    return text;
  }

  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#buffer.length - start) throw new CodecError("it ends too early");
    this.#at += length;
    return start;
  }
}

/** The size of the largest number in bytes. */
const MAX_NUMBER_BYTES = 8;

/** The maximum length of a short text in bytes. Must be less than 128, so that one byte is enough for the length. */
const MAX_SHORT_TEXT = 32;

/** Size of the cache of short texts: enough for the ids of about ten thousand players. A power of two. */
const SHORT_TEXTS = 65_536;

/** The ASCII text that was read last, for each hash. */
const shortTexts: string[] = new Array(SHORT_TEXTS).fill("");

/** Returns whether the bytes from `start` are the characters of an ASCII text. */
function isText(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
