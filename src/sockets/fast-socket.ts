// A WebSocket for small frames. It writes each frame to the kernel as one buffer, and reads frames without a stream.
import type { Duplex } from "node:stream";
import WebSocket from "ws";
import { DirectWriter, readDirectly } from "./direct-io.ts";

/** The first byte of an unfragmented binary message: FIN and opcode 2. */
const BINARY = 0x82;

/** The longest payloads, in bytes, whose length fits into the second byte, and into the two bytes after it. */
const MAX_SHORT_PAYLOAD = 125;
const MAX_MEDIUM_PAYLOAD = 0xffff;

/** The longest frame header that is written here, in bytes. */
const MAX_HEADER_BYTES = 4;

/**
 * The bit of the second byte that marks a masked payload, as clients send it, and the header size of a short masked
 * frame.
 */
const MASKED = 0x80;
const MASKED_HEADER_BYTES = 6;

/** The private fields of the receiver of `ws` that show whether it is between two messages. */
interface Receiver {
  _state: number;
  _bufferedBytes: number;
  _fragmented: number;
}

/**
 * A `WebSocket` of `ws` with a fast path for small binary frames. `ws` writes a frame's header and payload as two
 * buffers, and reads through two streams. A game server mostly sends small frames and reads even smaller ones.
 *
 * - Sending: a binary frame of less than 64 kB is written with its header as one buffer.
 * - Receiving: an unfragmented binary frame of up to 125 bytes is parsed in the read buffer, if it arrived completely.
 *
 * All other frames take the usual path through `ws`. Messages are emitted as buffers, regardless of `binaryType`.
 */
export class FastSocket extends WebSocket {
  /** Whether bytes may be queued in this process, because the kernel did not accept all of a write. */
  protected mayHaveQueuedBytes = false;
  /**
   * Writes frames to the kernel. Undefined before the connection is open. Also undefined if an extension is in use,
   * because an extension changes the frames.
   */
  #writer: DirectWriter | undefined;
  /** Whether `ws` may be in the middle of a message. */
  #isReceiving = true;

  /** Called by `ws` when the connection has become a WebSocket. */
  setSocket(socket: Duplex, head: Buffer, options: { maxPayload?: number }): void {
    (WebSocket.prototype as unknown as typeof this).setSocket.call(this, socket, head, options);
    if (this.extensions === "") this.#writer = new DirectWriter(socket);
    if ((options.maxPayload || MAX_SHORT_PAYLOAD) < MAX_SHORT_PAYLOAD) return;
    readDirectly(socket, (bytes, length) => {
      // Bytes that are queued in the stream come first.
      const consumed = socket.readableFlowing && socket.readableLength === 0 ? this.#consumeFrames(bytes, length) : 0;
      if (consumed === length || socket.destroyed) return true;
      this.#isReceiving = true;
      // A copy, because the stream may keep it.
      return socket.push(Buffer.from(bytes.subarray(consumed, length)));
    });
  }

  /** Sends a message, like `send` of `ws`. */
  override send(data: unknown, options?: unknown, callback?: unknown): void {
    const isBinary = (options as { binary?: boolean } | undefined)?.binary === true;
    if (Buffer.isBuffer(data) && isBinary && this.#canSendDirectly(data.length)) {
      const frame = Buffer.allocUnsafe(MAX_HEADER_BYTES + data.length);
      frame.set(data, MAX_HEADER_BYTES);
      this.#writeFrame(frame, MAX_HEADER_BYTES, frame.length, callback as (error?: Error | null) => void);
    } else {
      (super.send as (...values: unknown[]) => void)(data, options, callback);
      this.mayHaveQueuedBytes = true;
    }
  }

  /**
   * Sends the bytes from `start` to `end` as a binary message. Overwrites the four bytes before `start` with the
   * header. The caller may reuse the buffer after the call.
   */
  sendInPlace(bytes: Buffer, start: number, end: number): void {
    if (this.#canSendDirectly(end - start)) this.#writeFrame(bytes, start, end);
    else FastSocket.prototype.send.call(this, Buffer.from(bytes.subarray(start, end)), { binary: true });
  }

  #writeFrame(bytes: Buffer, start: number, end: number, callback?: (error?: Error | null) => void): void {
    const frameStart = writeHeader(bytes, start, end - start);
    const written = this.#writer!.write(bytes, frameStart, end);
    if (written === end - frameStart) {
      if (callback) process.nextTick(callback);
      return;
    }
    // The rest is queued, so it needs memory of its own.
    (this as unknown as { _socket: Duplex })._socket.write(
      Buffer.from(bytes.subarray(frameStart + written, end)),
      callback,
    );
    this.mayHaveQueuedBytes = true;
  }

  /** Whether a payload of `length` bytes can be written to the kernel as one buffer. */
  #canSendDirectly(length: number): boolean {
    return this.#writer !== undefined && length <= MAX_MEDIUM_PAYLOAD && this.readyState === WebSocket.OPEN;
  }

  /** Emits the complete short frames at the beginning of the received bytes. Returns how many bytes they take. */
  #consumeFrames(bytes: Buffer, length: number): number {
    let at = 0;
    for (let start = MASKED_HEADER_BYTES; start <= length && bytes[at] === BINARY && this.#isBetweenMessages(); ) {
      const size = bytes[at + 1]! - MASKED;
      if (size < 0 || size > MAX_SHORT_PAYLOAD || start + size > length) break;
      const payload = Buffer.allocUnsafe(size);
      for (let i = 0; i < size; i++) payload[i] = bytes[start + i]! ^ bytes[start - 4 + (i & 3)]!;
      at = start + size;
      start = at + MASKED_HEADER_BYTES;
      this.emit("message", payload, true);
    }
    return at;
  }

  /** Whether the socket is open and `ws` is between two messages, so that the received bytes begin with a frame. */
  #isBetweenMessages(): boolean {
    if (this.readyState !== WebSocket.OPEN) return false;
    const { _state, _bufferedBytes, _fragmented } = (this as unknown as { _receiver: Receiver })._receiver;
    this.#isReceiving &&= _state !== 0 || _bufferedBytes !== 0 || _fragmented !== 0;
    return !this.#isReceiving;
  }
}

/**
 * Writes the header of a frame before its payload, which begins at `payloadStart`. Frames from a server are not masked
 * (RFC 6455, section 5.1).
 * @returns the offset at which the frame begins.
 */
function writeHeader(bytes: Buffer, payloadStart: number, length: number): number {
  if (length <= MAX_SHORT_PAYLOAD) {
    bytes[payloadStart - 2] = BINARY;
    bytes[payloadStart - 1] = length;
    return payloadStart - 2;
  }
  bytes[payloadStart - 4] = BINARY;
  bytes[payloadStart - 3] = MAX_SHORT_PAYLOAD + 1;
  bytes[payloadStart - 2] = length >> 8;
  bytes[payloadStart - 1] = length & 0xff;
  return payloadStart - MAX_HEADER_BYTES;
}
