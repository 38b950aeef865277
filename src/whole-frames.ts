// A WebSocket that hands each small frame to the kernel as one buffer.
import type { Socket } from "node:net";
import WebSocket from "ws";

/** The first byte of a whole binary message: FIN and the opcode 2. */
const BINARY = 0x82;

/** The longest payload, in bytes, whose length fits into the second byte, and into the two bytes after that. */
const SHORT = 125;
const MEDIUM = 0xffff;

/** The longest header of such a frame, in bytes. */
const HEAD_BYTES = 4;

/**
 * `ws` gives the socket a frame's header and payload as two buffers, which is a gathered write for each frame. Most of
 * what a server of many players does is to send small frames: joined before, each is a plain write of one buffer. What
 * is not a binary frame of less than 64 kB goes the usual way.
 */
export class WholeFrameSocket extends WebSocket {
  #plain: boolean | undefined;

  override send(data: unknown, ...rest: unknown[]): void {
    const [options, callback] = rest;
    const plain =
      Buffer.isBuffer(data) &&
      data.length <= MEDIUM &&
      (options as { binary?: boolean } | undefined)?.binary === true &&
      this.readyState === WebSocket.OPEN &&
      this.#isPlain();
    if (!plain) {
      (super.send as (...values: unknown[]) => void)(data, ...rest);
      return;
    }
    const { _socket: socket } = this as unknown as { _socket: Socket };
    // A frame that has to wait behind others needs memory of its own.
    const memory = socket.writableLength === 0 ? shared : Buffer.allocUnsafe(HEAD_BYTES + data.length);
    socket.write(wholeFrame(data, memory), callback as ((error?: Error | null) => void) | undefined);
    // What the kernel did not take at once is still to be read from the memory it was given in.
    if (memory === shared && socket.writableLength > 0) shared = Buffer.allocUnsafeSlow(HEAD_BYTES + MEDIUM);
  }

  /** Whether no extension has a say in how frames look. It is agreed on before the first frame and stays. */
  #isPlain(): boolean {
    this.#plain ??= this.extensions === "";
    return this.#plain;
  }
}

/** Memory for the frame that is on its way to the kernel: nearly always it has taken it when `write` returns. */
let shared = Buffer.allocUnsafeSlow(HEAD_BYTES + MEDIUM);

/** A payload with its header before it, in `memory`. Frames of a server are not masked (RFC 6455, section 5.1). */
function wholeFrame(payload: Buffer, memory: Buffer): Buffer {
  const head = payload.length <= SHORT ? 2 : HEAD_BYTES;
  memory[0] = BINARY;
  if (head === 2) memory[1] = payload.length;
  else {
    memory[1] = SHORT + 1;
    memory.writeUInt16BE(payload.length, 2);
  }
  memory.set(payload, head);
  return memory.subarray(0, head + payload.length);
}
