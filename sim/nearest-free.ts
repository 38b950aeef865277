// Finds the nearest free position for a returning player whose saved position is now in a wall or outside the map.
import type { WorldMap } from "./map.ts";
import { CELL, HALF_BODY, TILE } from "./rules.ts";
import { isFree, type Walls } from "./step.ts";

/** The centre of a body, in units. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/**
 * Returns the free spot nearest to `wanted`, measured in a straight line. Returns `wanted` itself if it is free.
 * Prefers the uppermost, then the leftmost, of several equally near spots. If `wanted` is outside the map, the search
 * starts at the nearest position inside the map.
 *
 * A span is a range of consecutive coordinates on one axis. A body touches the same cells at all coordinates of a span.
 * Each pair of spans, one per axis, is a rectangle of spots that are either all free or all blocked. So the search
 * checks only one spot of each rectangle: the nearest to `wanted`. It visits the rectangles tile by tile, in growing
 * rings around `wanted`, and skips the tiles that are entirely solid.
 */
export function nearestFree(wanted: Spot, map: WorldMap): Spot {
  const x = clamp(wanted.x, HALF_BODY, map.width - HALF_BODY);
  const y = clamp(wanted.y, HALF_BODY, map.height - HALF_BODY);
  if (isFree(x, y, map)) return { x, y };
  const distance = (spot: Spot) => (spot.x - x) ** 2 + (spot.y - y) ** 2;
  const isNearer = (one: Spot, other: Spot) =>
    (distance(one) - distance(other) || one.y - other.y || one.x - other.x) < 0;

  // Every spawn is free, so the search need not visit spots that are farther away than the nearest spawn.
  let nearest = map.spawns.reduce((best, spawn) => (isNearer(spawn, best) ? spawn : best));
  const consider = (tileX: number, tileY: number) => {
    if (isSolidTile(tileX, tileY, map)) return;
    for (let down = 0; down < SPANS_PER_TILE; down++) {
      for (let across = 0; across < SPANS_PER_TILE; across++) {
        const spot = {
          x: nearestIn(SPANS_PER_TILE * tileX + across, x),
          y: nearestIn(SPANS_PER_TILE * tileY + down, y),
        };
        if (isNearer(spot, nearest) && isFree(spot.x, spot.y, map)) nearest = spot;
      }
    }
  };
  // A spot belongs to the tile that contains the body's upper left corner, so the search starts at this tile.
  const column = Math.floor((x - HALF_BODY) / TILE);
  const row = Math.floor((y - HALF_BODY) / TILE);
  consider(column, row);
  // A spot in ring number `ring` is at least `ring - 1` tiles away. The search ends when this distance exceeds the
  // distance of the nearest spot found so far.
  for (let ring = 1; ((ring - 1) * TILE) ** 2 <= distance(nearest); ring++) {
    for (let side = -ring; side <= ring; side++) {
      consider(column + side, row - ring);
      consider(column + side, row + ring);
    }
    for (let side = 1 - ring; side < ring; side++) {
      consider(column - ring, row + side);
      consider(column + ring, row + side);
    }
  }
  return { x: nearest.x, y: nearest.y };
}

const CELLS_PER_TILE = TILE / CELL;

function isSolidTile(tileX: number, tileY: number, walls: Walls): boolean {
  for (let y = tileY * CELLS_PER_TILE; y < (tileY + 1) * CELLS_PER_TILE; y++) {
    for (let x = tileX * CELLS_PER_TILE; x < (tileX + 1) * CELLS_PER_TILE; x++) {
      if (!walls.isSolid(x, y)) return false;
    }
  }
  return true;
}

/**
 * Units that a body can move right or down before it touches one more cell. The move starts with the left or upper edge
 * of the body at the edge of a cell.
 */
const SLACK = CELL - 1 - ((2 * HALF_BODY - 1) % CELL);

/**
 * Each cell has two spans of coordinates for which the left or upper edge of a body is in this cell. In the first span,
 * the body touches as few cells as possible. In the second span, it touches one more cell.
 */
const SPANS_PER_TILE = 2 * CELLS_PER_TILE;

/** Returns the coordinate in `span` that is nearest to `along`. */
function nearestIn(span: number, along: number): number {
  const start = Math.floor(span / 2) * CELL + HALF_BODY;
  const isFirst = span % 2 === 0;
  return isFirst ? clamp(along, start, start + SLACK) : clamp(along, start + SLACK + 1, start + CELL - 1);
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
