// Tests that groundOf shortens long names in its sentences about a map. Anyone may have written a map file, so its
// names can have any length.
import { expect, test } from "@jest/globals";
import { type Ground, groundOf } from "../../../tiled/ground/ground.ts";
import { group, mapOf, objects, PIXELS, point, properties, tiles } from "./map-draft.ts";

const LONG = "x".repeat(10_000);
const FLOOR = tiles("floor", ["222222", "222222", "222222", "222222"]);
const ROWS = ["1.....", "......", "......", ".....1"];
const NOT_SOLID = { properties: properties({ collides: false }) };
const SOLID_TILE = { 1: { properties: properties({ collides: true }) } };

/** The longest sentence has twelve quoted names of at most 120 characters each. */
const MAX_LENGTH = 2000;

const everySentence = ({ rules, leftOut, warnings, problems }: Ground) => [rules, leftOut, warnings, problems].flat();

test.each([
  ["a layer that is not solid", mapOf([group(LONG, [tiles("Walls", ROWS, NOT_SOLID)])])],
  ["a layer that is named after walls", mapOf([tiles(`walls ${LONG}`, ROWS), tiles("decor", ROWS)], SOLID_TILE)],
  ["a layer that is solid", mapOf([FLOOR, tiles(`collision ${LONG}`, ROWS)])],
  ["an object that is not a spawn", mapOf([FLOOR, objects("enemies", [point(1, 1, { name: `enemy spawn ${LONG}` })])])],
  ["a layer of spawns", mapOf([FLOOR, group(LONG, [objects("spawns", [point(1, 1, { type: "spawn" })])])])],
  ["a property of the map", mapOf([FLOOR], {}, { properties: properties({ [`sabang.${LONG}`]: "none" }) })],
])("a long name of %s is shortened in the sentences about the map", (_, map) => {
  const sentences = everySentence(groundOf(map));
  expect(sentences.filter((sentence) => sentence.includes("xxxx"))).not.toEqual([]);
  expect(sentences.filter(({ length }) => length > MAX_LENGTH)).toEqual([]);
});

test.each([
  `layer:${LONG}`,
  `object:${LONG}`,
  `class:${LONG}`,
  `property:${LONG}`,
  `property:${LONG}=${LONG}`,
  LONG,
  `at:${LONG}`,
])("a long term of a declaration is shortened in the sentences about the map", (term) => {
  const layers = Array.from({ length: 20 }, (_, index) => tiles(`${index} ${LONG}`, ROWS));
  const things = objects(LONG, [{ x: 0, y: 0, width: PIXELS, height: PIXELS, name: `thing ${LONG}` }]);
  const sentences = everySentence(groundOf(mapOf([...layers, things]), { walls: [term], spawn: [term] }));
  expect(sentences).not.toEqual([]);
  expect(sentences.filter(({ length }) => length > MAX_LENGTH)).toEqual([]);
});
