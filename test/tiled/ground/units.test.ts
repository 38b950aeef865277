import { expect, test } from "@jest/globals";
import * as rules from "../../../sim/rules.ts";
import { CELL, HALF_BODY, MAX_SIDE, TILE } from "../../../tiled/ground/units.ts";

test("tiled/ground/units.ts has the same units as sim/rules.ts", () => {
  const { TILE: tile, STEP: step, HALF_BODY: halfBody, MAX_MAP_TILES: maxTiles } = rules;
  expect([TILE, CELL, HALF_BODY, MAX_SIDE]).toEqual([tile, step, halfBody, maxTiles]);
});
