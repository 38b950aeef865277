// The ways of bots: around walls, to where they lead, by steps that no wall stops.
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { directionTo, isAstray, routeFrom } from "../../bots/route.ts";
import { readMap, type WorldMap } from "../../sim/map.ts";
import { nearestFree } from "../../sim/nearest-free.ts";
import { seededRandom } from "../../sim/random.ts";
import { step } from "../../sim/step.ts";
import { runs } from "../support/long.ts";
import { drawnMap } from "../support/maps.ts";

const MAPS = ["plaza", "meadow"].map((name) =>
  readMap(name, JSON.parse(readFileSync(new URL(`../../maps/${name}.tmj`, import.meta.url), "utf8"))),
);
const MAZE = drawnMap("maze", ["#########", "#s#...#.#", "#.#.#.#.#", "#...#...#", "#########"]);

/** Walks a whole way. @returns the steps it took. */
function walk(body: { x: number; y: number; facing: number }, map: WorldMap, seed: number): number {
  const route = routeFrom(body, map, seededRandom(seed));
  const most = (route.length + 1) * 8;
  let steps = 0;
  for (const target of route) {
    for (let direction = directionTo(target, body); direction !== undefined; direction = directionTo(target, body)) {
      const before = { ...body };
      step(body, direction, map);
      expect(isAstray(target, body)).toBe(false);
      // A step that a wall cut short would be no way around it.
      if (steps++ > most) throw new Error(`no end of a way from ${JSON.stringify(before)}`);
    }
  }
  const end = route.at(-1);
  if (end) expect(Math.max(Math.abs(end.x - body.x), Math.abs(end.y - body.y))).toBeLessThanOrEqual(4);
  return steps;
}

test("a way ends where it leads to, from wherever a body may stand", () => {
  const anywhere = fc.record({ x: fc.integer({ min: 0, max: 4096 }), y: fc.integer({ min: 0, max: 4096 }) });
  fc.assert(
    fc.property(fc.constantFrom(MAZE, ...MAPS), anywhere, fc.nat(), (map, spot, seed) => {
      walk({ ...nearestFree(spot, map), facing: 4 }, map, seed);
    }),
    { numRuns: runs(300) },
  );
});

test("one way after the other comes about the whole maze", () => {
  const body = { ...MAZE.spawns[0]!, facing: 4 };
  const tiles = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    walk(body, MAZE, seed);
    tiles.add(`${Math.floor(body.x / 32)},${Math.floor(body.y / 32)}`);
  }
  expect(tiles.size).toBe(15);
});

test("who is walled in has nowhere to go", () => {
  const cell = drawnMap("cell", ["###", "#s#", "###"]);
  expect(routeFrom(cell.spawns[0]!, cell, seededRandom(1))).toEqual([]);
});
