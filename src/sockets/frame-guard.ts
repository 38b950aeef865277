// Stands between the socket and the framework's decoders, which trust what a frame claims: it knows what a client sends.
import { isUtf8 } from "node:buffer";
import { logger, Protocol } from "colyseus";
import { areInputFields } from "./input-frames.ts";
import { LimitedSocket } from "./limited-socket.ts";

/**
 * Whether clients of a room send such a frame. The first byte is its code; the upper three bits modify the code, and our
 * clients set none of them. No client of ours sends the framework's "unreliable" input, which is for other transports; it is
 * refused whatever it holds.
 */
function isRoomFrame(frame: Buffer): boolean {
  switch (frame[0]) {
    case Protocol.JOIN_ROOM:
    case Protocol.LEAVE_ROOM:
    case Protocol.PING:
      return frame.length === 1;
    case Protocol.ROOM_DATA:
    case Protocol.ROOM_DATA_BYTES:
      return fits(frame, afterType(frame, 1));
    case Protocol.ROOM_REQUEST:
      return fits(frame, afterType(frame, afterNumber(frame, 1)));
    case Protocol.ROOM_INPUT_RELIABLE:
      // Nothing else: the decoder writes to the console about bytes that it does not know.
      return areInputFields(frame, 1);
    default:
      return false;
  }
}

function fits(frame: Buffer, end: number): boolean {
  return end <= frame.length;
}

/** Where the type of a message ends that begins at `at`: a text or a number. Infinity if it is neither. */
function afterType(frame: Buffer, at: number): number {
  const first = frame[at];
  if (first === undefined) return Number.POSITIVE_INFINITY;
  if (first >= 0xa0 && first < 0xc0) return afterText(frame, at + 1, first & 0x1f);
  if (first === 0xd9) return afterText(frame, at + 2, frame[at + 1] ?? 0);
  if (first === 0xda) return afterText(frame, at + 3, frame.length > at + 2 ? frame.readUInt16LE(at + 1) : 0);
  return afterNumber(frame, at);
}

/** The same for a text of a known length. The decoder writes to the console about bytes that are no UTF-8. */
function afterText(frame: Buffer, at: number, length: number): number {
  const end = at + length;
  return isAscii(frame, at, end) || isUtf8(frame.subarray(at, end)) ? end : Number.POSITIVE_INFINITY;
}

/** Nearly every type is: it is not worth a buffer to find out. */
function isAscii(frame: Buffer, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (!(frame[i]! < 0x80)) return false;
  return true;
}

/** The same for a whole number that is not negative. */
function afterNumber(frame: Buffer, at: number): number {
  const first = frame[at];
  if (first === undefined) return Number.POSITIVE_INFINITY;
  if (first < 0x80) return at + 1;
  if (first === 0xcc) return at + 2;
  if (first === 0xcd) return at + 3;
  if (first === 0xce) return at + 5;
  return Number.POSITIVE_INFINITY;
}

/**
 * Frames that a client may send before it has acknowledged its join. The SDK does so while it comes back: what the game
 * sends goes out as soon as the socket is open, and onReconnect is called before the acknowledgement. The connection is
 * closed at the next one.
 */
const EARLY_FRAMES = 64;

/** Whether the framework is reading a client's frame at the moment. */
let isReading = false;

/** What a logger is to the framework. */
type Logger = { [level in "debug" | "error" | "info" | "trace" | "warn"]: (...values: unknown[]) => void };

/**
 * A logger for the framework. It logs a message that it cannot decode as an error, as bare text, and closes the
 * connection. That is the client's error, so here it is logged at `debug`.
 */
export function demoteClientErrors(logger: Logger): Logger {
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
export class GuardedSocket extends LimitedSocket {
  #hasJoined = false;
  #earlyFrames = 0;

  override emit(event: string | symbol, frame?: unknown, isBinary?: unknown): boolean {
    if (event !== "message" || this.readyState !== this.OPEN) return super.emit(event, frame, isBinary);
    if (!isBinary || !Buffer.isBuffer(frame) || !isRoomFrame(frame) || !(this.#hasJoined || this.#isInTime(frame))) {
      this.takeUnseen();
      this.refuse("badFrame");
      return false;
    }
    isReading = true;
    try {
      return super.emit("message", frame, isBinary);
    } catch (error) {
      // Thrown on from here it would be an uncaught exception, which ends the process for everybody.
      logger.error({ err: error }, "a frame could not be read; its connection is closed");
      this.refuse("badFrame");
      return false;
    } finally {
      isReading = false;
    }
  }

  /**
   * Whether a client that has not acknowledged its join yet may send a frame. A ping leaves nothing behind. While the
   * room still makes up its mind nobody listens, and then an acknowledgement is none.
   */
  #isInTime(frame: Buffer): boolean {
    this.#hasJoined = frame[0] === Protocol.JOIN_ROOM && this.listenerCount("message") > 0;
    return this.#hasJoined || frame[0] === Protocol.PING || ++this.#earlyFrames <= EARLY_FRAMES;
  }
}
