// Paints the whole map as a small image: each tile becomes a few pixels, scaled down from the tile's image.
import { CELL, TILE } from "../sim/rules.ts";
import type { DrawnTile } from "../tiled/drawing/drawing.ts";
import type { Ground, Picture } from "./ground.ts";
import { PaintedLayer } from "./painted-layer.ts";
import { isPlain, OPEN, SOLID } from "./plain.ts";
import { momentOf, stamp } from "./stamp.ts";

/** Maximum pixels along the longer side of the painted map. It limits the time that painting a large map takes. */
const MAX_SIDE = 256;

/** Pixels along a side of a tile that is scaled down. */
const GRAIN = 4;

/** Number of scaled-down tiles in a row of the canvas. One row with all tiles of a large map would be too wide. */
const GRAINS_PER_ROW = 128;
const GRAINS_WIDTH = GRAIN * GRAINS_PER_ROW;

/** Red, green, blue and opacity of the shade that is painted over the pictures of walls. */
const SHADE = [20, 24, 28, 72] as const;

/** Bytes of a transparent pixel. */
const NOTHING = [0, 0, 0, 0] as const;

/** Paints the map. Walls are darker than the rest. */
export function paintMap(ground: Ground): HTMLCanvasElement {
  const { map, drawing } = ground;
  const { columns, rows, tileWidth, tileHeight, tiles, background = OPEN[0] } = drawing;
  const scale = Math.min(GRAIN, MAX_SIDE / Math.max(columns, rows));
  const context = createContext(Math.round(columns * scale), Math.round(rows * scale));
  const { width, height } = context.canvas;
  const plain = isPlain(ground);
  context.fillStyle = plain ? OPEN[0] : background;
  context.fillRect(0, 0, width, height);
  for (const layer of drawing.layers.map((each) => new PaintedLayer(each, ground))) {
    if (layer.cells) {
      const { cells, opacity } = layer.cells;
      const grains = grainsOf(tiles, layer.pictures);
      const pixels = pixelsOf(width, height, (x, y) => {
        const [column, row] = [Math.floor(x / scale), Math.floor(y / scale)];
        const tile = cells[row * columns + column]! - 1;
        if (!(tile >= 0)) return NOTHING;
        const { left, top } = grainAt(tile);
        const across = left + Math.floor((x / scale - column) * GRAIN);
        const down = top + Math.floor((y / scale - row) * GRAIN);
        const at = (down * GRAINS_WIDTH + across) * 4;
        return grains.subarray(at, at + 4);
      });
      context.globalAlpha = opacity;
      context.drawImage(pixels, 0, 0);
    } else {
      context.setTransform(scale / tileWidth, 0, 0, scale / tileHeight, 0, 0);
      const everything = { x: 0, y: 0, width: columns * tileWidth, height: rows * tileHeight };
      for (const { tile, opacity, rotation, place } of layer.within(everything)) {
        const { frame } = momentOf(tile, 0);
        const picture = layer.pictures[frame.image];
        context.globalAlpha = opacity;
        if (picture) stamp(context, picture, tile, frame, place(frame, picture), rotation);
      }
      context.resetTransform();
    }
  }
  const cell = (place: number) => Math.floor(((place / scale) * TILE) / CELL);
  const wall = plain ? SOLID : SHADE;
  context.globalAlpha = 1;
  context.drawImage(
    pixelsOf(width, height, (x, y) => (map.isSolid(cell(x), cell(y)) ? wall : NOTHING)),
    0,
    0,
  );
  return context.canvas;
}

/**
 * Paints all tiles, scaled down, into one picture. Returns its pixels. `grainAt` returns where a tile is in the
 * picture.
 */
function grainsOf(tiles: readonly DrawnTile[], pictures: readonly (Picture | undefined)[]): Uint8ClampedArray {
  const context = createContext(GRAINS_WIDTH, GRAIN * Math.ceil(tiles.length / GRAINS_PER_ROW));
  context.imageSmoothingQuality = "high";
  for (const [index, tile] of tiles.entries()) {
    const { frame } = momentOf(tile, 0);
    const picture = pictures[frame.image];
    const { left, top } = grainAt(index);
    if (picture) stamp(context, picture, tile, frame, { x: left, y: top, width: GRAIN, height: GRAIN });
  }
  return context.getImageData(0, 0, context.canvas.width, context.canvas.height).data;
}

function grainAt(tile: number): { left: number; top: number } {
  return { left: (tile % GRAINS_PER_ROW) * GRAIN, top: Math.floor(tile / GRAINS_PER_ROW) * GRAIN };
}

/** Returns a canvas on which each pixel has the four bytes that `at` returns for it. */
function pixelsOf(width: number, height: number, at: (x: number, y: number) => ArrayLike<number>): HTMLCanvasElement {
  const context = createContext(width, height);
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image.data.set(at(x, y), (y * width + x) * 4);
  }
  context.putImageData(image, 0, 0);
  return context.canvas;
}

function createContext(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, width);
  canvas.height = Math.max(1, height);
  return canvas.getContext("2d")!;
}
