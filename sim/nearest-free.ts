// Finds the nearest free position for a returning player whose saved position is now in a wall or outside the map.
import type { WorldMap } from "./map.ts";
import { HALF_BODY, TILE } from "./rules.ts";
import { isFree } from "./step.ts";

/** The centre of a body, in units. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/**
 * Returns the free spot nearest to `wanted` in a straight line, which is `wanted` itself if it is free. If several are
 * equally near, it prefers the uppermost, then the leftmost. A spot outside the map is first moved to the map's edge.
 *
 * Along an axis, a body touches the same tiles at several consecutive coordinates: a span. So the spots in one pair of
 * spans are either all free or all blocked, and it is enough to check the nearest spot of each pair. The search checks
 * growing squares of spans around `wanted`.
 */
export function nearestFree(wanted: Spot, map: WorldMap): Spot {
  const x = clamp(wanted.x, HALF_BODY, map.width - HALF_BODY);
  const y = clamp(wanted.y, HALF_BODY, map.height - HALF_BODY);
  if (isFree(x, y, map)) return { x, y };
  const distance = (spot: Spot) => (spot.x - x) ** 2 + (spot.y - y) ** 2;
  const isNearer = (one: Spot, other: Spot) =>
    (distance(one) - distance(other) || one.y - other.y || one.x - other.x) < 0;

  // Every spawn is free, so the nearest spawn limits the search.
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

/** The free play of a body inside one tile, along an axis, in units. A body that moves farther touches the next tile too. */
const WITHIN_TILE = TILE - 2 * HALF_BODY;

/** Returns the span of a coordinate. A body in an even span touches one tile; a body in an odd span touches two. */
function spanAt(along: number): number {
  const edge = along - HALF_BODY;
  const tile = Math.floor(edge / TILE);
  return 2 * tile + (edge - tile * TILE > WITHIN_TILE ? 1 : 0);
}

/** Returns the coordinate in `span` that is nearest to `along`. */
function nearestIn(span: number, along: number): number {
  const start = Math.floor(span / 2) * TILE + HALF_BODY;
  const isEven = span % 2 === 0;
  return isEven ? clamp(along, start, start + WITHIN_TILE) : clamp(along, start + WITHIN_TILE + 1, start + TILE - 1);
}

/** Returns the smallest distance, in units, from (`x`, `y`) to a spot in the spans that are `ring` spans away. */
function ringDistance(ring: number, x: number, y: number): number {
  const distances = [x, y].flatMap((along) =>
    [-ring, ring].map((offset) => Math.abs(nearestIn(spanAt(along) + offset, along) - along)),
  );
  return Math.min(...distances);
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
