import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CELL, DIRECTIONS, MOVE } from "../../bench/harness/arena.ts";
import { CROWDS, type Crowd, hasStrayed, startAreas, walkArea } from "../../bench/harness/crowd.ts";
import { spreadSeconds, Walk } from "../../bench/harness/load/walk.ts";
import { openMap } from "../../bench/harness/sabang-map.ts";
import { mapOfFile } from "../support/maps.ts";

const maps = new Map(CROWDS.map((crowd) => [crowd, mapOfFile(crowd, openMap(crowd))]));
const spawnsOf = (crowd: Crowd) => maps.get(crowd)!.spawns;

/** Returns the positions of one walk from the crowd's first spawn: the spawn, and the position after each move. */
function positionsOf(crowd: Crowd, seed: number, moves: number) {
  const walk = new Walk(seed, walkArea(crowd));
  let { x, y } = spawnsOf(crowd)[0]!;
  return [
    { x, y },
    ...Array.from({ length: moves }, () => {
      const move = MOVE[DIRECTIONS[walk.next()]!];
      x += move.x;
      y += move.y;
      return { x, y };
    }),
  ];
}

describe.each(["screen", "cell"] as const)("the crowd `%s` of the benchmark", (crowd) => {
  const { columns, rows } = walkArea(crowd)!;

  test("stays in its area, because each player turns round at the border", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const positions = positionsOf(crowd, seed, 400);
        expect(positions.filter((position) => hasStrayed(crowd, position))).toEqual([]);
      }),
    );
  });

  test("is evenly spread over its area both at the start of the measurement and 10 s later", () => {
    const moves = spreadSeconds({ columns, rows }) * 10;
    const walks = Array.from({ length: 600 }, (_, seed) => positionsOf(crowd, seed, moves + 100));
    for (const at of [moves, moves + 100]) {
      const { left, top } = startAreas(crowd)[0]!;
      const quadrants = [0, 0, 0, 0];
      for (const walk of walks) quadrants[(walk[at]!.x > left ? 1 : 0) + (walk[at]!.y > top ? 2 : 0)]!++;
      // 150 players are expected in each quadrant; the standard deviation is 11.
      for (const count of quadrants) expect(Math.abs(count - 150)).toBeLessThan(45);
    }
  });
});

test("all players of the benchmark's crowd `cell` stay in one cell of sabang's grid", () => {
  const cells = Array.from({ length: 20 }, (_, seed) => positionsOf("cell", seed, 300)).flat();
  expect(new Set(cells.map(({ x, y }) => `${Math.floor(x / CELL)} ${Math.floor(y / CELL)}`)).size).toBe(1);
});

test("half of the benchmark's crowd `mixed` starts at one point, and the other half is spread over the arena", () => {
  const start = spawnsOf("screen")[0]!;
  const spawns = spawnsOf("mixed");
  const inScreen = spawns.filter(({ x, y }) => x === start.x && y === start.y);
  expect(inScreen).toHaveLength(spawns.length / 2);
  const others = spawns.filter((spawn) => !inScreen.includes(spawn));
  expect(Math.max(...others.map(({ x }) => x)) - Math.min(...others.map(({ x }) => x))).toBeGreaterThan(4000);
});

test("the single start point of a benchmark crowd is the same on sabang's map and on other servers", () => {
  for (const crowd of CROWDS) {
    const spawns = new Set(spawnsOf(crowd).map(({ x, y }) => `${x} ${y}`));
    for (const { left, top, right, bottom } of startAreas(crowd)) {
      if (right - left > 1) continue;
      for (const share of [0, 0.5, 0.999]) {
        const [x, y] = [left + share * (right - left), top + share * (bottom - top)];
        expect(spawns).toContain(`${Math.round(x)} ${Math.round(y)}`);
      }
    }
  }
});
