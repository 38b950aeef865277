// Writes and reads the changes of rooms, with the types of @colyseus/schema.
import { decode, encode } from "@colyseus/schema";

/** Maximum bytes of a value that is not a text: the most that the type `number` of @colyseus/schema can need. */
const MAX_VALUE_BYTES = 9;

/** Maximum bytes of one UTF-16 unit of a text. */
const MAX_UNIT_BYTES = 3;
/** Maximum bytes of the length that precedes a text. */
const MAX_LENGTH_BYTES = 5;

/** Writes into a buffer that grows. */
export class SchemaWriter {
  /** The buffer. A write replaces it if it is too small. */
  bytes: Buffer;
  /** The offset of the next byte. */
  readonly at = { offset: 0 };

  /** @param size the initial size in bytes. */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  /** Discards everything that was written. */
  clear(): void {
    this.at.offset = 0;
  }

  /** Returns what was written, as a part of the buffer. */
  written(): Buffer {
    return this.bytes.subarray(0, this.at.offset);
  }

  /** Makes room for this many more bytes. */
  reserve(bytes: number): void {
    const needed = this.at.offset + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.written());
    this.bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.at.offset++] = value;
  }

  number(value: number): void {
    this.reserve(MAX_VALUE_BYTES);
    encode.number(this.bytes, value, this.at);
  }

  float64(value: number): void {
    this.reserve(MAX_VALUE_BYTES);
    encode.float64(this.bytes, value, this.at);
  }

  text(value: string): void {
    this.reserve(MAX_LENGTH_BYTES + MAX_UNIT_BYTES * value.length);
    encode.string(this.bytes, value, this.at);
  }

  /** Writes the number of bytes, and the bytes. */
  block(value: Uint8Array): void {
    this.number(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.at.offset);
    this.at.offset += value.length;
  }
}

/** Reads what a SchemaWriter has written. */
export class SchemaReader {
  readonly bytes: Uint8Array;
  /** The offset of the next byte. */
  readonly at = { offset: 0 };

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Whether all bytes were read. */
  get isAtEnd(): boolean {
    return this.at.offset >= this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.at.offset++]!;
  }

  number(): number {
    return decode.number(this.bytes, this.at);
  }

  float64(): number {
    return decode.float64(this.bytes, this.at);
  }

  text(): string {
    return decode.string(this.bytes, this.at);
  }

  /** Reads the bytes that `SchemaWriter.block` wrote. Returns a part of the buffer, not a copy. */
  block(): Uint8Array {
    const length = this.number();
    const start = this.at.offset;
    this.at.offset += length;
    return this.bytes.subarray(start, this.at.offset);
  }
}
