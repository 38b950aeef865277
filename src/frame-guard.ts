// Stands between the socket and the framework's decoders, which trust the lengths that a frame claims.
import { logger, Protocol } from "colyseus";
import WebSocket from "ws";
import { ERRORS } from "../rooms/errors.ts";
import { traffic } from "./traffic.ts";
import { WholeFrameSocket } from "./whole-frames.ts";

/** The low five bits of a frame's first byte say what it is; the upper three only modify that. */
const CODE_BITS = 0x1f;

/** What `ws` reports for a connection that ended without a closing handshake. */
const NO_HANDSHAKE = 1006;

/**
 * Whether a frame is one that no client of a room sends: text, or an "unreliable" input. The framework knows the latter
 * for other transports; its decoder walks by the lengths inside such a frame, and a negative or non-finite one keeps it
 * walking for ever, with the whole process (seen in @colyseus/core 0.18.17 with @colyseus/schema 5.0.34).
 */
function isRefused(frame: unknown, isBinary: unknown): boolean {
  return !isBinary || !Buffer.isBuffer(frame) || (frame[0]! & CODE_BITS) === Protocol.ROOM_INPUT_UNRELIABLE;
}

/** The socket of a client of a room, for the `WebSocket` option of a `ws` server. */
export class GuardedSocket extends WholeFrameSocket {
  #closedWith: number | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    this.#closedWith ??= code;
    super.close(code, reason);
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === "message") return this.#receive(values);
    // Whoever we closed is gone for the reason we gave, even if it never answers. A bare 1006 would look like a lost
    // connection, and the room would hold a seat for who broke the protocol.
    if (event === "close" && values[0] === NO_HANDSHAKE) values[0] = this.#closedWith ?? NO_HANDSHAKE;
    // A peer's fault is no error of ours: ws closes the connection with the right code by itself.
    if (event === "error") {
      logger.debug({ err: values[0] }, "a client broke its connection");
      return true;
    }
    return super.emit(event, ...values);
  }

  #receive(values: unknown[]): boolean {
    // What was still on its way when the connection was closed is not to be acted on.
    if (this.readyState !== WebSocket.OPEN) return false;
    traffic.framesReceived++;
    if (isRefused(values[0], values[1])) {
      traffic.framesRefused++;
      this.close(ERRORS.badFrame.code, ERRORS.badFrame.sentence);
      return false;
    }
    try {
      return super.emit("message", ...values);
    } catch (error) {
      // Thrown on from here it would be an uncaught exception, which ends the process for everybody.
      traffic.framesRefused++;
      logger.error({ err: error }, "a frame could not be read; its connection is closed");
      this.close(ERRORS.badFrame.code, ERRORS.badFrame.sentence);
      return false;
    }
  }
}
