// Small maps for tests, written as Tiled writes them and read by the reader.
import { groundOf } from "../../../tiled/ground/ground.ts";
import { tileRows } from "../../../tiled/ground/tile-rows.ts";
import { TILE } from "../../../tiled/ground/units.ts";
import type { TiledMap } from "../../../tiled/model.ts";
import { decompress } from "../../../tiled/node.ts";
import { readTiledMap } from "../../../tiled/read-map.ts";

type Json = Record<string, unknown>;

/** Side of a tile in pixels. It differs from the side of a tile in units. */
export const PIXELS = 16;

/** Custom properties as in a Tiled file. */
export function properties(values: Record<string, unknown>): Json[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    type: { boolean: "bool", number: "float" }[typeof value as string] ?? "string",
    value,
  }));
}

/** A tile layer. A digit is the number of a tile, `.` is empty. */
export function tiles(name: string, rows: readonly string[], details: Json = {}): Json {
  const data = [...rows.join("")].map((tile) => (tile === "." ? 0 : Number(tile)));
  return { type: "tilelayer", name, width: rows[0]!.length, height: rows.length, data, ...details };
}

/** An object layer. */
export function objects(name: string, list: readonly Json[], details: Json = {}): Json {
  return { type: "objectgroup", name, objects: list, ...details };
}

/** A rectangle, with its place and size in tiles. */
export function rectangle(x: number, y: number, width: number, height: number, details: Json = {}): Json {
  return { x: x * PIXELS, y: y * PIXELS, width: width * PIXELS, height: height * PIXELS, ...details };
}

/** A point, with its place in tiles. */
export function point(x: number, y: number, details: Json = {}): Json {
  return { x: x * PIXELS, y: y * PIXELS, width: 0, height: 0, point: true, ...details };
}

/** A group of layers. */
export function group(name: string, layers: readonly Json[], details: Json = {}): Json {
  return { type: "group", name, layers, ...details };
}

/**
 * Returns the file of a map of 6 x 4 tiles.
 * @param details the additional fields of tiles 1 to 9, by tile number.
 */
export function fileOf(layers: readonly Json[], details: Record<number, Json> = {}, map: Json = {}): string {
  const tileset = {
    firstgid: 1,
    name: "tiles",
    image: "tiles.png",
    imagewidth: 9 * PIXELS,
    imageheight: PIXELS,
    tilewidth: PIXELS,
    tileheight: PIXELS,
    tilecount: 9,
    columns: 9,
    tiles: Object.entries(details).map(([number, tile]) => ({ id: Number(number) - 1, ...tile })),
  };
  return JSON.stringify({
    type: "map",
    version: "1.10",
    orientation: "orthogonal",
    width: 6,
    height: 4,
    tilewidth: PIXELS,
    tileheight: PIXELS,
    infinite: false,
    layers,
    tilesets: [tileset],
    ...map,
  });
}

/** Returns the map of 6 x 4 tiles, as the reader reads it. */
export function mapOf(...parts: Parameters<typeof fileOf>): TiledMap {
  const readFile = () => {
    throw new Error("the map names no files");
  };
  return readTiledMap("test.tmj", fileOf(...parts), { readFile, decompress });
}

/** Returns the walls of a map as rows of tiles, in the form of `tileRows`. */
export function wallsOf(map: TiledMap, declaration?: unknown): string[] {
  return tileRows(groundOf(map, declaration));
}

/** Returns the spawns of a map in tiles. */
export function spawnsOf(map: TiledMap, declaration?: unknown): number[][] {
  return groundOf(map, declaration).spawns.map(({ x, y }) => [x / TILE, y / TILE]);
}
