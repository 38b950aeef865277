// Removes, replaces, repeats and nests the values of JSON and the elements of XML.
import type { Random } from "../../../sim/random.ts";
import { pick, replaceOne, STRINGS } from "./choose.ts";

const VALUES = [null, true, {}, [], [null], [[]], { name: "x", type: "class", value: {} }, -1, 0.5, 2 ** 32, "", "x"];

/** How often a part is repeated, and how deeply it is nested. */
const COUNTS = [2, 3, 100, 1000];
const DEPTHS = [2, 3, 60, 500];

/** A change of a value of JSON, and the same change of an element of XML. */
interface Change {
  json(random: Random, value: unknown, others: readonly Place[]): unknown;
  xml(random: Random, element: string, others: readonly string[]): string;
}

const CHANGES: readonly Change[] = [
  // Removes a JSON list item or an XML element. Replaces any other JSON value with an empty list.
  { json: () => [], xml: () => "" },
  { json: (random) => pick(random, VALUES), xml: (random) => pick(random, STRINGS) },
  {
    json: (random, _, others) => {
      const [container, key] = pick(random, others);
      // Returns a copy. The chosen value may contain the value to be replaced. Without a copy, the chosen value would
      // then contain itself.
      return structuredClone(container[key]);
    },
    xml: (random, _, others) => pick(random, others),
  },
  {
    json: (random, value) => Array(pick(random, COUNTS)).fill(value),
    xml: (random, element) => element.repeat(pick(random, COUNTS)),
  },
  {
    json: (random, value) => {
      const wrap = pick<(inner: unknown) => unknown>(random, [
        (inner) => ({ type: "group", layers: [inner] }),
        (inner) => ({ type: "list", name: "a", value: [inner] }),
        (inner) => ({ a: inner }),
        (inner) => [inner],
      ]);
      return Array.from({ length: pick(random, DEPTHS) }).reduce(wrap, value);
    },
    xml: (random, element) => {
      const depth = pick(random, DEPTHS);
      const [open, close] = pick(random, [
        ["<group>", "</group>"],
        ["<properties><property type='class' name='a'>", "</property></properties>"],
        ["<object><properties>", "</properties></object>"],
      ] as const);
      return open.repeat(depth) + element + close.repeat(depth);
    },
  },
];

/** The place of a JSON value: the object or list that holds the value, and the value's key. */
type Place = [container: Record<string, unknown>, key: string];

/** Changes a value of JSON. Text that is not JSON stays as it is. */
function changeValue(random: Random, text: string, change: Change["json"]): string {
  let root: Record<string, unknown>;
  try {
    root = { json: JSON.parse(text) };
  } catch {
    return text;
  }
  const places: Place[] = [];
  for (const containers = [root]; containers.length > 0; ) {
    const container = containers.pop()!;
    for (const [key, value] of Object.entries(container)) {
      places.push([container, key]);
      if (typeof value === "object" && value !== null) containers.push(value as Record<string, unknown>);
    }
  }
  const [container, key] = pick(random, places);
  const changed = change(random, container[key], places);
  if (!Array.isArray(container)) container[key] = changed;
  else container.splice(Number(key), 1, ...(Array.isArray(changed) ? changed : [changed]));
  return JSON.stringify(root.json) ?? "";
}

/** Changes an XML element that contains no other elements. */
function changeElement(random: Random, text: string, change: Change["xml"]): string {
  const elements = text.match(ELEMENT) ?? [""];
  return replaceOne(random, text, ELEMENT, (element) => change(random, element, elements));
}

const ELEMENT = /<(\w+)[^<>]*\/>|<(\w+)[^<>]*>[^<]*<\/\2>/g;

/** Changes the structure of a map. */
export function changeStructure(random: Random, text: string): string {
  const change = pick(random, CHANGES);
  return text.startsWith("<") ? changeElement(random, text, change.xml) : changeValue(random, text, change.json);
}
