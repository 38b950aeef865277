// Where players appear: one place in each cell of a regular grid, shaken a little so that no rows show.

import { TILE } from "./art/canvas.ts";
import { random } from "./art/random.ts";
import type { MapDraft, Point } from "./map-draft.ts";

/** Spawns in world units, each at the centre of an open tile that no crown or eave hides. */
export function scatterSpawns(map: MapDraft, cell: number, seed: number): Point[] {
  const chance = random(seed);
  const spawns: Point[] = [];
  for (let top = 0; top < map.height; top += cell) {
    for (let left = 0; left < map.width; left += cell) {
      const x = left + chance.int(0, cell - 1);
      const y = top + chance.int(0, cell - 1);
      if (map.isFree(x, y, 1, 1)) spawns.push({ x: x * TILE + TILE / 2, y: y * TILE + TILE / 2 });
    }
  }
  return spawns;
}
