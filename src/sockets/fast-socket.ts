// A WebSocket for small frames: each goes to the kernel as one buffer, and comes from it without a stream between.
import type { Duplex } from "node:stream";
import WebSocket from "ws";
import { DirectWriter, readDirectly } from "./direct-io.ts";

/** The first byte of a whole binary message: FIN and the opcode 2. */
const BINARY = 0x82;

/** The longest payload, in bytes, whose length fits into the second byte, and into the two bytes after that. */
const SHORT = 125;
const MEDIUM = 0xffff;

/** The bytes of a header before them, at most. */
const MAX_HEAD_BYTES = 4;

/** The bit of the second byte by which a client says that it masked the payload, and the header of its short frames. */
const MASKED = 0x80;
const MASKED_HEAD_BYTES = 6;

/** What reads frames for `ws`, as far as it shows whether it is between two messages. */
interface Receiver {
  _state: number;
  _bufferedBytes: number;
  _fragmented: number;
}

/**
 * `ws` gives the socket a frame's header and payload as two buffers, and reads through two streams. Most of what a server
 * of many players does is to send small frames and to read smaller ones: joined before, each of the former is a plain
 * write of one buffer; and of the latter, those that came whole are taken apart where they lie. What is not a binary
 * frame of less than 64 kB to send, or of up to 125 bytes to read, goes the usual way. Messages are given as buffers,
 * whatever `binaryType` says.
 */
export class FastSocket extends WebSocket {
  /** Whether the kernel did not take something at once, so that bytes may wait in this process. */
  protected mayWait = false;
  /** None where an extension has a say in how frames look. */
  #writer: DirectWriter | undefined;
  /** Whether `ws` may be in the middle of a message. */
  #isReading = true;

  /** As `ws` calls it, when the connection has become a WebSocket. */
  setSocket(socket: Duplex, head: Buffer, options: { maxPayload?: number }): void {
    (WebSocket.prototype as unknown as typeof this).setSocket.call(this, socket, head, options);
    if (this.extensions === "") this.#writer = new DirectWriter(socket);
    if ((options.maxPayload || SHORT) < SHORT) return;
    readDirectly(socket, (bytes, length) => {
      // What waits in the stream comes first.
      const taken = socket.readableFlowing && socket.readableLength === 0 ? this.#take(bytes, length) : 0;
      if (taken === length || socket.destroyed) return true;
      this.#isReading = true;
      // A copy, because the stream may keep it.
      return socket.push(Buffer.from(bytes.subarray(taken, length)));
    });
  }

  /** As that of `ws`. */
  override send(data: unknown, options?: unknown, callback?: unknown): void {
    const isBinary = (options as { binary?: boolean } | undefined)?.binary === true;
    if (Buffer.isBuffer(data) && isBinary && this.#sendsWhole(data.length)) {
      const frame = Buffer.allocUnsafe(MAX_HEAD_BYTES + data.length);
      frame.set(data, MAX_HEAD_BYTES);
      this.#write(frame, MAX_HEAD_BYTES, frame.length, callback as (error?: Error | null) => void);
    } else {
      (super.send as (...values: unknown[]) => void)(data, options, callback);
      this.mayWait = true;
    }
  }

  /**
   * Sends `bytes` from `start` to `end` as a binary message. The four bytes before them are written over, and all of them
   * may be when it returns.
   */
  sendInPlace(bytes: Buffer, start: number, end: number): void {
    if (this.#sendsWhole(end - start)) this.#write(bytes, start, end);
    else FastSocket.prototype.send.call(this, Buffer.from(bytes.subarray(start, end)), { binary: true });
  }

  #write(bytes: Buffer, start: number, end: number, callback?: (error?: Error | null) => void): void {
    const from = writeHead(bytes, start, end - start);
    const taken = this.#writer!.write(bytes, from, end);
    if (taken === end - from) {
      if (callback) process.nextTick(callback);
      return;
    }
    // What has to wait needs memory of its own.
    (this as unknown as { _socket: Duplex })._socket.write(Buffer.from(bytes.subarray(from + taken, end)), callback);
    this.mayWait = true;
  }

  /** Whether a payload of so many bytes goes to the kernel as one buffer. */
  #sendsWhole(length: number): boolean {
    return this.#writer !== undefined && length <= MEDIUM && this.readyState === WebSocket.OPEN;
  }

  /** Takes the whole short frames at the beginning of what has arrived. Returns how many bytes they are. */
  #take(bytes: Buffer, length: number): number {
    let at = 0;
    for (let begin = MASKED_HEAD_BYTES; begin <= length && bytes[at] === BINARY && this.#isBetween(); ) {
      const size = bytes[at + 1]! - MASKED;
      if (size < 0 || size > SHORT || begin + size > length) break;
      const payload = Buffer.allocUnsafe(size);
      for (let i = 0; i < size; i++) payload[i] = bytes[begin + i]! ^ bytes[begin - 4 + (i & 3)]!;
      at = begin + size;
      begin = at + MASKED_HEAD_BYTES;
      this.emit("message", payload, true);
    }
    return at;
  }

  /** Whether it is open, and `ws` between two messages, so that what has arrived begins with a frame. */
  #isBetween(): boolean {
    if (this.readyState !== WebSocket.OPEN) return false;
    const { _state, _bufferedBytes, _fragmented } = (this as unknown as { _receiver: Receiver })._receiver;
    this.#isReading &&= _state !== 0 || _bufferedBytes !== 0 || _fragmented !== 0;
    return !this.#isReading;
  }
}

/**
 * Writes the header before a payload of so many bytes that begins at `at`. Frames of a server are not masked (RFC 6455,
 * section 5.1).
 * @returns where the frame begins.
 */
function writeHead(bytes: Buffer, at: number, length: number): number {
  if (length <= SHORT) {
    bytes[at - 2] = BINARY;
    bytes[at - 1] = length;
    return at - 2;
  }
  bytes[at - 4] = BINARY;
  bytes[at - 3] = SHORT + 1;
  bytes[at - 2] = length >> 8;
  bytes[at - 1] = length & 0xff;
  return at - MAX_HEAD_BYTES;
}
