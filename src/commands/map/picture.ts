// Draws a picture of a map: its tiles where their images are available, solid ground in red, and spawns in blue.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { partOf } from "../../../tiled/drawing/part-of.ts";
import { tileOf, turnOf } from "../../../tiled/gid.ts";
import type { Ground } from "../../../tiled/ground/ground.ts";
import { isTileLayer, nestedLayers } from "../../../tiled/ground/nested.ts";
import { CELLS_PER_TILE, HALF_BODY, TILE } from "../../../tiled/ground/units.ts";
import type { Area, TiledMap, TileLayer } from "../../../tiled/model.ts";
import { type Color, drawImage, fillArea } from "./pixels.ts";

const OPEN: Color = [222, 219, 203, 255];
const SOLID: Color = [214, 40, 40, 140];
const SPAWN: Color = [30, 90, 220, 200];

/** Maximum pixels along a side of the picture. */
const MAX_SIDE = 4096;

/** Pixels along a side of a tile. A tile has fewer pixels if the picture would otherwise be too large. */
const PIXELS_PER_TILE = 16;

/** A picture, and the images that are missing from it. */
export interface Picture {
  readonly png: Buffer;
  /** Sentences that say which images are not drawn, and why. */
  readonly missing: readonly string[];
}

/**
 * Draws the visible tile layers of a map, and its ground (solid cells and spawns) on top of them. Only PNG images can
 * be drawn.
 * @param folder the folder of the map's file, to which the paths of images are relative.
 */
export function drawPicture(folder: string, map: TiledMap, ground: Ground): Picture {
  const scale = Math.min(PIXELS_PER_TILE, Math.max(1, Math.floor(MAX_SIDE / Math.max(map.width, map.height))));
  const picture = new PNG({ width: map.width * scale, height: map.height * scale });
  fillArea(picture, { x: 0, y: 0, width: picture.width, height: picture.height }, OPEN);
  const images = new Images(folder);
  for (const { layer } of nestedLayers(map).filter(isTileLayer)) {
    if (layer.effective.visible) drawLayer(picture, map, layer, scale, images);
  }
  drawGround(picture, ground, scale);
  return { png: PNG.sync.write(picture), missing: images.missing };
}

/** Reads the images of a map, each of them once. */
class Images {
  readonly missing: string[] = [];
  readonly #folder: string;
  readonly #images = new Map<string, PNG | undefined>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns an image; undefined if it cannot be read. */
  at(source: string): PNG | undefined {
    if (!this.#images.has(source)) this.#images.set(source, this.#read(source));
    return this.#images.get(source);
  }

  #read(source: string): PNG | undefined {
    try {
      return PNG.sync.read(readFileSync(join(this.#folder, source)));
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      this.missing.push(`${source} is not drawn: ${isMissing ? "there is no such file" : (error as Error).message}`);
      return undefined;
    }
  }
}

function drawLayer(picture: PNG, map: TiledMap, { gids, effective }: TileLayer, scale: number, images: Images): void {
  const { offset, opacity } = effective;
  gids.forEach((gid, index) => {
    const reference = gid === 0 ? undefined : tileOf(map, gid);
    const found = reference && partOf(reference);
    const image = found && images.at(found.image.source);
    if (!image) return;
    const part = found.part ?? { x: 0, y: 0, width: image.width, height: image.height };
    const turn = turnOf(gid);
    const [width, height] = turn.flippedDiagonally ? [part.height, part.width] : [part.width, part.height];
    const { tileOffset } = reference.tileset;
    // A tile that is larger than a grid cell is aligned to the lower left corner of its cell.
    const x = (index % map.width) * map.tileWidth + offset.x + tileOffset.x;
    const y = (Math.floor(index / map.width) + 1) * map.tileHeight - height + offset.y + tileOffset.y;
    drawImage(picture, scaled({ x, y, width, height }, map, scale), image, part, turn, opacity);
  });
}

function scaled({ x, y, width, height }: Area, { tileWidth, tileHeight }: TiledMap, scale: number): Area {
  const [right, down] = [scale / tileWidth, scale / tileHeight];
  return { x: x * right, y: y * down, width: width * right, height: height * down };
}

function drawGround(picture: PNG, { width, solid, spawns }: Ground, scale: number): void {
  const side = scale / CELLS_PER_TILE;
  const columns = width * CELLS_PER_TILE;
  solid.forEach((isSolid, cell) => {
    if (isSolid === 0) return;
    fillArea(
      picture,
      { x: (cell % columns) * side, y: Math.floor(cell / columns) * side, width: side, height: side },
      SOLID,
    );
  });
  const body = ((2 * HALF_BODY) / TILE) * scale;
  for (const { x, y } of spawns) {
    fillArea(
      picture,
      { x: (x / TILE) * scale - body / 2, y: (y / TILE) * scale - body / 2, width: body, height: body },
      SPAWN,
    );
  }
}
