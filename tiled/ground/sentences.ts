// Formats parts of the sentences about a map.
import type { Point } from "../model.ts";
import { TILE } from "./units.ts";

/** Returns a number with its noun: `1 tile`, `2 tiles`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Returns a place in units as text in tiles, such as `(8.50, 17.50)`. */
export function inTiles({ x, y }: Point): string {
  return `(${(x / TILE).toFixed(2)}, ${(y / TILE).toFixed(2)})`;
}

/** Returns the first `most` sentences. Adds a sentence with the number of the others if there are any. */
export function firstOf(sentences: readonly string[], most: number): string[] {
  return sentences.length <= most
    ? [...sentences]
    : [...sentences.slice(0, most), `and ${sentences.length - most} more like these`];
}
