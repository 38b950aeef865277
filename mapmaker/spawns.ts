// Chooses spawns: at most one in each cell of a regular grid, on a random tile of the cell, to avoid visible rows.
// The cells cover the whole map, or only its centre, where all new players see each other.

import { TILE } from "./art/canvas.ts";
import { seededRandom } from "./art/random.ts";
import type { MapDraft, Point } from "./map-draft.ts";

/** A part of a map, in tiles. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Returns the square with a side of `side` tiles in the centre of a map. */
export function middle(map: MapDraft, side: number): Area {
  return { left: (map.width - side) >> 1, top: (map.height - side) >> 1, width: side, height: side };
}

/** Returns spawns in units, each at the centre of an open, undecorated tile of `area`. `cell` is in tiles. */
export function scatterSpawns(map: MapDraft, area: Area, cell: number, seed: number): Point[] {
  const random = seededRandom(seed);
  const spawns: Point[] = [];
  for (let top = area.top; top < area.top + area.height; top += cell) {
    for (let left = area.left; left < area.left + area.width; left += cell) {
      const x = left + random.int(0, cell - 1);
      const y = top + random.int(0, cell - 1);
      if (map.isFree(x, y, 1, 1)) spawns.push({ x: x * TILE + TILE / 2, y: y * TILE + TILE / 2 });
    }
  }
  return spawns;
}
