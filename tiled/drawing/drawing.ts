// A drawing: plain data that says how to draw a map. Its form is the same for every file format, tileset and version of
// Tiled. Places and sizes are in pixels of the map. A tile has `tileWidth` x `tileHeight` of these pixels.
import type { Area } from "../model.ts";

/** How to draw a map. */
export interface Drawing {
  /** The size in tiles. */
  readonly columns: number;
  readonly rows: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** The CSS color behind all layers. */
  readonly background?: string;
  readonly images: readonly DrawnImage[];
  /** The tiles that the layers use. A tile is listed once for each combination of flips with which it is used. */
  readonly tiles: readonly DrawnTile[];
  /** The visible layers, from the lowest to the highest. */
  readonly layers: readonly DrawnLayer[];
}

/** An image that is available to clients. */
export interface DrawnImage {
  readonly url: string;
  /** The CSS color of the pixels that are not drawn. */
  readonly transparent?: string;
}

/** A tile with certain flips. */
export interface DrawnTile {
  /** Whether x and y are swapped. The swap is applied before the flips. */
  readonly swap?: boolean;
  readonly flipX?: boolean;
  readonly flipY?: boolean;
  /** One frame, or more if the tile is animated. */
  readonly frames: readonly DrawnFrame[];
}

/**
 * A picture of a tile: a part of an image, and the area where this part is drawn. The area is relative to the upper
 * left corner of the tile's cell.
 */
export interface DrawnFrame extends Area {
  /** The index of the image; -1 if the image is not available. */
  readonly image: number;
  /** The part of the image to draw; undefined for the whole image. The tile's swap and flips turn this part. */
  readonly part?: Area;
  /** How long the frame is shown, in milliseconds; 0 if the tile is not animated. */
  readonly duration: number;
}

/** A layer. It has either a grid of cells with tiles, or pictures at any place. */
export type DrawnLayer = TileCells | Pictures;

interface LayerBase {
  /** Whether the layer is drawn over the players. */
  readonly over: boolean;
  /** From 0 to 1. */
  readonly opacity: number;
  /** The CSS color with which all pixels are multiplied. */
  readonly tint?: string;
  /** The offset of the layer, in pixels. */
  readonly x: number;
  readonly y: number;
}

/** A layer that is a grid of cells. Each cell is empty or has one tile. */
export interface TileCells extends LayerBase {
  /** The numbers of the tiles in the cells, row by row. The first tile has the number 1; 0 is an empty cell. */
  readonly cells: readonly number[];
}

/** A layer with pictures, in the order in which they are drawn. */
export interface Pictures extends LayerBase {
  readonly pictures: readonly Picture[];
}

/** A tile at any place. A width of 0 stands for the image's width, and a height of 0 for the image's height. */
export interface Picture extends Area {
  /** The number of the tile, counted from 1. */
  readonly tile: number;
  /** In degrees, clockwise around the middle. */
  readonly rotation: number;
  /** From 0 to 1. */
  readonly opacity: number;
}
