// The tiles and images of a drawing, numbered in the order of their first use.
import { type TileReference, tileOf, turnOf } from "../gid.ts";
import type { Area, Image, TiledMap } from "../model.ts";
import type { DrawnFrame, DrawnImage, DrawnTile } from "./drawing.ts";
import { hexOf } from "./hex.ts";
import { partOf } from "./part-of.ts";

/** Collects the tiles that a map uses. */
export class DrawnTiles {
  readonly images: DrawnImage[] = [];
  readonly tiles: DrawnTile[] = [];
  readonly #map: TiledMap;
  readonly #urlOf: (source: string) => string | undefined;
  readonly #numbers = new Map<number | string, number>();
  readonly #imageIndices = new Map<string, number>();

  /** @param urlOf returns the URL of an image; undefined if the image is not available to clients. */
  constructor(map: TiledMap, urlOf: (source: string) => string | undefined) {
    this.#map = map;
    this.#urlOf = urlOf;
  }

  /** Returns the number of the tile that a global tile id stands for; 0 for an empty cell. */
  numberOf(gid: number): number {
    if (gid === 0) return 0;
    return this.#number(gid, () => this.#tileOf(gid));
  }

  /** Returns the number of a tile that shows a whole image. */
  numberOfImage(image: Image): number {
    const { width, height } = image;
    return this.#number(image.source, () => ({
      frames: [{ image: this.#imageIndex(image), x: 0, y: 0, width, height, duration: 0 }],
    }));
  }

  #number(key: number | string, create: () => DrawnTile): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.tiles.push(create());
      this.#numbers.set(key, number);
    }
    return number;
  }

  #tileOf(gid: number): DrawnTile {
    const { flippedDiagonally, flippedHorizontally, flippedVertically } = turnOf(gid);
    const reference = tileOf(this.#map, gid);
    const animation = reference?.tile?.animation ?? [];
    const frames = animation.map(({ tileId, duration }) => {
      const { tileset } = reference!;
      return this.#frameOf({ tileset, id: tileId, tile: tileset.tiles.get(tileId) }, flippedDiagonally, duration);
    });
    return {
      ...(flippedDiagonally && { swap: true }),
      ...(flippedHorizontally && { flipX: true }),
      ...(flippedVertically && { flipY: true }),
      frames: frames.length > 0 ? frames : [this.#frameOf(reference, flippedDiagonally, 0)],
    };
  }

  #frameOf(reference: TileReference | undefined, swap: boolean, duration: number): DrawnFrame {
    const { tileWidth, tileHeight } = this.#map;
    const found = reference && partOf(reference);
    if (!found) return { image: -1, x: 0, y: 0, width: tileWidth, height: tileHeight, duration };
    const { image, part } = found;
    const size = part ?? image;
    const [width, height] = swap ? [size.height, size.width] : [size.width, size.height];
    const place = this.#placeOf(reference, width, height);
    return { image: this.#imageIndex(image), ...(part && { part }), ...place, duration };
  }

  /** Returns where a tile of this size is drawn, relative to the upper left corner of its cell. */
  #placeOf({ tileset: { tileOffset, fitsGrid, keepsAspect } }: TileReference, width: number, height: number): Area {
    const cell = this.#map;
    // A tile that is larger than its cell is aligned with the lower left corner of the cell.
    if (!fitsGrid) return { x: tileOffset.x, y: cell.tileHeight - height + tileOffset.y, width, height };
    const across = cell.tileWidth / width;
    const down = cell.tileHeight / height;
    const least = Math.min(across, down);
    const fitted = { width: width * (keepsAspect ? least : across), height: height * (keepsAspect ? least : down) };
    return {
      x: (cell.tileWidth - fitted.width) / 2 + tileOffset.x,
      y: (cell.tileHeight - fitted.height) / 2 + tileOffset.y,
      ...fitted,
    };
  }

  #imageIndex({ source, transparentColor }: Image): number {
    let index = this.#imageIndices.get(source);
    if (index === undefined) {
      const url = this.#urlOf(source);
      const transparent = transparentColor && { transparent: hexOf(transparentColor) };
      index = url === undefined ? -1 : this.images.push({ url, ...transparent }) - 1;
      this.#imageIndices.set(source, index);
    }
    return index;
  }
}
