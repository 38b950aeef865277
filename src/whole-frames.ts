// A WebSocket that hands each small frame to the kernel as one buffer.
import type { Socket } from "node:net";
import WebSocket from "ws";
import type { Scratch } from "../rooms/interest/scratch.ts";

/** The first byte of a whole binary message: FIN and the opcode 2. */
const BINARY = 0x82;

/** The longest payload, in bytes, whose length fits into the second byte, and into the two bytes after that. */
const SHORT = 125;
const MEDIUM = 0xffff;

const AS_BINARY = { binary: true };

/**
 * `ws` gives the socket a frame's header and payload as two buffers, which is a gathered write for each frame. Most of
 * what a server of many players does is to send small frames: joined before, each is a plain write of one buffer. What
 * is not a binary frame of less than 64 kB goes the usual way.
 */
export class WholeFrameSocket extends WebSocket {
  /** Whether the kernel did not take something at once, so that bytes may wait in this process. */
  protected mayWait = false;
  #plain: boolean | undefined;

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
    socketOf(this).write(frame, callback);
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
}

function socketOf(webSocket: WebSocket): Socket {
  return (webSocket as unknown as { _socket: Socket })._socket;
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
