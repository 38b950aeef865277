// A WebSocket for small frames: each goes to the kernel as one buffer, and comes from it without a stream between.
import type { Duplex } from "node:stream";
import WebSocket from "ws";
import type { Scratch } from "../rooms/interest/scratch.ts";
import { DirectWriter, readDirectly } from "./direct-io.ts";

/** The first byte of a whole binary message: FIN and the opcode 2. */
const BINARY = 0x82;

/** The longest payload, in bytes, whose length fits into the second byte, and into the two bytes after that. */
const SHORT = 125;
const MEDIUM = 0xffff;

/** The bit of the second byte by which a client says that it masked the payload, and the header of its short frames. */
const MASKED = 0x80;
const MASKED_HEAD_BYTES = 6;

const AS_BINARY = { binary: true };

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
 * frame of less than 64 kB to send, or of up to 125 bytes to read, goes the usual way.
 */
export class WholeFrameSocket extends WebSocket {
  /** Whether the kernel did not take something at once, so that bytes may wait in this process. */
  protected mayWait = false;
  #writer: DirectWriter | undefined;
  #plain: boolean | undefined;
  /** Whether `ws` may be in the middle of a message. */
  #isReading = true;

  /** As `ws` calls it, when the connection has become a WebSocket. */
  setSocket(socket: Duplex, head: Buffer, options: { maxPayload?: number }): void {
    (WebSocket.prototype as unknown as typeof this).setSocket.call(this, socket, head, options);
    this.#writer = new DirectWriter(socket);
    if ((options.maxPayload || SHORT) < SHORT) return;
    readDirectly(socket, (bytes, length) => {
      const taken = this.#take(bytes, length);
      if (taken === length || socket.destroyed) return;
      this.#isReading = true;
      // A copy, because the stream may keep it.
      socket.push(Buffer.from(bytes.subarray(taken, length)));
    });
  }

  /** As that of `ws`. */
  override send(data: unknown, options?: unknown, callback?: unknown): void {
    const isBinary = (options as { binary?: boolean } | undefined)?.binary === true;
    if (Buffer.isBuffer(data) && data.length <= MEDIUM && isBinary && this.#sendsWhole()) {
      const frame = Buffer.allocUnsafe(headBytes(data.length) + data.length);
      frame.set(data, writeHead(frame, data.length));
      this.#write(frame, callback as (error?: Error | null) => void);
    } else {
      (super.send as (...values: unknown[]) => void)(data, options, callback);
      this.mayWait = true;
    }
  }

  /** Sends the last `length` bytes of `scratch` as a binary message. Whoever wrote them may write there anew at once. */
  sendFrom(scratch: Scratch, length: number): void {
    // A frame that has to wait behind others needs memory of its own.
    if (this.#isIdle() && this.#sendsWhole()) {
      const frame = scratch.last(headBytes(length) + length);
      writeHead(frame, length);
      // What the kernel did not take at once is still to be read from the memory it was given in.
      if (!this.#write(frame)) scratch.renew();
    } else WholeFrameSocket.prototype.send.call(this, Buffer.from(scratch.last(length)), AS_BINARY);
  }

  /** Whether the kernel has taken it. */
  #write(frame: Buffer, callback?: (error?: Error | null) => void): boolean {
    const taken = this.#writer!.write(frame);
    if (taken === frame.length) {
      if (callback) process.nextTick(callback);
      return true;
    }
    socketOf(this).write(frame.subarray(taken), callback);
    if (this.#isIdle()) return true;
    this.mayWait = true;
    return false;
  }

  #isIdle(): boolean {
    return socketOf(this)?.writableLength === 0;
  }

  /** Whether it is open, and no extension has a say in how frames look: that is agreed on before the first and stays. */
  #sendsWhole(): boolean {
    this.#plain ??= this.extensions === "";
    return this.#plain && this.readyState === WebSocket.OPEN;
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

function socketOf(webSocket: WebSocket): Duplex {
  return (webSocket as unknown as { _socket: Duplex })._socket;
}

/** The bytes of the header before a payload of so many. Frames of a server are not masked (RFC 6455, section 5.1). */
function headBytes(length: number): number {
  return length <= SHORT ? 2 : 4;
}

/** Writes the header. Returns where the payload begins. */
function writeHead(frame: Buffer, length: number): number {
  frame[0] = BINARY;
  if (length <= SHORT) frame[1] = length;
  else {
    frame[1] = SHORT + 1;
    frame[2] = length >> 8;
    frame[3] = length & 0xff;
  }
  return headBytes(length);
}
