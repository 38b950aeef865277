// One picture of a square part of a map. It shows either all layers below the players, or all layers over them.
import Phaser from "phaser";
import { TILE } from "../sim/rules.ts";
import type { Drawing } from "../tiled/drawing/drawing.ts";
import type { Area } from "../tiled/model.ts";
import { DEPTH } from "./depth.ts";
import type { MapPainter } from "./map-painter.ts";

/** Number of tiles along a side of a part. */
const SIDE = 8;

/** Units along a side of a part. */
export const PART = SIDE * TILE;

/** Maximum pixels along a side of a painted tile. It limits the memory that large tiles take. */
const MAX_TILE_PIXELS = 64;

/** Minimum milliseconds between two paintings of a part, however fast its tiles change. */
const MIN_INTERVAL_MS = 50;

/** Number of parts created so far, for the keys of their textures. */
let created = 0;

/** The place of a part: its column and row among all parts, and whether it is over the players. */
export interface PartPlace {
  readonly column: number;
  readonly row: number;
  readonly over: boolean;
}

/** A painted part of a map. */
export class MapPart {
  /** When the picture will be out of date, in milliseconds; infinite if no tile is animated. */
  paintAt = Number.POSITIVE_INFINITY;
  readonly place: PartPlace;
  readonly #painter: MapPainter;
  readonly #context: CanvasRenderingContext2D;
  /** The painted area, in pixels of the map. */
  readonly #area: Area;
  /** The picture in the scene; undefined if the part is empty. */
  readonly #image: Phaser.GameObjects.Image | undefined;

  /** Paints a part as it is at `now`, in milliseconds. */
  constructor(scene: Phaser.Scene, painter: MapPainter, drawing: Drawing, place: PartPlace, now: number) {
    const { tileWidth, tileHeight } = drawing;
    const [left, top] = [place.column * SIDE, place.row * SIDE];
    // Parts at the map's right and lower edges are smaller.
    const columns = Math.min(SIDE, drawing.columns - left);
    const rows = Math.min(SIDE, drawing.rows - top);
    const width = Math.min(MAX_TILE_PIXELS, tileWidth);
    const height = Math.min(MAX_TILE_PIXELS, tileHeight);
    const canvas = document.createElement("canvas");
    canvas.width = columns * width;
    canvas.height = rows * height;
    this.place = place;
    this.#painter = painter;
    this.#area = { x: left * tileWidth, y: top * tileHeight, width: columns * tileWidth, height: rows * tileHeight };
    this.#context = canvas.getContext("2d")!;
    if (this.#paint(now)) {
      const texture = addTexture(scene, canvas);
      if (!isSharp(width) || !isSharp(height)) texture.setFilter(Phaser.Textures.FilterMode.LINEAR);
      this.#image = scene.add
        .image(left * TILE, top * TILE, texture)
        .setOrigin(0)
        .setDisplaySize(columns * TILE, rows * TILE)
        .setDepth(place.over ? DEPTH.over : DEPTH.ground);
    } else {
      // Nothing was painted. The canvas shrinks, because otherwise it would take memory.
      canvas.width = 0;
    }
  }

  /** Paints the part again, as it is at `now`, in milliseconds. */
  repaint(now: number): void {
    this.#paint(now);
    this.#image?.texture.source[0]?.update();
  }

  /** Removes the part from the scene. */
  destroy(): void {
    const texture = this.#image?.texture;
    this.#image?.destroy();
    texture?.destroy();
  }

  /** Paints the part on the canvas, as it is at `now`. Returns whether there was anything to paint. */
  #paint(now: number): boolean {
    const context = this.#context;
    const { canvas } = context;
    const { x, y, width, height } = this.#area;
    const [across, down] = [canvas.width / width, canvas.height / height];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(across, 0, 0, down, -x * across, -y * down);
    context.imageSmoothingEnabled = across < 1 || down < 1;
    const { isEmpty, until } = this.#painter.paint(context, this.#area, this.place.over, now);
    this.paintAt = isEmpty ? Number.POSITIVE_INFINITY : Math.max(until, now + MIN_INTERVAL_MS);
    return !isEmpty;
  }
}

/** Returns whether all pixels of a tile with this many pixels per side have the same size on the screen. */
function isSharp(pixels: number): boolean {
  return TILE % pixels === 0;
}

/** Adds a texture that shows a canvas. Phaser's `addCanvas` would also read all pixels. */
function addTexture(scene: Phaser.Scene, canvas: HTMLCanvasElement): Phaser.Textures.Texture {
  const texture = scene.textures.create(`part ${created++}`, canvas, canvas.width, canvas.height)!;
  texture.add("__BASE", 0, 0, 0, canvas.width, canvas.height);
  return texture;
}
