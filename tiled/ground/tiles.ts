// Finds tiles by their details, and layers by their tiles. The number of a tile is its global tile id without flags.
import { tileNumber } from "../gid.ts";
import type { Tile, TiledMap, TileLayer } from "../model.ts";

/** Returns the numbers of the tiles that fit a condition. Tiles without details never fit. */
export function tilesWhere(map: TiledMap, fits: (tile: Tile) => boolean): ReadonlySet<number> {
  return tilesBy(map, (tile) => fits(tile) || undefined).get(true) ?? new Set();
}

/** Groups the numbers of tiles by the key that `keyOf` returns for their details. Leaves out tiles without a key. */
export function tilesBy<Key>({ tilesets }: TiledMap, keyOf: (tile: Tile) => Key | undefined): Map<Key, Set<number>> {
  const numbers = new Map<Key, Set<number>>();
  tilesets.forEach(({ firstGid, tiles }, index) => {
    const end = tilesets[index + 1]?.firstGid ?? Number.POSITIVE_INFINITY;
    for (const [id, tile] of tiles) {
      const key = firstGid + id < end ? keyOf(tile) : undefined;
      if (key === undefined) continue;
      const found = numbers.get(key);
      if (found) found.add(firstGid + id);
      else numbers.set(key, new Set([firstGid + id]));
    }
  });
  return numbers;
}

/** Returns whether a layer has a tile whose number is one of these. */
export function hasAny({ gids }: TileLayer, numbers: ReadonlySet<number>): boolean {
  if (numbers.size === 0) return false;
  for (const gid of gids) {
    if (gid !== 0 && numbers.has(tileNumber(gid))) return true;
  }
  return false;
}

/** Returns whether a layer has a tile whose number is not one of these. */
export function hasOther({ gids }: TileLayer, numbers: ReadonlySet<number>): boolean {
  for (const gid of gids) {
    if (gid !== 0 && !numbers.has(tileNumber(gid))) return true;
  }
  return false;
}
