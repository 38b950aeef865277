// Reads the tiles of a tile layer. In an infinite map, the tiles are in chunks, which may be at any place.
import { FARTHEST } from "./bounds.ts";
import { type Fields, numberOf } from "./fields.ts";
import type { Area } from "./model.ts";
import { type Decompress, decodeTiles } from "./tile-data.ts";

/** A rectangle of a layer and the data of its tiles. */
interface Block extends Area {
  readonly place: string;
  readonly data: unknown;
}

/** Stands for tiles that cannot be read. The reader reports them as a fault, and continues with the other layers. */
const NO_TILES = new Uint32Array(0);

/**
 * Returns the global tile ids of all cells of the map.
 * @param bounds the part of the plane that the map covers, in tiles.
 */
export function readTiles(layer: Fields, bounds: Area, decompress: Decompress): Uint32Array {
  const blocks = blocksOf(layer, bounds);
  const [block] = blocks;
  if (block && blocks.length === 1 && isSame(block, bounds)) return decode(layer, block, decompress);
  layer.report.count("cells", bounds.width * bounds.height);
  const gids = new Uint32Array(bounds.width * bounds.height);
  for (const block of blocks) copyInto(gids, bounds, decode(layer, block, decompress), block);
  return gids;
}

function blocksOf(layer: Fields, bounds: Area): Block[] {
  const { side } = layer.report.limits;
  if (layer.has("chunks")) {
    return layer
      .elements("chunks", ({ x, y }) => `the chunk at (${numberOf(x)}, ${numberOf(y)}) of ${layer.place}`)
      .map((chunk) => ({
        place: chunk.place,
        x: chunk.integer("x", 0, -FARTHEST, FARTHEST),
        y: chunk.integer("y", 0, -FARTHEST, FARTHEST),
        width: chunk.required("width", 0, side),
        height: chunk.required("height", 0, side),
        data: chunk.values.data,
      }));
  }
  if (!layer.has("data")) {
    layer.report.warn(layer.place, "has no tile data");
    return [];
  }
  const { width, height } = bounds;
  const size = { width: layer.integer("width", width, 0, side), height: layer.integer("height", height, 0, side) };
  if (size.width !== width || size.height !== height) {
    layer.report.warn(layer.place, `is ${size.width} x ${size.height} tiles, but the map is ${width} x ${height}`);
  }
  return [{ place: layer.place, x: bounds.x, y: bounds.y, ...size, data: layer.values.data }];
}

function isSame(one: Area, other: Area): boolean {
  return one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

function decode(layer: Fields, { place, width, height, data }: Block, decompress: Decompress): Uint32Array {
  const cells = width * height;
  layer.report.count("cells", cells);
  // The block is empty, or its size has been reported as a fault.
  if (cells === 0) return NO_TILES;
  const tiles = decodeTiles(data, layer.values, cells, decompress);
  if (typeof tiles !== "string") return tiles;
  layer.report.fault(place, tiles);
  return NO_TILES;
}

/** Copies the tiles of a block to the array `gids` of the map's tiles. Leaves out tiles that are outside the map. */
function copyInto(gids: Uint32Array, bounds: Area, tiles: Uint32Array, block: Area): void {
  const left = Math.max(block.x, bounds.x);
  const right = Math.min(block.x + block.width, bounds.x + bounds.width);
  const top = Math.max(block.y, bounds.y);
  const bottom = Math.min(block.y + block.height, bounds.y + bounds.height);
  for (let y = top; y < bottom && left < right; y++) {
    const from = (y - block.y) * block.width - block.x;
    gids.set(tiles.subarray(from + left, from + right), (y - bounds.y) * bounds.width + left - bounds.x);
  }
}
