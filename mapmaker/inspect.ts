// Checks the guarantees of every generated map: all open ground is connected and at least two tiles wide, and all
// spawns are on open ground.

import { HALF_BODY } from "../sim/rules.ts";
import { TILE } from "./art/canvas.ts";
import { type MapDraft, type Point, rectangle } from "./map-draft.ts";

/**
 * Checks a map.
 * @param minOpen the minimum share of open tiles.
 * @returns the share of open tiles.
 * @throws {Error} that names the first violated guarantee.
 */
export function inspect(name: string, map: MapDraft, spawns: readonly Point[], minOpen: number): number {
  const narrow = unreachable(map)[0];
  if (narrow)
    throw new Error(`${name}: tile ${narrow.x}, ${narrow.y} is open but cannot be reached on a path two tiles wide.`);
  const blocked = spawns.find((spawn) => !isClear(map, spawn));
  if (blocked) throw new Error(`${name}: the spawn at ${blocked.x}, ${blocked.y} is not entirely on open ground.`);
  const allTiles = rectangle(0, 0, map.width, map.height);
  const open = allTiles.filter(({ x, y }) => map.isOpen(x, y)).length / allTiles.length;
  if (open < minOpen) throw new Error(`${name}: the share of open tiles is ${open}; expected at least ${minOpen}.`);
  return open;
}

/**
 * Moves a square of two by two tiles from the centre of the map over all open ground. Returns the open tiles that the
 * square does not reach: closed pockets, and corridors one tile wide.
 */
function unreachable(map: MapDraft): Point[] {
  const fits = (x: number, y: number): boolean => rectangle(x, y, 2, 2).every((tile) => map.isOpen(tile.x, tile.y));
  const start = { x: map.width >> 1, y: map.height >> 1 };
  const key = (x: number, y: number): number => y * map.width + x;
  const visited = new Set([key(start.x, start.y)]);
  const covered = new Set<number>();
  const queue = [start];
  for (let corner = queue.pop(); corner; corner = queue.pop()) {
    if (!fits(corner.x, corner.y)) continue;
    for (const tile of rectangle(corner.x, corner.y, 2, 2)) covered.add(key(tile.x, tile.y));
    for (const [x, y] of [
      [corner.x - 1, corner.y],
      [corner.x + 1, corner.y],
      [corner.x, corner.y - 1],
      [corner.x, corner.y + 1],
    ] as const) {
      if (visited.has(key(x, y))) continue;
      visited.add(key(x, y));
      queue.push({ x, y });
    }
  }
  return rectangle(0, 0, map.width, map.height).filter(({ x, y }) => map.isOpen(x, y) && !covered.has(key(x, y)));
}

/** Whether a body at a spawn is entirely on open tiles. */
function isClear(map: MapDraft, spawn: Point): boolean {
  const edges = [-HALF_BODY, HALF_BODY - 1];
  return edges.every((dx) =>
    edges.every((dy) => map.isOpen(Math.floor((spawn.x + dx) / TILE), Math.floor((spawn.y + dy) / TILE))),
  );
}
