// Damages maps at random.
import type { Random } from "../../../sim/random.ts";
import { changeStructure } from "./change-structure.ts";
import { partOf, pick, replaceOne, STRINGS } from "./choose.ts";
import { type MapFiles, SEEDS } from "./seeds.ts";

/** Returns a damaged text. */
type Damage = (random: Random, text: string) => string;

/** The maximum number of times that one map is damaged. */
const MAX_DAMAGES = 4;

/** A text of at least this length is not damaged further. Otherwise repeated parts could fill the memory. */
const MAX_LENGTH = 200_000;

/** Returns one of the maps, with one of its files damaged. */
export function damagedMap(random: Random): MapFiles {
  const { text, files } = pick(random, SEEDS);
  const path = random(4) === 0 ? pick(random, [undefined, ...Object.keys(files)]) : undefined;
  let damaged = path === undefined ? text : files[path]!;
  for (let times = 1 + random(MAX_DAMAGES); times > 0 && damaged.length < MAX_LENGTH; times--) {
    damaged = pick(random, DAMAGES)(random, damaged);
  }
  return path === undefined ? { text: damaged, files } : { text, files: { ...files, [path]: damaged } };
}

const NUMBERS = [
  ...["-1", "0", "1", "2", "0.5", "-0", "1e999", "1e308", "-1e-308", "nan", "007", "1_0", "0x10", ""],
  ...["255", "4096", "4097", "65536", "16777216", "16777217", "268435456", "2147483648", "4294967295", "4294967296"],
];

const DAMAGES: readonly Damage[] = [
  // These functions remove, insert, replace or copy characters, or cut off the end of the text.
  (random, text) => {
    const [start, end] = partOf(random, text);
    return text.slice(0, start) + text.slice(end);
  },
  (random, text) => {
    const at = random(text.length + 1);
    return text.slice(0, at) + String.fromCharCode(random(random(3) === 0 ? 65536 : 128)) + text.slice(at + random(2));
  },
  (random, text) => {
    const [start, end] = partOf(random, text);
    const at = random(text.length + 1);
    return text.slice(0, at) + text.slice(start, end) + text.slice(at);
  },
  (random, text) => (random(4) === 0 ? text.slice(0, random(text.length + 1)) : text),
  // These functions replace a number, a string or a name.
  (random, text) => replaceOne(random, text, /-?\d+(\.\d+)?/g, () => pick(random, NUMBERS)),
  (random, text) => replaceOne(random, text, /"[^"]*"/g, () => `"${pick(random, STRINGS)}"`),
  (random, text) => replaceOne(random, text, NAME, () => pick(random, text.match(NAME)!)),
  // These functions remove, replace, repeat or nest a value of JSON or an element of XML.
  ...Array<Damage>(4).fill(changeStructure),
];

/** Matches the keys in JSON and the names of attributes in XML. */
const NAME = /"\w+"(?=:)|\b\w+(?==")/g;
