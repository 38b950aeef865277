// Tests that bots follow random routes around the walls of a map.
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { directionTo, isAstray, routeFrom } from "../../bots/route.ts";
import type { WorldMap } from "../../sim/map.ts";
import { nearestFree } from "../../sim/nearest-free.ts";
import { seededRandom } from "../../sim/random.ts";
import { step } from "../../sim/step.ts";
import { loadMaps } from "../../src/maps/load-maps.ts";
import { runs } from "../support/long.ts";
import { drawnMap } from "../support/maps.ts";

const { maps } = loadMaps(fileURLToPath(new URL("../../maps", import.meta.url)));
const MAPS = [maps.get("plaza")!, maps.get("meadow")!];
const MAZE = drawnMap("maze", ["#########", "#s#...#.#", "#.#.#.#.#", "#...#...#", "#########"]);

/** Walks a whole route. @returns the number of steps. */
function walk(body: { x: number; y: number; facing: number }, map: WorldMap, seed: number): number {
  const route = routeFrom(body, map, seededRandom(seed));
  const maxSteps = (route.length + 1) * 8;
  let steps = 0;
  for (const target of route) {
    for (let direction = directionTo(target, body); direction !== undefined; direction = directionTo(target, body)) {
      const before = { ...body };
      step(body, direction, map);
      expect(isAstray(target, body)).toBe(false);
      // A wall in the way would make this loop endless, so the number of steps is limited.
      if (steps++ > maxSteps) throw new Error(`the walk does not reach its target; last at ${JSON.stringify(before)}`);
    }
  }
  const end = route.at(-1);
  if (end) expect(Math.max(Math.abs(end.x - body.x), Math.abs(end.y - body.y))).toBeLessThanOrEqual(4);
  return steps;
}

test("a bot reaches the end of its route from any position where a body can stand", () => {
  const position = fc.record({ x: fc.integer({ min: 0, max: 4096 }), y: fc.integer({ min: 0, max: 4096 }) });
  fc.assert(
    fc.property(fc.constantFrom(MAZE, ...MAPS), position, fc.nat(), (map, spot, seed) => {
      walk({ ...nearestFree(spot, map), facing: 4 }, map, seed);
    }),
    { numRuns: runs(300) },
  );
});

test("a bot stops at least once on each of the 15 open tiles of a maze if it walks 200 random routes", () => {
  const body = { ...MAZE.spawns[0]!, facing: 4 };
  const tiles = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    walk(body, MAZE, seed);
    tiles.add(`${Math.floor(body.x / 32)},${Math.floor(body.y / 32)}`);
  }
  expect(tiles.size).toBe(15);
});

test("the route of a bot is empty if walls enclose the bot", () => {
  const cell = drawnMap("cell", ["###", "#s#", "###"]);
  expect(routeFrom(cell.spawns[0]!, cell, seededRandom(1))).toEqual([]);
});
