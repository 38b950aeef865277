// Writes and reads the bytes of recordings: integers of variable length, text and checksums.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Collects bytes in a buffer that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /**
   * Writes an integer as a varint: little-endian, seven bits per byte. A set high bit means that another byte follows.
   * @param value 0 to 2^31 - 1.
   */
  varint(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Writes a signed integer as a varint: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Writes an unsigned 32-bit integer, little-endian. */
  uint32(value: number): void {
    this.#reserve(4);
    for (let shift = 0; shift < 32; shift += 8) this.#bytes[this.#length++] = (value >>> shift) & 255;
  }

  /** Writes the length of the text in bytes as a varint, then the text as UTF-8. */
  text(text: string): void {
    const bytes = encoder.encode(text);
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Returns a copy of the written bytes and clears the buffer. */
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

/** Reads the bytes of a ByteWriter. Throws a RangeError if a number is too long, or the bytes end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all bytes have been read. */
  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next byte, without reading it; undefined at the end. */
  get next(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** Reads a number that `ByteWriter.varint` wrote. */
  varint(): number {
    for (let value = 0, shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError("a number has more than 5 bytes");
  }

  /** Reads a number that `ByteWriter.signed` wrote. */
  signed(): number {
    const value = this.varint();
    return value & 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Reads a number that `ByteWriter.uint32` wrote. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 8) value |= this.#byte() << shift;
    return value >>> 0;
  }

  /** Reads a text that `ByteWriter.text` wrote. */
  text(): string {
    const length = this.varint();
    if (this.#at + length > this.#bytes.length) throw new RangeError("the data ends within a text");
    this.#at += length;
    return decoder.decode(this.#bytes.subarray(this.#at - length, this.#at));
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError("the data ends within a number");
    return byte;
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Returns the CRC-32 that zip and PNG use. Browsers read recordings too, so this cannot use node:zlib. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  // A loop over the index, because an iterator would allocate an object per byte.
  for (let at = 0; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
