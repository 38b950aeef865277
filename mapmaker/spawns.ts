// Where players appear: one place in each cell of a regular grid, shaken a little so that no rows show; either all over
// a map, or in its middle, where all who come stand in each other's sight.

import { TILE } from "./art/canvas.ts";
import { random } from "./art/random.ts";
import type { MapDraft, Point } from "./map-draft.ts";

/** A part of a map, in tiles. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The square of `side` tiles around the middle of a map. */
export function middle(map: MapDraft, side: number): Area {
  return { left: (map.width - side) >> 1, top: (map.height - side) >> 1, width: side, height: side };
}

/** Spawns in world units, each at the centre of an open tile of `area` that no crown or eave hides. */
export function scatterSpawns(map: MapDraft, area: Area, cell: number, seed: number): Point[] {
  const chance = random(seed);
  const spawns: Point[] = [];
  for (let top = area.top; top < area.top + area.height; top += cell) {
    for (let left = area.left; left < area.left + area.width; left += cell) {
      const x = left + chance.int(0, cell - 1);
      const y = top + chance.int(0, cell - 1);
      if (map.isFree(x, y, 1, 1)) spawns.push({ x: x * TILE + TILE / 2, y: y * TILE + TILE / 2 });
    }
  }
  return spawns;
}
