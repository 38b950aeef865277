// Declarations: what a map's author says about walls and spawns. A declaration is in properties of the map or in a file
// beside the map, and has the same form in both. maps/README.md explains its terms.
import type { TiledMap } from "../model.ts";
import { quote } from "../report.ts";

/** A term of a declaration, such as `property:status=closed in ground`. */
export interface Term {
  readonly keyword: Keyword;
  /** The name after the colon; empty for a keyword that stands alone. For `at`, the coordinates. */
  readonly name: string;
  /** The value that the property must have; undefined if the property must be true. */
  readonly value: string | undefined;
  /** The layer to which the term is restricted; undefined for all layers. */
  readonly inside: string | undefined;
}

/** The content of a declaration. A part is undefined if the declaration does not mention it; conventions then apply. */
export interface Declaration {
  readonly walls: readonly Term[] | undefined;
  readonly spawn: readonly Term[] | undefined;
  /** Sentences about the errors in the declaration. */
  readonly problems: readonly string[];
}

/** The keyword of a term of a declaration: its first word. */
type Keyword = keyof typeof TERMS;

const NAMED = /^[a-z]+:\s*(?<name>.+)$/;
const PROPERTY = /^[a-z-]+:\s*(?<name>[^=]+?)\s*(?:=\s*(?<value>.*?)\s*)?(?:\s+in\s+(?<inside>.+))?$/;
const TERMS = {
  layer: { pattern: NAMED, form: "layer:NAME, layer:GROUP/NAME or layer:#PLACE" },
  object: { pattern: NAMED, form: "object:NAME" },
  class: { pattern: NAMED, form: "class:NAME" },
  property: { pattern: PROPERTY, form: "property:NAME or property:NAME=VALUE, and `in LAYER` if needed" },
  "not-property": { pattern: PROPERTY, form: "not-property:NAME or not-property:NAME=VALUE, and `in LAYER` if needed" },
  shapes: { pattern: /^shapes(?:\s+in\s+(?<inside>.+))?$/, form: "shapes, and `in LAYER` if needed" },
  at: { pattern: /^at:\s*(?<name>-?\d+(?:\.\d+)?\s*,\s*-?\d+(?:\.\d+)?)$/, form: "at:X,Y in tiles, such as at:3.5,4" },
  auto: { pattern: /^auto$/, form: "auto" },
  none: { pattern: /^none$/, form: "none" },
} as const;

/** The keywords that each part of a declaration allows. */
const KEYWORDS = {
  walls: ["layer", "object", "class", "property", "not-property", "shapes", "auto", "none"],
  spawn: ["layer", "object", "class", "property", "at", "auto", "none"],
} as const satisfies Record<string, readonly Keyword[]>;

type Part = keyof typeof KEYWORDS;

/** A property belongs to the declaration if its name begins with this prefix. */
const PREFIX = "sabang.";

/**
 * Reads the declaration of a map.
 * @param file the parsed JSON of the file beside the map. A part in this file replaces the same part in the map's
 * properties.
 */
export function readDeclaration({ properties }: Pick<TiledMap, "properties">, file?: unknown): Declaration {
  const problems: string[] = [];
  const parts: { [part in Part]?: readonly Term[] } = {};
  const take = (part: string, value: unknown, place: string) => {
    if (part !== "walls" && part !== "spawn") {
      const meant = Object.keys(KEYWORDS).find((known) => known === part.toLowerCase());
      return problems.push(
        `${place} is unknown; ${meant ? `did you mean "${meant}"?` : 'expected "walls" or "spawn"'}`,
      );
    }
    const texts = textsOf(value);
    if (!texts) return problems.push(`${place} must be a text or a list of texts`);
    if (texts.length === 0) return problems.push(`${place} is empty; write none or auto`);
    const read = texts.map((text) => readTerm(text, part));
    problems.push(...read.filter((term) => typeof term === "string").map((problem) => `${place}: ${problem}`));
    const terms = read.filter((term) => typeof term !== "string");
    if (terms.length > 1 && terms.some(({ keyword }) => keyword === "none")) {
      problems.push(`${place} has "none" and other terms; "none" must stand alone`);
    }
    parts[part] = terms;
  };
  for (const [name, { type, value }] of properties) {
    if (!name.toLowerCase().startsWith(PREFIX)) continue;
    const texts = type === "list" ? value.map((item) => item.value) : value;
    const place = `the map's property ${quote(name)}`;
    if (name.startsWith(PREFIX)) take(name.slice(PREFIX.length), texts, place);
    else problems.push(`${place} is unknown; did you mean ${quote(name.toLowerCase())}?`);
  }
  if (isRecord(file)) {
    for (const [part, value] of Object.entries(file)) take(part, value, `${quote(part)} in the declaration`);
  } else if (file !== undefined) {
    problems.push('the declaration must be a JSON object, such as { "walls": ["layer:Walls"], "spawn": ["at:3,4"] }');
  }
  return { walls: parts.walls, spawn: parts.spawn, problems };
}

/** Returns a term, or a sentence that says what is wrong with it. */
function readTerm(text: string, part: Part): Term | string {
  const word = /^[a-z-]*/i.exec(text)![0];
  const known: readonly Keyword[] = KEYWORDS[part];
  const keyword = known.find((one) => one === word);
  if (!keyword) return `${quote(text)} is ${hintForWord(word, known)}`;
  const { pattern, form } = TERMS[keyword];
  const match = pattern.exec(text);
  if (!match) return `${quote(text)} is incomplete; write ${form}${hintForList(text)}`;
  const { name = "", value, inside } = match.groups ?? {};
  return { keyword, name, value, inside };
}

/** Returns what is wrong with the first word of a term. */
function hintForWord(word: string, known: readonly Keyword[]): string {
  const meant = Object.keys(TERMS).find((keyword) => keyword === word.toLowerCase());
  if (meant === undefined) return `unknown; a term begins with ${known.join(", ")}`;
  if (known.some((keyword) => keyword === meant)) return `unknown; did you mean ${meant}?`;
  return `only for ${known === KEYWORDS.walls ? "spawn" : "walls"}`;
}

/** Returns a hint if a text may be a list that is separated by commas; otherwise an empty string. */
export function hintForList(text: string): string {
  return /,\s*\p{L}/u.test(text) ? "; separate terms by semicolons" : "";
}

/** Returns the text of each term. One text may have several terms, separated by semicolons or line breaks. */
function textsOf(value: unknown): string[] | undefined {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (!texts.every((text) => typeof text === "string")) return undefined;
  return texts
    .flatMap((text) => text.split(/[;\n]/))
    .map((text) => text.trim())
    .filter((text) => text !== "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
