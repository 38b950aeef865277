// Bytes, written and read: whole numbers of as many bytes as they need, text, and the checksum over them.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Collects bytes. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** Seven bits a byte, the lowest first; a set high bit says that there is more. `value`: 0 to 2^31 - 1. */
  varint(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A number that may be negative: 0, -1, 1, -2, … are written as 0, 1, 2, 3, … */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Four bytes, the lowest first. */
  uint32(value: number): void {
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) this.#bytes[this.#length++] = (value >>> shift) & 255;
  }

  /** The text as UTF-8, with its length in bytes before it. */
  text(text: string): void {
    const bytes = encoder.encode(text);
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Gives away what was written, and begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what a ByteWriter wrote. What ends in the middle of a number or a text throws a RangeError. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all was read. */
  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next byte, which stays the next one. */
  get next(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** A number that `ByteWriter.varint` wrote. */
  varint(): number {
    for (let value = 0, shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError("a number goes on for too long");
  }

  /** A number that `ByteWriter.signed` wrote. */
  signed(): number {
    const value = this.varint();
    return value & 1 ? -(value + 1) / 2 : value / 2;
  }

  /** A number that `ByteWriter.uint32` wrote. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 8) value |= this.#byte() << shift;
    return value >>> 0;
  }

  /** A text that `ByteWriter.text` wrote. */
  text(): string {
    const length = this.varint();
    if (this.#at + length > this.#bytes.length) throw new RangeError("a text ends before its end");
    this.#at += length;
    return decoder.decode(this.#bytes.subarray(this.#at - length, this.#at));
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("a number ends before its end");
    return byte;
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of zip and PNG. Not that of node:zlib, since a page reads recordings too. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  // By index: an iterator leaves an object for the collector at each byte.
  for (let at = 0; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
