// The routes of bots: from a bot's position to a random reachable tile, around the walls, tile by tile.
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../sim/directions.ts";
import type { WorldMap } from "../sim/map.ts";
import type { Spot } from "../sim/nearest-free.ts";
import type { Random } from "../sim/random.ts";
import { HALF_BODY, STEP, TILE } from "../sim/rules.ts";

/** The maximum number of tiles searched, so that a large map costs no more than a small one. */
const MAX_TILES = 1500;

/**
 * Units around the centre of a tile within which a body lies entirely in it. A step of 8 units cannot skip this area.
 */
const IN_TILE = TILE / 2 - HALF_BODY;

/** A route: the centres of adjacent tiles, in order. */
export type Route = Spot[];

/** Returns the shortest route from a position to a random tile within reach; empty if walls leave no other tile. */
export function routeFrom({ x, y }: Spot, map: WorldMap, random: Random): Route {
  const columns = map.width / TILE;
  const start = Math.floor(y / TILE) * columns + Math.floor(x / TILE);
  const cameFrom = new Map([[start, start]]);
  const reached = [start];
  // Breadth-first search: tiles in the order of their distance.
  for (const tile of reached) {
    if (reached.length >= MAX_TILES) break;
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
    route.unshift(centreOf(tile, columns));
  }
  // The route begins at the centre of the current tile, because the way from a centre to the next one is free.
  return route.length > 0 ? [centreOf(start, columns), ...route] : route;
}

/** Returns the direction from a body to the next tile of its route; undefined if the body has reached it. */
export function directionTo(target: Spot, { x, y }: Spot): Direction | undefined {
  if (Math.abs(target.x - x) > IN_TILE) return target.x < x ? LEFT : RIGHT;
  if (Math.abs(target.y - y) > IN_TILE) return target.y < y ? UP : DOWN;
  return undefined;
}

/** Whether a body is no longer on its route, for example because the server dropped one of its steps. */
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

function centreOf(tile: number, columns: number): Spot {
  return { x: (tile % columns) * TILE + TILE / 2, y: Math.floor(tile / columns) * TILE + TILE / 2 };
}
