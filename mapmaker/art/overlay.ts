// What lies over the ground without being in the way: the shade of solid things, fallen petals.

import { Canvas, TILE } from "./canvas.ts";
import { CHERRY, SHADOW } from "./palette.ts";
import { random } from "./random.ts";

/** Which neighbours stand between a tile and the light, as bits. */
export const CASTER = { left: 1, top: 2, topLeft: 4 } as const;

/** The shade that solid neighbours throw; the light comes from the upper left. */
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

/** Fallen petals of the cherry, few or many. */
export function petals(count: number, seed: number): Canvas {
  const tile = new Canvas();
  const chance = random(seed);
  for (let petal = 0; petal < count; petal++) {
    const x = chance.int(1, TILE - 4);
    const y = chance.int(1, TILE - 4);
    const color = chance.pick([CHERRY[1], CHERRY[2], CHERRY[3]]);
    tile.rect(x, y, 2, 1, color);
    tile.set(x + chance.int(0, 1), y + 1, color);
    tile.rect(x, y + 2, 2, 1, SHADOW, 0.16);
  }
  return tile;
}
