// The routes of bots: from a bot's position to a random reachable position, around the walls, step by step.
import { type Direction, DOWN, LEFT, RIGHT, UP } from "../sim/directions.ts";
import type { Spot } from "../sim/nearest-free.ts";
import type { Random } from "../sim/random.ts";
import { STEP } from "../sim/rules.ts";
import { step, type Walls } from "../sim/step.ts";

/**
 * The maximum distance from the start to the end of a route on each axis, in steps. It limits the time of a search on a
 * large map.
 */
const REACH = 32;

/** A route: positions that are one step apart, in order. */
export type Route = Spot[];

/**
 * Returns the shortest route from a position to a random position within reach; empty if both are the same position.
 */
export function routeFrom(start: Spot, walls: Walls, random: Random): Route {
  const spotAt = (place: number): Spot => ({
    x: start.x + STEP * ((place % SIDE) - REACH),
    y: start.y + STEP * (Math.floor(place / SIDE) - REACH),
  });
  // A breadth-first search. `reached` lists the places in the order of their distance from the start.
  const reached = [CENTRE];
  const cameFrom = new Int16Array(SIDE * SIDE);
  cameFrom[CENTRE] = CENTRE;
  for (const place of reached) {
    if (isAtEdge(place)) continue;
    for (const [direction, offset] of NEIGHBOURS) {
      const next = place + offset;
      if (cameFrom[next] || !isWholeStep(spotAt(place), direction, walls)) continue;
      cameFrom[next] = place;
      reached.push(next);
    }
  }
  const route: Route = [];
  for (let place = reached[random(reached.length)]!; place !== CENTRE; place = cameFrom[place]!) {
    route.push(spotAt(place));
  }
  return route.reverse();
}

/** Returns the direction from a body to `target`, the next position of its route; undefined if the body is there. */
export function directionTo(target: Spot, { x, y }: Spot): Direction | undefined {
  if (target.x !== x) return target.x < x ? LEFT : RIGHT;
  if (target.y !== y) return target.y < y ? UP : DOWN;
  return undefined;
}

/** Whether a body is no longer on its route, for example because the server dropped one of its steps. */
export function isAstray(target: Spot, { x, y }: Spot): boolean {
  const across = Math.abs(target.x - x);
  const down = Math.abs(target.y - y);
  return Math.min(across, down) > 0 || (across + down) % STEP > 0 || across + down > STEP;
}

/**
 * The number of places along a side of the square that a search covers. The places are the positions up to REACH steps
 * from the start on each axis, numbered row by row.
 */
const SIDE = 2 * REACH + 1;

/** The place where a search starts. */
const CENTRE = REACH * SIDE + REACH;

/** Each direction, and the amount by which a step in this direction changes the number of the place. */
const NEIGHBOURS = [
  [LEFT, -1],
  [RIGHT, 1],
  [UP, -SIDE],
  [DOWN, SIDE],
] as const;

function isAtEdge(place: number): boolean {
  const column = place % SIDE;
  return column === 0 || column === SIDE - 1 || place < SIDE || place >= SIDE * (SIDE - 1);
}

/** Returns whether a body can take a step that no wall shortens. */
function isWholeStep({ x, y }: Spot, direction: Direction, walls: Walls): boolean {
  const body = { x, y, facing: direction };
  step(body, direction, walls);
  return Math.abs(body.x - x) + Math.abs(body.y - y) === STEP;
}
