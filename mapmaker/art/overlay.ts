// Images that lie over the ground and are not solid: the shade of solid tiles, and fallen petals.

import { Canvas, TILE } from "./canvas.ts";
import { CHERRY, SHADOW } from "./palette.ts";
import { seededRandom } from "./random.ts";

/** The bits for a tile's neighbours. A set bit means that this neighbour blocks the tile's light. */
export const CASTER = { left: 1, top: 2, topLeft: 4 } as const;

/** Draws the shade of solid neighbours. The light comes from the upper left. */
export function shade(casters: number): Canvas {
  const tile = new Canvas();
  const reach = 9;
  tile.each((x, y) => {
    const fromLeft = casters & CASTER.left && x < reach && (y >= x || casters & CASTER.topLeft);
    const fromTop = casters & CASTER.top && y < reach && (x >= y || casters & CASTER.topLeft);
    const fromCorner = casters & CASTER.topLeft && x < reach && y < reach && x + y < reach * 1.5;
    const inCorner = casters & CASTER.left && casters & CASTER.top && x < reach && y < reach;
    if (fromLeft || fromTop || fromCorner || inCorner) tile.set(x, y, SHADOW, 0.3);
  });
  return tile;
}

/** Draws `count` fallen cherry petals. */
export function petals(count: number, seed: number): Canvas {
  const tile = new Canvas();
  const random = seededRandom(seed);
  for (let petal = 0; petal < count; petal++) {
    const x = random.int(1, TILE - 4);
    const y = random.int(1, TILE - 4);
    const color = random.pick([CHERRY[1], CHERRY[2], CHERRY[3]]);
    tile.rect(x, y, 2, 1, color);
    tile.set(x + random.int(0, 1), y + 1, color);
    tile.rect(x, y + 2, 2, 1, SHADOW, 0.16);
  }
  return tile;
}
