// Finds the words in names of layers, objects and properties. The authors of maps separate words in many ways.

/** A cache of the results of `wordsOf`, by name. A map uses the same few names for thousands of properties. */
const known = new Map<string, string>();
const MAX_KNOWN = 1000;

/** Returns the words of a name in lower case, separated by spaces: `player start` for the name `PLAYER_START2`. */
export function wordsOf(name: string): string {
  let words = known.get(name);
  if (words === undefined) {
    if (known.size >= MAX_KNOWN) known.clear();
    words = separateWords(name);
    known.set(name, words);
  }
  return words;
}

function separateWords(name: string): string {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}]+/gu, " ")
    .trim();
}

/** Returns the words of a name without spaces, so that `Player_Start` and `playerStart` give the same text. */
export function lettersOf(name: string): string {
  const words = wordsOf(name);
  return words.includes(" ") ? words.replaceAll(" ", "") : words;
}

/** Combines patterns. The result matches a text if at least one of the patterns matches it. */
export function anyOf(...patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join("|"));
}

/** Returns a pattern that matches a sequence of parts. Each part matches one of these patterns. */
export function madeOf(...patterns: readonly string[]): RegExp {
  return new RegExp(`^(${patterns.join("|")})+$`);
}
