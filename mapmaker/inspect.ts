// What every map promises its players: one connected ground without narrow places, and spawns that stand clear.

import { TILE } from "./art/canvas.ts";
import { type MapDraft, type Point, rectangle } from "./map-draft.ts";

/** Half the side of a player's body, in units. */
const HALF_BODY = 12;

/**
 * Throws a sentence that names the first broken promise; returns the share of open tiles.
 * @param leastOpen the share that has to be open
 */
export function inspect(name: string, map: MapDraft, spawns: readonly Point[], leastOpen: number): number {
  const narrow = unreachable(map)[0];
  if (narrow)
    throw new Error(`${name}: tile ${narrow.x}, ${narrow.y} is open but cannot be reached two tiles abreast.`);
  const blocked = spawns.find((spawn) => !standsClear(map, spawn));
  if (blocked) throw new Error(`${name}: the spawn at ${blocked.x}, ${blocked.y} does not stand on open ground.`);
  const places = rectangle(0, 0, map.width, map.height);
  const open = places.filter(({ x, y }) => map.isOpen(x, y)).length / places.length;
  if (open < leastOpen) throw new Error(`${name}: ${open} of the tiles are open; expected at least ${leastOpen}.`);
  return open;
}

/**
 * Open tiles that a square of two by two tiles never covers on its way from the middle of the map:
 * pockets that are closed, and corridors one tile wide.
 */
function unreachable(map: MapDraft): Point[] {
  const fits = (x: number, y: number): boolean => rectangle(x, y, 2, 2).every((tile) => map.isOpen(tile.x, tile.y));
  const start = { x: map.width >> 1, y: map.height >> 1 };
  const key = (x: number, y: number): number => y * map.width + x;
  const visited = new Set([key(start.x, start.y)]);
  const covered = new Set<number>();
  const queue = [start];
  for (let place = queue.pop(); place; place = queue.pop()) {
    if (!fits(place.x, place.y)) continue;
    for (const tile of rectangle(place.x, place.y, 2, 2)) covered.add(key(tile.x, tile.y));
    for (const [x, y] of [
      [place.x - 1, place.y],
      [place.x + 1, place.y],
      [place.x, place.y - 1],
      [place.x, place.y + 1],
    ] as const) {
      if (visited.has(key(x, y))) continue;
      visited.add(key(x, y));
      queue.push({ x, y });
    }
  }
  return rectangle(0, 0, map.width, map.height).filter(({ x, y }) => map.isOpen(x, y) && !covered.has(key(x, y)));
}

/** Whether a whole body at a spawn lies on open tiles. */
function standsClear(map: MapDraft, spawn: Point): boolean {
  const edges = [-HALF_BODY, HALF_BODY - 1];
  return edges.every((dx) =>
    edges.every((dy) => map.isOpen(Math.floor((spawn.x + dx) / TILE), Math.floor((spawn.y + dy) / TILE))),
  );
}
