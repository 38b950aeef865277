// Reads custom properties as true or false.
import type { Property } from "../model.ts";

const WORDS = new Map([
  ["true", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["0", false],
]);

/** Returns a property as a boolean. Converts numbers, and texts such as "no". Returns undefined for other values. */
export function truthOf({ type, value }: Property): boolean | undefined {
  switch (type) {
    case "bool":
      return value;
    case "int":
    case "float":
      return value !== 0;
    case "string":
      return WORDS.get(value.trim().toLowerCase());
    default:
      return undefined;
  }
}
