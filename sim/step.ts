// One step of one body. In: the body, a direction, the walls. Out: the body, moved and turned. The server, the page's
// prediction and every bot run this very function, so it knows no clock, no chance and no framework.
import { type Direction, LEFT, RIGHT, UP } from "./directions.ts";
import { HALF_BODY, STEP, TILE } from "./rules.ts";

/**
 * The fields of a body: whole numbers that an input may read and change. The page predicts all of them, and a recording
 * proves all of them.
 */
export const BODY_FIELDS = ["x", "y", "facing"] as const;

/**
 * What a step needs of a player: the centre of its body in units, and the direction it faces. Whatever else is named in
 * BODY_FIELDS a body may have.
 */
export interface Body extends Partial<Record<(typeof BODY_FIELDS)[number], number>> {
  x: number;
  y: number;
  facing: number;
}

/** What a step asks of the world: whether a tile stops bodies. Tiles outside the map do. */
export interface Walls {
  /** Whether the tile in that column and row is solid; both count from 0, and may lie outside. */
  isWall(tileX: number, tileY: number): boolean;
}

/**
 * Moves `body` up to 8 units towards `direction`, as far as the walls leave room, and turns it that way even if a wall
 * leaves none. Integers in, integers out.
 */
export function step(body: Body, direction: Direction, walls: Walls): void {
  body.facing = direction;
  const horizontal = direction === LEFT || direction === RIGHT;
  const sign = direction === LEFT || direction === UP ? -1 : 1;
  const along = horizontal ? body.x : body.y;
  const across = horizontal ? body.y : body.x;
  const moved = along + sign * freeDistance(along, across, sign, horizontal, walls);
  // An assignment marks the field as changed on the wire: a body that stays in its place must cost nobody a byte.
  if (moved === along) return;
  if (horizontal) body.x = moved;
  else body.y = moved;
}

/** The units, 0 to STEP, that are free in front of a body whose centre is at `along` on the axis it moves on. */
function freeDistance(along: number, across: number, sign: -1 | 1, horizontal: boolean, walls: Walls): number {
  // STEP is less than TILE, so the front edge crosses into one row of tiles at most: the one its farthest unit is in.
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

/** Whether a body centred at (`x`, `y`) stands wholly on open ground. */
export function isFree(x: number, y: number, walls: Walls): boolean {
  for (let tileY = Math.floor((y - HALF_BODY) / TILE); tileY <= Math.floor((y + HALF_BODY - 1) / TILE); tileY++) {
    for (let tileX = Math.floor((x - HALF_BODY) / TILE); tileX <= Math.floor((x + HALF_BODY - 1) / TILE); tileX++) {
      if (walls.isWall(tileX, tileY)) return false;
    }
  }
  return true;
}
