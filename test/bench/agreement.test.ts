import { expect, test } from "@jest/globals";
import { compareWalls } from "../../bench/agreement.ts";

/** Returns a row of 200 tiles: the first `solid` tiles are solid, and the others are open. */
const row = (solid: number) => "#".repeat(solid).padEnd(200, ".");

test("the walls of two maps agree if the number of differing tiles is at most 2 % of the number of solid tiles", () => {
  expect(compareWalls([row(98)], [row(100)])).toEqual({ agrees: true, wrong: 2, solid: 100 });
  expect(compareWalls([row(102)], [row(100)])).toEqual({ agrees: true, wrong: 2, solid: 100 });
  expect(compareWalls([row(97)], [row(100)])).toEqual({ agrees: false, wrong: 3, solid: 100 });
});

test("a partly solid tile of one map agrees with both a solid tile and an open tile of the other map", () => {
  expect(compareWalls(["++#."], ["#.++"])).toEqual({ agrees: true, wrong: 0, solid: 3 });
});

test("the walls of maps of different sizes do not agree", () => {
  expect(compareWalls(["##"], ["###"]).agrees).toBe(false);
  expect(compareWalls(["..", ".."], [".."]).agrees).toBe(false);
});
