// Finds the tiles of a map's layer that are within an area.
import type { Drawing, DrawnLayer, DrawnTile, Pictures, TileCells } from "../tiled/drawing/drawing.ts";
import type { Area } from "../tiled/model.ts";
import type { Ground, Picture } from "./ground.ts";
import { tinted } from "./image-copies.ts";

/** A tile at a place in a layer. */
export interface PlacedTile {
  readonly tile: DrawnTile;
  /** From 0 to 1. */
  readonly opacity: number;
  /** In degrees, clockwise around the middle of the tile. */
  readonly rotation: number;
  /** Returns where a frame of the tile is drawn. `picture` is the size of the frame's image. */
  place(frame: Area, picture: { readonly width: number; readonly height: number }): Area;
}

/** The distances by which the largest tiles extend beyond each side of their cells. */
interface Reach {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A layer that can be painted in parts. */
export class PaintedLayer {
  readonly over: boolean;
  /** The images in the layer's tint, by their index. */
  readonly pictures: readonly (Picture | undefined)[];
  readonly #layer: DrawnLayer;
  readonly #drawing: Drawing;
  readonly #reach: Reach;

  constructor(layer: DrawnLayer, { drawing, pictures }: Ground) {
    const { over, tint } = layer;
    this.over = over;
    this.pictures = tint === undefined ? pictures : pictures.map((picture) => picture && tinted(picture, tint));
    this.#layer = layer;
    this.#drawing = drawing;
    this.#reach = reachOf(layer, drawing);
  }

  /** The layer, if it is a grid of cells with tiles; undefined if it consists of freely placed pictures. */
  get cells(): TileCells | undefined {
    return "cells" in this.#layer ? this.#layer : undefined;
  }

  /** Returns the tiles that may be visible within an area, in the order in which they are drawn. */
  within(area: Area): Iterable<PlacedTile> {
    const layer = this.#layer;
    const there = { ...area, x: area.x - layer.x, y: area.y - layer.y };
    return "cells" in layer ? this.#cellsWithin(layer, there) : this.#picturesWithin(layer, there);
  }

  *#cellsWithin({ cells, opacity, x, y }: TileCells, area: Area): Iterable<PlacedTile> {
    const { columns, rows, tileWidth, tileHeight, tiles } = this.#drawing;
    const { left, top, right, bottom } = this.#reach;
    const firstColumn = Math.max(0, Math.floor((area.x - right) / tileWidth));
    const endColumn = Math.min(columns, Math.ceil((area.x + area.width + left) / tileWidth));
    const firstRow = Math.max(0, Math.floor((area.y - bottom) / tileHeight));
    const endRow = Math.min(rows, Math.ceil((area.y + area.height + top) / tileHeight));
    for (let row = firstRow; row < endRow; row++) {
      for (let column = firstColumn; column < endColumn; column++) {
        const number = cells[row * columns + column]!;
        if (number === 0) continue;
        const corner = { x: x + column * tileWidth, y: y + row * tileHeight };
        yield {
          tile: tiles[number - 1]!,
          opacity,
          rotation: 0,
          place: (frame) => ({ ...frame, x: corner.x + frame.x, y: corner.y + frame.y }),
        };
      }
    }
  }

  *#picturesWithin({ pictures, opacity, x, y }: Pictures, area: Area): Iterable<PlacedTile> {
    for (const picture of pictures) {
      const { width, height, rotation } = picture;
      // No point of a rotated picture is farther from the middle than half the diagonal. If the size is unknown, the
      // picture is always drawn.
      const radius = width > 0 && height > 0 ? Math.hypot(width, height) / 2 : Number.POSITIVE_INFINITY;
      if (Math.abs(picture.x + width / 2 - area.x - area.width / 2) > radius + area.width / 2) continue;
      if (Math.abs(picture.y + height / 2 - area.y - area.height / 2) > radius + area.height / 2) continue;
      yield {
        tile: this.#drawing.tiles[picture.tile - 1]!,
        opacity: opacity * picture.opacity,
        rotation,
        place: (_frame, image) => ({
          x: x + picture.x,
          y: y + picture.y,
          width: width || image.width,
          height: height || image.height,
        }),
      };
    }
  }
}

/** Returns how far the largest tiles of a layer extend beyond their cells. */
function reachOf(layer: DrawnLayer, { tiles, tileWidth, tileHeight }: Drawing): Reach {
  const reach: Reach = { left: 0, top: 0, right: 0, bottom: 0 };
  const numbers = new Set("cells" in layer ? layer.cells : []);
  numbers.delete(0);
  for (const number of numbers) {
    for (const { x, y, width, height } of tiles[number - 1]!.frames) {
      reach.left = Math.max(reach.left, -x);
      reach.top = Math.max(reach.top, -y);
      reach.right = Math.max(reach.right, x + width - tileWidth);
      reach.bottom = Math.max(reach.bottom, y + height - tileHeight);
    }
  }
  return reach;
}
