// Which bytes an input on the wire may have: the framework's decoder trusts them, so they are checked first.
import { INPUT_TYPES } from "../../schema/move-input.ts";

/** The number of a field is in the low bits of the byte before its value; this bit says that the value follows. */
const ADD = 0x80;

/** Bytes of a value of each type whose values all have the same size. */
const SIZES: Readonly<Record<string, number>> = {
  boolean: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

/** By the number of a field: the bytes of its value. */
const FIELD_SIZES = INPUT_TYPES.map(([field, type]) => {
  const size = SIZES[type];
  if (size === undefined) {
    const accepted = Object.keys(SIZES).join(", ");
    throw new Error(`MoveInput.${field} has the type ${type}; expected one of fixed size: ${accepted}`);
  }
  return size;
});

/**
 * Whether the bytes from `at` to the end of a frame are the changed fields of an input, each at most once, in the order in
 * which the SDK sends them.
 */
export function areInputFields(frame: Uint8Array, at: number): boolean {
  let next = 0;
  while (at < frame.length) {
    const field = frame[at]! - ADD;
    const size = FIELD_SIZES[field];
    if (size === undefined || field < next) return false;
    next = field + 1;
    at += 1 + size;
  }
  return at === frame.length;
}
