// The whole map in a small picture, as it would look from far away: each tile a few pixels, painted from its own art.
import type { Ground } from "./ground.ts";

/** Pixels along the longer side of the picture. It bounds the work, however large the map is. */
const LONG_SIDE = 256;

/** Pixels along a side of a tile that has become small. */
const GRAIN = 4;

/** The flags for flipped tiles sit in the top three bits of a tile number in a Tiled file; the rest is the tile. */
const TILE_NUMBER = 0x1fffffff;

/** How much darker a wall is, so that one sees where one cannot go. */
const WALL_SHADE = 0.78;

/** What the picture needs of a Tiled map file. `readMap` has looked at the rest. */
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

/** Paints the picture. Where a tile has no picture of its own, a wall is dark and open ground is light. */
export function paintMap({ file, map, pictures }: Ground): HTMLCanvasElement {
  const { width: columns, height: rows, layers, tilesets = [] } = file as MapFile;
  const scale = Math.min(GRAIN, LONG_SIDE / Math.max(columns, rows));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(columns * scale));
  canvas.height = Math.max(1, Math.round(rows * scale));
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(canvas.width, canvas.height);
  const grains = tilesets.flatMap((tileset) => {
    const picture = pictures.get(tileset.name);
    return picture ? [{ first: tileset.firstgid, count: tileset.tilecount, pixels: grainsOf(tileset, picture) }] : [];
  });
  const seen = layers.filter(
    ({ type, data, visible }) => type === "tilelayer" && Array.isArray(data) && visible !== false,
  );
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      // The tile below this pixel, and the place within that tile.
      const across = x / scale;
      const down = y / scale;
      const column = Math.min(columns - 1, Math.floor(across));
      const row = Math.min(rows - 1, Math.floor(down));
      const grain = Math.floor((down - row) * GRAIN) * GRAIN + Math.floor((across - column) * GRAIN);
      const wall = map.isWall(column, row);
      const colour = wall ? [70, 78, 84] : [168, 172, 160];
      for (const { data, opacity } of seen) {
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

/** Each tile of a set made small: GRAIN rows of GRAIN pixels of four bytes, tile after tile. */
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
