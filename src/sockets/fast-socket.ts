// A WebSocket for small frames. It writes each frame to the kernel as one buffer, and reads frames without a stream.
import type { Duplex } from "node:stream";
import WebSocket from "ws";
import {
  BINARY,
  frameOf,
  MAX_PAYLOAD,
  MAX_SHORT_PAYLOAD,
  writeFrameHeader,
} from "../../rooms/interest/frame-header.ts";
import type { FollowingFrames } from "../../rooms/interest/view.ts";
import { DirectWriter, readDirectly } from "./direct-io.ts";

/**
 * The bit of a frame's second byte that marks a masked payload. Clients mask all payloads. The header of a short masked
 * frame has two bytes and a mask of four bytes.
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
  /** Whether bytes may be queued in this process. The bytes that the kernel does not accept at a write are queued. */
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
      // New bytes must go through the stream too if the stream has queued bytes, to keep the order.
      const consumed = socket.readableFlowing && socket.readableLength === 0 ? this.#consumeFrames(bytes, length) : 0;
      if (consumed === length || socket.destroyed) return true;
      this.#isReceiving = true;
      // Pushes a copy, because the stream may keep the bytes longer than the read buffer does.
      return socket.push(Buffer.from(bytes.subarray(consumed, length)));
    });
  }

  /** Sends a message, like `send` of `ws`. */
  override send(data: unknown, options?: unknown, callback?: unknown): void {
    const isBinary = (options as { binary?: boolean } | undefined)?.binary === true;
    if (Buffer.isBuffer(data) && isBinary && this.canSendDirectly(data.length)) {
      const frame = frameOf(data);
      this.#write(frame, 0, frame.length, callback as (error?: Error | null) => void);
    } else {
      (super.send as (...values: unknown[]) => void)(data, options, callback);
      this.mayHaveQueuedBytes = true;
    }
  }

  /**
   * Sends the bytes from `start` to `end` as a binary message, and then the frames that follow them in the buffer, all
   * in one write. Overwrites the four bytes before `start` with the header. The caller may reuse the buffer after the
   * call.
   * @returns false if the socket cannot do this. In that case it has sent nothing.
   */
  sendInPlace(bytes: Buffer, start: number, end: number, following?: FollowingFrames): boolean {
    if (!this.canSendDirectly(end - start)) return false;
    this.writeInPlace(bytes, start, end, following);
    return true;
  }

  /** Does the same as `sendInPlace`, but without its check. Requires that `canSendDirectly` has returned true. */
  protected writeInPlace(bytes: Buffer, start: number, end: number, following: FollowingFrames | undefined): void {
    this.#write(bytes, writeFrameHeader(bytes, start, end - start), following?.end ?? end);
  }

  /** Whether a payload of `length` bytes can be written to the kernel as one buffer. */
  protected canSendDirectly(length: number): boolean {
    return this.#writer !== undefined && length <= MAX_PAYLOAD && this.readyState === WebSocket.OPEN;
  }

  /** Writes complete frames: the bytes from `start` to `end`. */
  #write(bytes: Buffer, start: number, end: number, callback?: (error?: Error | null) => void): void {
    const written = this.#writer!.write(bytes, start, end);
    if (written === end - start) {
      if (callback) process.nextTick(callback);
      return;
    }
    // Writes a copy of the rest, because the caller may reuse the buffer while the rest is still queued.
    (this as unknown as { _socket: Duplex })._socket.write(Buffer.from(bytes.subarray(start + written, end)), callback);
    this.mayHaveQueuedBytes = true;
  }

  /**
   * Emits the complete short frames at the beginning of the received bytes. Returns the size of these frames in bytes.
   */
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

  /** Whether the socket is open and `ws` is between two messages. If so, the received bytes begin with a frame. */
  #isBetweenMessages(): boolean {
    if (this.readyState !== WebSocket.OPEN) return false;
    const { _state, _bufferedBytes, _fragmented } = (this as unknown as { _receiver: Receiver })._receiver;
    this.#isReceiving &&= _state !== 0 || _bufferedBytes !== 0 || _fragmented !== 0;
    return !this.#isReceiving;
  }
}
