// Where a bot goes: a place that it can reach, and the way there around the walls, tile by tile.
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../sim/directions.ts";
import type { WorldMap } from "../sim/map.ts";
import type { Spot } from "../sim/nearest-free.ts";
import type { Random } from "../sim/random.ts";
import { HALF_BODY, STEP, TILE } from "../sim/rules.ts";

/** Tiles that are looked at for a way, so that the largest map costs no more than a small one. */
const REACH = 1500;

/** Units around the middle of a tile where a body lies wholly in it: a step of 8 always ends in there. */
const IN_TILE = TILE / 2 - HALF_BODY;

/** A way: the middles of tiles, each beside the one before. */
export type Route = Spot[];

/** A way from where somebody stands to a tile not too far away, the shortest there is; empty for who is walled in. */
export function routeFrom({ x, y }: Spot, map: WorldMap, random: Random): Route {
  const columns = map.width / TILE;
  const start = Math.floor(y / TILE) * columns + Math.floor(x / TILE);
  const cameFrom = new Map([[start, start]]);
  const reached = [start];
  // Breadth first: tiles in the order of the steps to them.
  for (const tile of reached) {
    if (reached.length >= REACH) break;
    const column = tile % columns;
    const row = Math.floor(tile / columns);
    for (const [across, down] of NEIGHBOURS) {
      const next = tile + down * columns + across;
      if (cameFrom.has(next) || map.isWall(column + across, row + down)) continue;
      cameFrom.set(next, tile);
      reached.push(next);
    }
  }
  const route: Route = [];
  for (let tile = reached[random(reached.length)]!; tile !== start; tile = cameFrom.get(tile)!) {
    route.unshift(middleOf(tile, columns));
  }
  // Into the middle of the tile under it first: from there on the way is free.
  return route.length > 0 ? [middleOf(start, columns), ...route] : route;
}

/** The step from where a body is towards the next tile of its way; undefined if it is there. */
export function directionTo(target: Spot, { x, y }: Spot): Direction | undefined {
  if (Math.abs(target.x - x) > IN_TILE) return target.x < x ? LEFT : RIGHT;
  if (Math.abs(target.y - y) > IN_TILE) return target.y < y ? UP : DOWN;
  return undefined;
}

/** Whether a body that was led astray, by a step that was lost for example, is not on its way any more. */
export function isAstray(target: Spot, { x, y }: Spot): boolean {
  const across = Math.abs(target.x - x);
  const down = Math.abs(target.y - y);
  return Math.max(across, down) > TILE + STEP || Math.min(across, down) > STEP;
}

const NEIGHBOURS = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;

function middleOf(tile: number, columns: number): Spot {
  return { x: (tile % columns) * TILE + TILE / 2, y: Math.floor(tile / columns) * TILE + TILE / 2 };
}
