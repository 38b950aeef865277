// Paints the whole map as a small image: each tile becomes a few pixels, scaled down from the tile's image.
import type { Ground } from "./ground.ts";

/** Maximum pixels along the longer side of the painted map. This bounds the work for large maps. */
const MAX_SIDE = 256;

/** Pixels along a side of a tile that is scaled down. */
const GRAIN = 4;

/** Mask for the number of a tile in a Tiled file. The top three bits are flags for flipped tiles. */
const TILE_NUMBER = 0x1fffffff;

/** Brightness of a wall, relative to the tile's image. */
const WALL_SHADE = 0.78;

/** The fields of a Tiled map file that this file reads. `readMap` has validated the file. */
interface MapFile {
  width: number;
  height: number;
  layers: { type: string; name: string; data?: number[]; visible?: boolean; opacity?: number }[];
  tilesets?: TilesetOfFile[];
}

interface TilesetOfFile {
  name: string;
  firstgid: number;
  columns: number;
  tilecount: number;
  tilewidth: number;
  tileheight: number;
  margin?: number;
  spacing?: number;
}

/** Paints the map. A tile without an image is dark if it is a wall, and light otherwise. */
export function paintMap({ file, map, pictures }: Ground): HTMLCanvasElement {
  const { width: columns, height: rows, layers, tilesets = [] } = file as MapFile;
  const scale = Math.min(GRAIN, MAX_SIDE / Math.max(columns, rows));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(columns * scale));
  canvas.height = Math.max(1, Math.round(rows * scale));
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(canvas.width, canvas.height);
  const grains = tilesets.flatMap((tileset) => {
    const picture = pictures.get(tileset.name);
    return picture ? [{ first: tileset.firstgid, count: tileset.tilecount, pixels: grainsOf(tileset, picture) }] : [];
  });
  const visibleLayers = layers.filter(
    ({ type, data, visible }) => type === "tilelayer" && Array.isArray(data) && visible !== false,
  );
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      // The tile at this pixel, and the position within the tile.
      const across = x / scale;
      const down = y / scale;
      const column = Math.min(columns - 1, Math.floor(across));
      const row = Math.min(rows - 1, Math.floor(down));
      const grain = Math.floor((down - row) * GRAIN) * GRAIN + Math.floor((across - column) * GRAIN);
      const wall = map.isWall(column, row);
      const colour = wall ? [70, 78, 84] : [168, 172, 160];
      for (const { data, opacity } of visibleLayers) {
        const tile = data![row * columns + column]! & TILE_NUMBER;
        const set = tile > 0 && grains.find(({ first, count }) => tile >= first && tile < first + count);
        if (!set) continue;
        const at = ((tile - set.first) * GRAIN * GRAIN + grain) * 4;
        const alpha = (set.pixels[at + 3]! / 255) * (opacity ?? 1);
        for (let part = 0; part < 3; part++) {
          colour[part] = colour[part]! * (1 - alpha) + set.pixels[at + part]! * alpha;
        }
      }
      const shade = wall ? WALL_SHADE : 1;
      const [red = 0, green = 0, blue = 0] = colour;
      image.data.set([red * shade, green * shade, blue * shade, 255], (y * canvas.width + x) * 4);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Returns all tiles of a tileset scaled down: tile after tile, GRAIN rows of GRAIN pixels of four bytes. */
function grainsOf(tileset: TilesetOfFile, picture: HTMLImageElement): Uint8ClampedArray {
  const { columns, tilecount, tilewidth, tileheight, margin = 0, spacing = 0 } = tileset;
  const canvas = document.createElement("canvas");
  canvas.width = GRAIN;
  canvas.height = GRAIN * Math.max(1, tilecount);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  for (let tile = 0; tile < tilecount; tile++) {
    const left = margin + (tile % columns) * (tilewidth + spacing);
    const top = margin + Math.floor(tile / columns) * (tileheight + spacing);
    context.drawImage(picture, left, top, tilewidth, tileheight, 0, tile * GRAIN, GRAIN, GRAIN);
  }
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
}
