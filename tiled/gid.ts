// Global tile ids: the numbers that a map uses for the tiles of its tilesets. The upper four bits are flags.
import type { Tile, TiledMap, Tileset } from "./model.ts";

const FLIPPED_HORIZONTALLY = 0x80000000;
const FLIPPED_VERTICALLY = 0x40000000;
const FLIPPED_DIAGONALLY = 0x20000000;
const ROTATED_HEXAGONAL_120 = 0x10000000;

/** The greatest global tile id with flags. */
export const MAX_GID = 0xffffffff;

/** The greatest global tile id without flags. */
export const MAX_TILE_NUMBER = 0x0fffffff;

/** How a tile is turned. The diagonal flip, which swaps x and y, is applied before the other flips. */
export interface Turn {
  readonly flippedHorizontally: boolean;
  readonly flippedVertically: boolean;
  /** On hexagonal maps, this flag means a rotation by 60 degrees. */
  readonly flippedDiagonally: boolean;
  /** On hexagonal maps, this flag means a rotation by 120 degrees. Other maps do not use it. */
  readonly rotatedHexagonal120: boolean;
}

/** Returns a global tile id without its flags. 0 means no tile. */
export function tileNumber(gid: number): number {
  return gid & MAX_TILE_NUMBER;
}

/** Returns the flags of a global tile id. */
export function turnOf(gid: number): Turn {
  return {
    flippedHorizontally: (gid & FLIPPED_HORIZONTALLY) !== 0,
    flippedVertically: (gid & FLIPPED_VERTICALLY) !== 0,
    flippedDiagonally: (gid & FLIPPED_DIAGONALLY) !== 0,
    rotatedHexagonal120: (gid & ROTATED_HEXAGONAL_120) !== 0,
  };
}

/** A tile of a tileset. */
export interface TileReference {
  readonly tileset: Tileset;
  /** The tile's id within the tileset. */
  readonly id: number;
  /** The tile's details; undefined if it has none. */
  readonly tile: Tile | undefined;
}

/**
 * Returns the tile that a global tile id stands for. Returns undefined for an empty cell, and for an id below the ids
 * of all tilesets.
 */
export function tileOf({ tilesets }: Pick<TiledMap, "tilesets">, gid: number): TileReference | undefined {
  const number = tileNumber(gid);
  const tileset = number === 0 ? undefined : tilesets.findLast(({ firstGid }) => firstGid <= number);
  if (!tileset) return undefined;
  const id = number - tileset.firstGid;
  return { tileset, id, tile: tileset.tiles.get(id) };
}
