// Moves a body one step. The server, the page's prediction and every bot run this function. It must be deterministic,
// so it uses no clock, no randomness and no framework.
import { type Direction, LEFT, RIGHT, UP } from "./directions.ts";
import { CELL, HALF_BODY, STEP } from "./rules.ts";

/**
 * The fields of a body: integers that `applyInput` may read and change. The page predicts all of them, and a replay
 * verifies all of them.
 */
export const BODY_FIELDS = ["x", "y", "facing"] as const;

/**
 * A player's body: its centre in units, and the direction it faces. A field that you add to BODY_FIELDS is optional.
 */
export interface Body extends Partial<Record<(typeof BODY_FIELDS)[number], number>> {
  x: number;
  y: number;
  facing: number;
}

/** The solid cells of a map. All cells outside the map are solid. */
export interface Walls {
  /** Returns whether the cell in this column and row is solid. Both are numbered from 0, and may be outside the map. */
  isSolid(cellX: number, cellY: number): boolean;
}

/**
 * Turns `body` to `direction`. Then moves `body` in this direction by up to 8 units, as far as the walls allow. A
 * blocked body still turns. Integer coordinates stay integers.
 */
export function step(body: Body, direction: Direction, walls: Walls): void {
  body.facing = direction;
  const horizontal = direction === LEFT || direction === RIGHT;
  const sign = direction === LEFT || direction === UP ? -1 : 1;
  const along = horizontal ? body.x : body.y;
  const across = horizontal ? body.y : body.x;
  const moved = along + sign * freeDistance(along, across, sign, horizontal, walls);
  // An assignment would mark the field as changed even if its value stays the same, and the server would send it.
  if (moved === along) return;
  if (horizontal) body.x = moved;
  else body.y = moved;
}

/**
 * Returns how many units a body can move ahead: 0 to STEP. The body's centre is at `along` on the axis of movement, and
 * at `across` on the other axis.
 */
function freeDistance(along: number, across: number, sign: -1 | 1, horizontal: boolean, walls: Walls): number {
  // The cells that the body already overlaps are open. So the first cell that can block the step is the one in front.
  const front = along + sign * HALF_BODY;
  const nearest = sign > 0 ? Math.ceil(front / CELL) : Math.floor(front / CELL) - 1;
  const farthest = Math.floor((sign > 0 ? front + STEP - 1 : front - STEP) / CELL);
  const first = Math.floor((across - HALF_BODY) / CELL);
  const last = Math.floor((across + HALF_BODY - 1) / CELL);
  for (let ahead = nearest; sign * ahead <= sign * farthest; ahead += sign) {
    for (let side = first; side <= last; side++) {
      if (horizontal ? !walls.isSolid(ahead, side) : !walls.isSolid(side, ahead)) continue;
      const face = sign > 0 ? ahead * CELL : (ahead + 1) * CELL;
      return sign * (face - front);
    }
  }
  return STEP;
}

/** Returns whether a body centred at (`x`, `y`) is entirely on open ground. */
export function isFree(x: number, y: number, walls: Walls): boolean {
  const right = Math.floor((x + HALF_BODY - 1) / CELL);
  const bottom = Math.floor((y + HALF_BODY - 1) / CELL);
  for (let cellY = Math.floor((y - HALF_BODY) / CELL); cellY <= bottom; cellY++) {
    for (let cellX = Math.floor((x - HALF_BODY) / CELL); cellX <= right; cellX++) {
      if (walls.isSolid(cellX, cellY)) return false;
    }
  }
  return true;
}
