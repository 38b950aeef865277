// Validates the frames of room clients before the framework decodes them. The framework's decoders trust the lengths
// and types in a frame.
import { isUtf8 } from "node:buffer";
import type { EventEmitter } from "node:events";
import { Protocol } from "colyseus";
import { areInputFields } from "./input-frames.ts";
import { LimitedSocket } from "./limited-socket.ts";

/**
 * Whether a client of a room may send this frame. The first byte is the frame's code. Its upper three bits are
 * modifiers, which our clients never set. The framework's "unreliable" input is for other transports, so it is always
 * refused.
 */
function isRoomFrame(frame: Buffer): boolean {
  switch (frame[0]) {
    case Protocol.JOIN_ROOM:
    case Protocol.LEAVE_ROOM:
    case Protocol.PING:
      return frame.length === 1;
    case Protocol.ROOM_DATA:
    case Protocol.ROOM_DATA_BYTES:
      return fits(frame, endOfType(frame, 1));
    case Protocol.ROOM_REQUEST:
      return fits(frame, endOfType(frame, endOfNumber(frame, 1)));
    case Protocol.ROOM_INPUT_RELIABLE:
      // Only known fields are accepted, because the decoder writes a warning to the console for unknown ones.
      return areInputFields(frame, 1);
    default:
      return false;
  }
}

function fits(frame: Buffer, end: number): boolean {
  return end <= frame.length;
}

/**
 * Returns the index after the message type that begins at `at`. A message type is a string or a number. Returns
 * Infinity for anything else.
 */
function endOfType(frame: Buffer, at: number): number {
  const first = frame[at];
  if (first === undefined) return Number.POSITIVE_INFINITY;
  if (first >= 0xa0 && first < 0xc0) return endOfString(frame, at + 1, first & 0x1f);
  if (first === 0xd9) return endOfString(frame, at + 2, frame[at + 1] ?? 0);
  if (first === 0xda) return endOfString(frame, at + 3, frame.length > at + 2 ? frame.readUInt16LE(at + 1) : 0);
  return endOfNumber(frame, at);
}

/**
 * Returns the index after a string of known length. Returns Infinity if the string is not UTF-8, because the decoder
 * would write an error to the console.
 */
function endOfString(frame: Buffer, at: number, length: number): number {
  const end = at + length;
  return isAscii(frame, at, end) || isUtf8(frame.subarray(at, end)) ? end : Number.POSITIVE_INFINITY;
}

/**
 * Whether the bytes are ASCII, as nearly all message types are. Unlike `isUtf8`, this check needs no buffer of its own.
 */
function isAscii(frame: Buffer, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (!(frame[i]! < 0x80)) return false;
  return true;
}

/** Returns the index after the non-negative integer that begins at `at`. Returns Infinity for anything else. */
function endOfNumber(frame: Buffer, at: number): number {
  const first = frame[at];
  if (first === undefined) return Number.POSITIVE_INFINITY;
  if (first < 0x80) return at + 1;
  if (first === 0xcc) return at + 2;
  if (first === 0xcd) return at + 3;
  if (first === 0xce) return at + 5;
  return Number.POSITIVE_INFINITY;
}

/**
 * The maximum number of frames that a client may send before it acknowledges its join. One more frame closes the
 * connection. The SDK sends early frames during a reconnection. It sends the queued messages of the game as soon as the
 * socket is open. Before the acknowledgement it also calls `onReconnect`, which may send more.
 */
const MAX_EARLY_FRAMES = 64;

/** Whether the framework is decoding a client's frame right now. */
let isDecoding = false;

/** Passes a frame on to the framework, which decodes it. */
export function emitFrame(ref: EventEmitter, frame: Uint8Array): void {
  isDecoding = true;
  try {
    ref.emit("message", frame);
  } finally {
    isDecoding = false;
  }
}

/** The logger interface of the framework. */
type Logger = { [level in "debug" | "error" | "info" | "trace" | "warn"]: (...values: unknown[]) => void };

/**
 * Returns a logger for the framework. If the framework cannot decode a message, it logs an error as bare text and
 * closes the connection. The client caused this error, so this logger logs it at the level `debug`.
 */
export function demoteClientErrors(logger: Logger): Logger {
  return {
    trace: (...values) => logger.trace(...values),
    debug: (...values) => logger.debug(...values),
    info: (...values) => logger.info(...values),
    warn: (...values) => logger.warn(...values),
    error: (...values) =>
      isDecoding && typeof values[0] === "string" ? logger.debug(...values) : logger.error(...values),
  };
}

/**
 * The socket of a room client. An invalid frame closes it. Pass this class as the `WebSocket` option of a `ws` server.
 */
export class GuardedSocket extends LimitedSocket {
  #hasJoined = false;
  #earlyFrames = 0;

  override emit(event: string | symbol, frame?: unknown, isBinary?: unknown): boolean {
    if (event !== "message" || this.readyState !== this.OPEN) return super.emit(event, frame, isBinary);
    if (
      !isBinary ||
      !Buffer.isBuffer(frame) ||
      !isRoomFrame(frame) ||
      !(this.#hasJoined || this.#mayPrecedeJoin(frame))
    ) {
      this.countDiscardedFrame();
      this.refuse("badFrame");
      return false;
    }
    isDecoding = true;
    try {
      return super.emit("message", frame, isBinary);
    } finally {
      isDecoding = false;
    }
  }

  /**
   * Whether a client may send this frame before its join is acknowledged. Pings are not counted, because the server
   * stores nothing for them. An acknowledgement counts as one only when the room already listens for messages.
   */
  #mayPrecedeJoin(frame: Buffer): boolean {
    this.#hasJoined = frame[0] === Protocol.JOIN_ROOM && this.listenerCount("message") > 0;
    return this.#hasJoined || frame[0] === Protocol.PING || ++this.#earlyFrames <= MAX_EARLY_FRAMES;
  }
}
