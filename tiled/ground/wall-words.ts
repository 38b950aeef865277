// Reads from names, classes and properties whether something is solid, by the words that games use.
import type { Properties, Property } from "../model.ts";
import { anyOf, lettersOf, wordsOf } from "./names.ts";
import { truthOf } from "./truth.ts";

// cspell:disable
/** Words that always mean "solid" on a map. */
const SOLID = anyOf(
  ...["coll?id", "collis", "colis[aãis]", "kolli[ds]", "obstac", "hindernis", "boundar", "barrier", "impass", "unpass"],
  ...["hit ?box", String.raw`\bblock(s|ed|ing|ers?)?\b`, String.raw`\bsolids?\b`, String.raw`\bphysics\b`],
  ...["충돌", "장애물", "衝突", "当たり判定", "碰撞", "障碍", "столкн", "препятств"],
);

/** Words that mean "solid" although they look like a negation. */
const NOT_WALKABLE = /\b(un|not?|non) ?(walk|pass)(able)?\b/;

/** Words for walls. A tile layer with such a name is often only a picture of walls. */
const WALL = anyOf(
  ...[String.raw`walls?\b`, "wall ?layer", "fence", String.raw`\bmu(r|ro)s?\b`, String.raw`\bpared(e|es)?\b`],
  ...["mauer", String.raw`\bwand\b`, "wände", "벽", "壁", "墙", "стен"],
);

/** Words that negate the words for solid things and for walls. */
const NEGATION = /\b(no|not|non|without|ohne|sin|sans)\b|no[nt]?(collid|collis|solid|block)/;

/** Names of properties that say "solid" if they are true. */
const SOLID_PROPERTY = new RegExp(
  `^(ge)?(is|has|does)?(${[
    ...["coll?id(es?|able|ers?|ing)", "coll?isions?", "solid", "block(s|ed|ing|er)?(movement|path|player)?", "wall"],
    ...["impass[ai]ble", "unpass[ai]ble", "(un|not|non)walkable", "obstacle", "barrier"],
  ].join("|")})$`,
);

/** Names of properties that say "solid" if they are false. */
const OPEN_PROPERTY = /^(is|can)?(walk|pass)(able)?$/;

/** A class, or the value of a property, that says "solid". */
const SOLID_VALUE =
  /^(solid|block(s|ed|ing)?|impass[ai]ble|unpass[ai]ble|(un|not|non)walkable|collides?|collisions?|obstacle)$/;
// cspell:enable

/** Returns whether a name says that everything of that name is solid. */
export function namesSolid(name: string): boolean {
  const words = wordsOf(name);
  return NOT_WALKABLE.test(words) || (SOLID.test(words) && !NEGATION.test(words));
}

/** Returns whether a name says that everything of that name is a wall or a picture of a wall. */
export function namesWall(name: string): boolean {
  const words = wordsOf(name);
  return WALL.test(words) && !NEGATION.test(words);
}

/** Returns whether a name, such as `wallsNoCollide`, says that nothing of that name is solid. */
export function namesOpen(name: string): boolean {
  const words = wordsOf(name);
  return NEGATION.test(words) && !NOT_WALKABLE.test(words) && (SOLID.test(words) || WALL.test(words));
}

/** Returns whether a class, or the value of a property, says "solid". */
export function isSolidValue(value: string): boolean {
  return SOLID_VALUE.test(lettersOf(value));
}

/**
 * Returns true if properties say "solid", and false if they say "open" or both. Returns undefined if they say neither.
 */
export function solidity(properties: Properties): boolean | undefined {
  let solid: boolean | undefined;
  for (const [name, property] of properties) {
    const said = solidityOfOne(name, property);
    if (said === false) return false;
    solid ??= said;
  }
  return solid;
}

function solidityOfOne(name: string, property: Property): boolean | undefined {
  const letters = lettersOf(name);
  if (SOLID_PROPERTY.test(letters)) return truthOf(property);
  if (OPEN_PROPERTY.test(letters)) return truthOf(property) === false || undefined;
  return (property.type === "string" && isSolidValue(property.value)) || undefined;
}

/** Returns whether properties say that players can walk here. */
export function isWalkable(properties: Properties): boolean {
  return [...properties].some(([name, value]) => OPEN_PROPERTY.test(lettersOf(name)) && truthOf(value) === true);
}
