// Ways past Node's streams, for sockets that carry many small frames: what a stream does for each of them (an object for
// the write, a buffer of 64 kB to read into, queues, events) takes longer than what is done with the frame.
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** The kernel's end of a socket, as far as Node lets it be seen. */
interface Handle {
  readonly fd?: number;
  useUserBuffer?(buffer: Uint8Array): void;
}

/** Where frames are read to. It is read from before the next socket is, so that one will do for all. */
const READ_BYTES = 64 * 1024;
const READ = Buffer.allocUnsafeSlow(READ_BYTES);

/** The kernel's end of a TCP connection that is open. Not that of TLS: what goes past its stream is not encrypted. */
function handleOf(socket: Duplex): Handle | undefined {
  if (Object.getPrototypeOf(socket) !== Socket.prototype) return undefined;
  return (socket as unknown as { _handle: Handle | null })._handle ?? undefined;
}

/** Writes to the kernel's end of a socket. */
export class DirectWriter {
  readonly #socket: { readonly _handle?: Handle | null; writableCorked: number; writableLength: number };
  readonly #handle: Handle | undefined;
  readonly #descriptor: number;

  /** `socket`: of TCP and open, or the kernel takes nothing from here. */
  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#handle = handleOf(socket);
    this.#descriptor = this.#handle?.fd ?? -1;
  }

  /**
   * Writes as much of `bytes` from `start` to `end` as the kernel takes at once. The rest is for the socket's own
   * `write`. While that keeps something back, nothing is written here.
   * @returns how many bytes were taken. An error is none here: the socket's own `write` meets it again.
   */
  write(bytes: Uint8Array, start: number, end: number): number {
    const socket = this.#socket;
    // A closed socket has lost its handle, and another one may have its descriptor by now.
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
 * Reads from the kernel's end of a socket: `take` is given what arrives, in memory that is used again as soon as it
 * returns, and how many bytes it is. What it does not take, it is to `push` on to the socket's stream, and to return
 * what that says: on false, nothing is read until the stream asks for more.
 *
 * This is the option `onread` of `net.Socket`, which has no public way for a socket that is there already.
 * @returns whether it is possible; if not, the socket's stream has it all, as ever.
 */
export function readDirectly(socket: Duplex, take: (bytes: Buffer, length: number) => boolean): boolean {
  const handle = handleOf(socket);
  const [buffer, callback] = ["kBuffer", "kBufferCb"].map((name) =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name),
  );
  if (!handle?.useUserBuffer || !buffer || !callback) return false;
  handle.useUserBuffer(READ);
  Object.assign(socket, { [buffer]: READ, [callback]: (length: number) => take(READ, length) });
  return true;
}
