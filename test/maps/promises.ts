// Checks of map files, for the maps that mapmaker/make.ts generates and for the maps in maps/.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import type { WorldMap } from "../../sim/map.ts";
import { CELL, TILE } from "../../sim/rules.ts";
import { loadMap } from "../../src/maps/load-map.ts";

/** The format of a Tiled map file: https://doc.mapeditor.org/en/stable/reference/json-map-format/ */
interface TiledFile {
  type: string;
  version: string;
  tiledversion: string;
  orientation: string;
  renderorder: string;
  infinite: boolean;
  width: number;
  height: number;
  tilewidth: number;
  tileheight: number;
  nextlayerid: number;
  nextobjectid: number;
  layers: TiledLayer[];
  tilesets: TiledTileset[];
}
interface TiledLayer {
  type: string;
  name: string;
  id: number;
  opacity: number;
  visible: boolean;
  x: number;
  y: number;
  width?: number;
  height?: number;
  data?: number[];
  draworder?: string;
  objects?: Record<string, unknown>[];
}
interface TiledTileset {
  firstgid: number;
  name: string;
  image: string;
  imagewidth: number;
  imageheight: number;
  tilewidth: number;
  tileheight: number;
  tilecount: number;
  columns: number;
  margin: number;
  spacing: number;
}

/** A map file, and the map as the server reads it. */
export interface MapUnderTest {
  folder: string;
  file: TiledFile;
  map: WorldMap;
}

export function mapIn(folder: string, name: string): MapUnderTest {
  const file = JSON.parse(readFileSync(join(folder, `${name}.tmj`), "utf8")) as TiledFile;
  return { folder, file, map: loadMap(name, folder).map };
}

/** Returns the open tiles that cannot be reached from the first spawn, each as `x,y`. */
export function pocketsOf({ file, map }: MapUnderTest): string[] {
  const key = (x: number, y: number) => y * file.width + x;
  // The walls of these maps are whole tiles, so one cell of a tile shows whether the tile is solid.
  const isWall = (x: number, y: number) => map.isSolid((x * TILE) / CELL, (y * TILE) / CELL);
  const start = { x: Math.floor(map.spawns[0]!.x / TILE), y: Math.floor(map.spawns[0]!.y / TILE) };
  const reached = new Set([key(start.x, start.y)]);
  const queue = [start];
  for (let tile = queue.pop(); tile; tile = queue.pop()) {
    const { x, y } = tile;
    for (const next of [
      { x: x - 1, y },
      { x: x + 1, y },
      { x, y: y - 1 },
      { x, y: y + 1 },
    ]) {
      if (isWall(next.x, next.y) || reached.has(key(next.x, next.y))) continue;
      reached.add(key(next.x, next.y));
      queue.push(next);
    }
  }
  const pockets: string[] = [];
  for (let y = 0; y < file.height; y++) {
    for (let x = 0; x < file.width; x++) if (!isWall(x, y) && !reached.has(key(x, y))) pockets.push(`${x},${y}`);
  }
  return pockets;
}

/** The bits of a tile's number. Tiled marks flipped tiles in the higher bits. */
const TILE_NUMBER = 0x1fffffff;

/** Returns the tiles of a layer that are in no tileset of the file. */
export function unknownTiles({ file }: MapUnderTest, layer: TiledLayer): number[] {
  const isKnown = (tile: number) =>
    file.tilesets.some(({ firstgid, tilecount }) => tile >= firstgid && tile < firstgid + tilecount);
  return layer.data!.filter((tile) => tile !== 0 && !isKnown(tile & TILE_NUMBER));
}

/** Returns the errors in the sizes of a file's tilesets. Each tileset must be embedded in the file. */
export function badTilesets({ folder, file }: MapUnderTest): string[] {
  return file.tilesets.flatMap((set) => {
    if (set.image === undefined) return [`tileset ${JSON.stringify(set)} is not embedded`];
    const picture = PNG.sync.read(readFileSync(join(folder, set.image)));
    // Tiled counts the tiles that fit between the margins, with a spacing between two tiles.
    const countIn = (length: number, side: number) =>
      Math.floor((length - 2 * set.margin + set.spacing) / (side + set.spacing));
    const columns = countIn(picture.width, set.tilewidth);
    const expected = {
      imagewidth: picture.width,
      imageheight: picture.height,
      columns,
      tilecount: columns * countIn(picture.height, set.tileheight),
    };
    return Object.entries(expected)
      .filter(([field, value]) => set[field as keyof TiledTileset] !== value)
      .map(([field, value]) => `${set.name}: ${field} is ${set[field as keyof TiledTileset]}; expected ${value}`);
  });
}
