// Where a body may stand that comes back to a place which is taken by a wall by now, or is not on the map any more.
import type { WorldMap } from "./map.ts";
import { HALF_BODY, TILE } from "./rules.ts";
import { isFree } from "./step.ts";

/** The centre of a body, in units. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/**
 * The spot nearest to `wanted` where a body has room: `wanted` itself if it has, else by the straight line, and of
 * several as near the uppermost, then the leftmost one. What lies outside of the map counts as the spot at its edge.
 *
 * Along an axis, bodies touch the same tiles for some units on end: a span. So all spots of two spans are free or none
 * is, and it is enough to look at one spot of each, the nearest, in growing squares of spans around `wanted`.
 */
export function nearestFree(wanted: Spot, map: WorldMap): Spot {
  const x = clamp(wanted.x, HALF_BODY, map.width - HALF_BODY);
  const y = clamp(wanted.y, HALF_BODY, map.height - HALF_BODY);
  if (isFree(x, y, map)) return { x, y };
  const distance = (spot: Spot) => (spot.x - x) ** 2 + (spot.y - y) ** 2;
  const isNearer = (one: Spot, other: Spot) =>
    (distance(one) - distance(other) || one.y - other.y || one.x - other.x) < 0;

  // A spawn is free, so nobody has to look farther than the nearest one.
  let nearest = map.spawns.reduce((best, spawn) => (isNearer(spawn, best) ? spawn : best));
  const column = spanAt(x);
  const row = spanAt(y);
  const consider = (across: number, down: number) => {
    const spot = { x: nearestIn(across, x), y: nearestIn(down, y) };
    if (isNearer(spot, nearest) && isFree(spot.x, spot.y, map)) nearest = spot;
  };
  for (let ring = 1; ringDistance(ring, x, y) ** 2 <= distance(nearest); ring++) {
    for (let side = -ring; side <= ring; side++) {
      consider(column + side, row - ring);
      consider(column + side, row + ring);
      consider(column - ring, row + side);
      consider(column + ring, row + side);
    }
  }
  return { x: nearest.x, y: nearest.y };
}

/** Units by which a body may be moved within one tile; in the next ones it touches two. */
const WITHIN_TILE = TILE - 2 * HALF_BODY;

/** The span that a coordinate is in. Even ones touch one tile, odd ones two. */
function spanAt(along: number): number {
  const edge = along - HALF_BODY;
  const tile = Math.floor(edge / TILE);
  return 2 * tile + (edge - tile * TILE > WITHIN_TILE ? 1 : 0);
}

/** The coordinate in a span that is nearest to another coordinate. */
function nearestIn(span: number, along: number): number {
  const start = Math.floor(span / 2) * TILE + HALF_BODY;
  const isEven = span % 2 === 0;
  return isEven ? clamp(along, start, start + WITHIN_TILE) : clamp(along, start + WITHIN_TILE + 1, start + TILE - 1);
}

/** The least distance of a spot in the spans that are `ring` spans away, in units. */
function ringDistance(ring: number, x: number, y: number): number {
  const distances = [x, y].flatMap((along) =>
    [-ring, ring].map((away) => Math.abs(nearestIn(spanAt(along) + away, along) - along)),
  );
  return Math.min(...distances);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
