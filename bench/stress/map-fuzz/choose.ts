// Chooses parts of texts at random.
import type { Random } from "../../../sim/random.ts";

/** Strings that have a meaning in a map, and unusual strings. */
export const STRINGS = [
  ...["map", "tileset", "template", "tilelayer", "objectgroup", "imagelayer", "group", "class", "list", "bool"],
  ...["object", "csv", "base64", "zlib", "gzip", "zstd", "true", "__proto__", "constructor", "../../town.tmj"],
  ...["sets/trees.tsj", "templates/chest.tj", "#ffffff", "광장", "\u0000", "&lt;", "&#0;", "&nbsp;", ""],
  "a".repeat(5000),
];

/** Returns a random item of a list. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)]!;
}

/** Returns the start and the end of a random part of a text. Most parts are short. */
export function partOf(random: Random, text: string): [start: number, end: number] {
  const start = random(text.length + 1);
  return [start, Math.min(text.length, start + random(random(4) === 0 ? text.length + 1 : 20))];
}

/** Finds all parts of a text that match a pattern, and replaces one of them, chosen at random. */
export function replaceOne(
  random: Random,
  text: string,
  pattern: RegExp,
  replacement: (part: string) => string,
): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { index, 0: part } = pick(random, matches);
  return text.slice(0, index) + replacement(part) + text.slice(index + part.length);
}
