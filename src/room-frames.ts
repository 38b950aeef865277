// What a client of a room may send, as far as its head tells. The framework's decoders write to the console about what
// they cannot read, so that anybody could fill the disk with it; such frames do not reach them.
import { isUtf8 } from "node:buffer";
import { Protocol } from "colyseus";

/** The low five bits of a frame's first byte say what it is; the upper three only modify that. */
const CODE_BITS = 0x1f;

/** An input of `MoveInput`: nothing if its direction is the one before, else the field's number with the bit ADD, and it. */
const INPUT_LENGTHS: ReadonlySet<number> = new Set([1, 3]);
const DIRECTION_IS = 0x80;

/** Numbers up to this one are a byte. */
const LAST_SMALL_NUMBER = 0x7f;

/** A string of up to 31 bytes begins with these three bits; the other five are its length. */
const SHORT_STRING = 0b101;
const LENGTH_BITS = 0x1f;

/** Whether a frame is one that the framework can read, and that a client of this room may send. */
export function isRoomFrame(frame: Buffer): boolean {
  switch (frame[0]! & CODE_BITS) {
    // An "unreliable" input. The framework knows it for other transports; its decoder walks by the lengths inside such a
    // frame, and a negative or non-finite one keeps it walking for ever, with the whole process (seen in @colyseus/core
    // 0.18.17 with @colyseus/schema 5.0.34).
    case Protocol.ROOM_INPUT_UNRELIABLE:
      return false;
    case Protocol.ROOM_INPUT_RELIABLE:
      return (
        frame[0] === Protocol.ROOM_INPUT_RELIABLE &&
        INPUT_LENGTHS.has(frame.length) &&
        (frame.length === 1 || frame[1] === DIRECTION_IS)
      );
    case Protocol.ROOM_DATA:
    case Protocol.ROOM_DATA_BYTES:
      return hasType(frame, 1);
    case Protocol.ROOM_REQUEST:
      // Its number stands first, in as many bytes as that takes.
      return frame.length > 1 && hasType(frame, 1 + numberBytes(frame[1]!));
    default:
      return true;
  }
}

/** Whether a message's type stands at `offset`, whole: a short string or a small number. */
function hasType(frame: Buffer, offset: number): boolean {
  if (offset >= frame.length) return false;
  const first = frame[offset]!;
  if (first <= LAST_SMALL_NUMBER) return true;
  if (first >> 5 !== SHORT_STRING) return false;
  const type = frame.subarray(offset + 1, offset + 1 + (first & LENGTH_BITS));
  return type.length === (first & LENGTH_BITS) && isUtf8(type);
}

/** Bytes of a number that begins with this one: by its value, or an unsigned one of 8, 16 or 32 bits. */
function numberBytes(first: number): number {
  if (first <= LAST_SMALL_NUMBER) return 1;
  return { 204: 2, 205: 3, 206: 5 }[first] ?? Number.POSITIVE_INFINITY;
}
