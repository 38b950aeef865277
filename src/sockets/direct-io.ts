// Bypasses Node's streams for sockets that carry many small frames. For each frame, a stream allocates a write request
// or a read buffer of 64 kB, queues it and emits events. That takes longer than processing the frame.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** The native handle of a socket, as far as Node exposes it. */
interface Handle {
  readonly fd?: number;
  useUserBuffer?(buffer: Uint8Array): void;
}

/** The read buffer. Its bytes are consumed before the next socket is read, so all sockets share one buffer. */
const READ_BYTES = 64 * 1024;
const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * Returns the handle of an open TCP connection; undefined for TLS, because bytes that bypass the TLS stream are not
 * encrypted.
 */
function handleOf(socket: Duplex): Handle | undefined {
  if (Object.getPrototypeOf(socket) !== Socket.prototype) return undefined;
  return (socket as unknown as { _handle: Handle | null })._handle ?? undefined;
}

/** Writes directly to the file descriptor of a socket. */
export class DirectWriter {
  readonly #socket: { readonly _handle?: Handle | null; writableCorked: number; writableLength: number };
  readonly #handle: Handle | undefined;
  readonly #descriptor: number;

  /** @param socket an open TCP connection. For any other socket, `write` always returns 0. */
  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#handle = handleOf(socket);
    this.#descriptor = this.#handle?.fd ?? -1;
  }

  /**
   * Writes as many of the bytes from `start` to `end` as the kernel accepts at once. The caller passes the rest to the
   * socket's own `write`. This method writes nothing while that `write` still has queued bytes, to keep the order.
   * @returns the number of bytes written. Returns 0 on error; the socket's own `write` then reports the error.
   */
  write(bytes: Uint8Array, start: number, end: number): number {
    const socket = this.#socket;
    // A closed socket has lost its handle, and its descriptor may already belong to another file.
    if (this.#descriptor < 0 || socket._handle !== this.#handle) return 0;
    if (socket.writableLength > 0 || socket.writableCorked > 0) return 0;
    try {
      return writeSync(this.#descriptor, bytes, start, end - start);
    } catch {
      return 0;
    }
  }
}

/**
 * Reads directly from a socket. `onRead` is called with the received bytes and their number. The buffer is reused as
 * soon as `onRead` returns. If `onRead` does not consume all bytes, it must pass the rest to `push` of the
 * socket's stream, and return the result of `push`. A result of false stops the reading until the stream asks for more.
 *
 * For a new socket, the `onread` option of `net.Socket` does the same. Node has no public equivalent for an existing
 * socket.
 * @returns whether direct reading is possible. If not, the socket's stream receives all data as usual.
 */
export function readDirectly(socket: Duplex, onRead: (bytes: Buffer, length: number) => boolean): boolean {
  const handle = handleOf(socket);
  const [buffer, callback] = ["kBuffer", "kBufferCb"].map((name) =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name),
  );
  if (!handle?.useUserBuffer || !buffer || !callback) return false;
  handle.useUserBuffer(READ_BUFFER);
  Object.assign(socket, { [buffer]: READ_BUFFER, [callback]: (length: number) => onRead(READ_BUFFER, length) });
  return true;
}
