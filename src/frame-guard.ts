// Stands between the socket and the framework's decoders, which trust the lengths that a frame claims.
import { logger } from "colyseus";
import WebSocket from "ws";
import { ERRORS } from "../rooms/errors.ts";
import { isRoomFrame } from "./room-frames.ts";
import { WholeFrameSocket } from "./whole-frames.ts";

/** What `ws` reports for a connection that ended without a closing handshake. */
const NO_HANDSHAKE = 1006;

/** Whether the framework is reading a client's frame at the moment. */
let isReading = false;

/** What a logger is to the framework. */
type Logger = { [level in "debug" | "error" | "info" | "trace" | "warn"]: (...values: unknown[]) => void };

/**
 * A logger for the framework. It logs a message that it cannot decode as an error, as bare text, and closes the
 * connection; to us that is a client's fault, of which anybody could commit thousands.
 */
export function withoutClientsFaults(logger: Logger): Logger {
  return {
    trace: (...values) => logger.trace(...values),
    debug: (...values) => logger.debug(...values),
    info: (...values) => logger.info(...values),
    warn: (...values) => logger.warn(...values),
    error: (...values) =>
      isReading && typeof values[0] === "string" ? logger.debug(...values) : logger.error(...values),
  };
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
    const [frame, isBinary] = values;
    if (!isBinary || !Buffer.isBuffer(frame) || !isRoomFrame(frame)) {
      this.close(ERRORS.badFrame.code, ERRORS.badFrame.sentence);
      return false;
    }
    isReading = true;
    try {
      return super.emit("message", ...values);
    } catch (error) {
      // Thrown on from here it would be an uncaught exception, which ends the process for everybody.
      logger.error({ err: error }, "a frame could not be read; its connection is closed");
      this.close(ERRORS.badFrame.code, ERRORS.badFrame.sentence);
      return false;
    } finally {
      isReading = false;
    }
  }
}
