// Moves a body one step. The server, the page's prediction and every bot run this function. It must be deterministic,
// so it uses no clock, no randomness and no framework.
import { type Direction, LEFT, RIGHT, UP } from "./directions.ts";
import { HALF_BODY, STEP, TILE } from "./rules.ts";

/**
 * The fields of a body: integers that an input may read and change. The page predicts all of them, and a replay
 * verifies all of them.
 */
export const BODY_FIELDS = ["x", "y", "facing"] as const;

/**
 * A player's body: its centre in units, and the direction it faces. It may also have the other fields in BODY_FIELDS.
 */
export interface Body extends Partial<Record<(typeof BODY_FIELDS)[number], number>> {
  x: number;
  y: number;
  facing: number;
}

/** The solid tiles of a map. All tiles outside the map are solid. */
export interface Walls {
  /** Returns whether the tile in this column and row is solid. Both count from 0 and may be outside the map. */
  isWall(tileX: number, tileY: number): boolean;
}

/**
 * Turns `body` to `direction`, then moves it up to 8 units that way, as far as the walls allow. A blocked body still
 * turns. If the coordinates are integers, they stay integers.
 */
export function step(body: Body, direction: Direction, walls: Walls): void {
  body.facing = direction;
  const horizontal = direction === LEFT || direction === RIGHT;
  const sign = direction === LEFT || direction === UP ? -1 : 1;
  const along = horizontal ? body.x : body.y;
  const across = horizontal ? body.y : body.x;
  const moved = along + sign * freeDistance(along, across, sign, horizontal, walls);
  // An assignment marks the field as changed and sends it to clients, so a body that has not moved skips it.
  if (moved === along) return;
  if (horizontal) body.x = moved;
  else body.y = moved;
}

/** Returns the free units, 0 to STEP, ahead of a body whose centre is at `along` on its axis of movement. */
function freeDistance(along: number, across: number, sign: -1 | 1, horizontal: boolean, walls: Walls): number {
  // STEP is less than TILE, so the front edge enters at most one row of tiles: the row of its farthest unit.
  const front = along + sign * HALF_BODY;
  const ahead = Math.floor((sign > 0 ? front + STEP - 1 : front - STEP) / TILE);
  const first = Math.floor((across - HALF_BODY) / TILE);
  const last = Math.floor((across + HALF_BODY - 1) / TILE);
  for (let side = first; side <= last; side++) {
    if (horizontal ? !walls.isWall(ahead, side) : !walls.isWall(side, ahead)) continue;
    const face = sign > 0 ? ahead * TILE : (ahead + 1) * TILE;
    return Math.max(0, sign * (face - front));
  }
  return STEP;
}

/** Returns whether a body centred at (`x`, `y`) is entirely on open ground. */
export function isFree(x: number, y: number, walls: Walls): boolean {
  for (let tileY = Math.floor((y - HALF_BODY) / TILE); tileY <= Math.floor((y + HALF_BODY - 1) / TILE); tileY++) {
    for (let tileX = Math.floor((x - HALF_BODY) / TILE); tileX <= Math.floor((x + HALF_BODY - 1) / TILE); tileX++) {
      if (walls.isWall(tileX, tileY)) return false;
    }
  }
  return true;
}
