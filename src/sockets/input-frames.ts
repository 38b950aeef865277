// Validates the bytes of an input before the framework decodes them. The framework's decoder does not check them.
import { INPUT_TYPES } from "../../schema/move-input.ts";

/**
 * The bit that says that a value follows. In a frame, one byte precedes each value: this bit plus the number of the
 * field.
 */
const ADD = 0x80;

/** The sizes in bytes of the types that have a fixed size. */
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

/** The size in bytes of each field of an input, by field number. */
const FIELD_SIZES = INPUT_TYPES.map(([field, type]) => {
  const size = SIZES[type];
  if (size === undefined) {
    const accepted = Object.keys(SIZES).join(", ");
    throw new Error(`MoveInput.${field} has the type ${type}; expected one of fixed size: ${accepted}`);
  }
  return size;
});

/**
 * Whether the bytes from `at` to the end of the frame encode changed fields of an input. Each field may occur once, in
 * the order in which the SDK sends the fields.
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
