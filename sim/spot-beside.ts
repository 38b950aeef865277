// Finds the spot where a player starts after a join with an invitation: beside its host, the player that invited it.
import { type Direction, DOWN, LEFT, RIGHT, UP } from "./directions.ts";
import type { Spot } from "./nearest-free.ts";
import { HALF_BODY, STEP, TILE } from "./rules.ts";
import { step, type Walls } from "./step.ts";

/** The directions that the search tries, the best one first. */
const DIRECTIONS = [RIGHT, LEFT, DOWN, UP] as const;

/** Maximum spots that are searched. If none of them is free, the player starts in the same spot as its host. */
const MAX_SPOTS = 256;

/**
 * Returns the nearest spot that the host can reach by walking whole tiles and that no player occupies. Returns the
 * host's own spot if there is no such spot nearby.
 * @param players all players, including the host.
 */
export function spotBeside({ x, y }: Spot, players: readonly Spot[], walls: Walls): Spot {
  const spots: Spot[] = [{ x, y }];
  const seen = new Set([`${x},${y}`]);
  // The loop also visits the spots that are added during it: a breadth-first search.
  for (const spot of spots) {
    if (!players.some((player) => overlap(player, spot))) return spot;
    for (const direction of DIRECTIONS) {
      const next = walkTile(spot, direction, walls);
      const key = `${next.x},${next.y}`;
      if (seen.has(key) || spots.length >= MAX_SPOTS) continue;
      seen.add(key);
      spots.push(next);
    }
  }
  return { x, y };
}

/** Returns the spot where a walk of one tile ends. A wall in the way makes the walk shorter. */
function walkTile({ x, y }: Spot, direction: Direction, walls: Walls): Spot {
  const body = { x, y, facing: direction };
  for (let units = 0; units < TILE; units += STEP) step(body, direction, walls);
  return { x: body.x, y: body.y };
}

function overlap(one: Spot, other: Spot): boolean {
  return Math.max(Math.abs(one.x - other.x), Math.abs(one.y - other.y)) < 2 * HALF_BODY;
}
