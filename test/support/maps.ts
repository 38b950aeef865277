// Small maps drawn as text, so that a test shows its walls.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createMap, type MapObject, type WorldMap } from "../../sim/map.ts";
import { CELL, HALF_BODY, TILE } from "../../sim/rules.ts";
import { loadMap } from "../../src/maps/load-map.ts";

/** Returns the parsed JSON of a Tiled map drawn as text: `#` is a wall, `s` a spawn, all else is open ground. */
export function tiledMap(rows: string[]): Record<string, unknown> {
  const tiles = rows.map((row) => [...row]);
  const spawns = spawnsIn(rows).map((spawn) => ({ id: 1, name: "", point: true, ...spawn }));
  return {
    type: "map",
    orientation: "orthogonal",
    infinite: false,
    width: tiles[0]!.length,
    height: tiles.length,
    tilewidth: TILE,
    tileheight: TILE,
    layers: [
      { type: "tilelayer", name: "walls", data: tiles.flat().map((tile) => (tile === "#" ? 1 : 0)) },
      { type: "objectgroup", name: "spawns", objects: spawns },
    ],
  };
}

/** Returns a map drawn as text, tile by tile. The characters mean the same as in `tiledMap`. */
export function drawnMap(name: string, rows: string[]): WorldMap {
  const [width, height] = [rows[0]!.length * TILE, rows.length * TILE];
  const solid = rows
    .map((row) => row.replace(/./g, (tile) => (tile === "#" ? "4#" : "4.")))
    .flatMap((row) => [row, row, row, row]);
  const spawns = spawnsIn(rows);
  return createMap({ name, width, height, solid, spawns, objects: [] });
}

/** Returns the centres of the spawn tiles of a map drawn as text, in units. */
function spawnsIn(rows: string[]): { x: number; y: number }[] {
  return rows.flatMap((row, y) =>
    [...row].flatMap((tile, x) => (tile === "s" ? [{ x: x * TILE + TILE / 2, y: y * TILE + TILE / 2 }] : [])),
  );
}

/** Returns the map that the server creates from a map file. */
export function mapOfFile(name: string, file: string): WorldMap {
  const folder = mkdtempSync(join(tmpdir(), "sabang-map-"));
  try {
    writeFileSync(join(folder, `${name}.tmj`), file);
    return loadMap(name, folder).map;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns an object of a map: a point without a name, unless `changes` says otherwise. */
export function mapObject(changes: Partial<MapObject>): MapObject {
  const point = {
    layer: "",
    name: "",
    class: "",
    shape: "point",
    x: 0,
    y: 0,
    width: 0,
    height: 0,
    rotation: 0,
  } as const;
  return { ...point, points: [], properties: {}, ...changes };
}

/** Returns a copy of a map. The copy has these objects instead of the map's own objects. */
export function withObjects({ description }: WorldMap, ...objects: Partial<MapObject>[]): WorldMap {
  return createMap({ ...description, objects: objects.map(mapObject) });
}

/** Returns a map drawn as text, cell by cell: `#` is solid, all else is open. The sides must be whole tiles. */
export function mapOfCells(name: string, rows: string[], spawn: { x: number; y: number }): WorldMap {
  const [width, height] = [rows[0]!.length * CELL, rows.length * CELL];
  return createMap({ name, width, height, solid: rows, spawns: [spawn], objects: [] });
}

/** The rows of a random map of cells, of up to 4 x 4 tiles. The cells under a body at CORNER are open. */
export const anyMapOfCells = fc
  .record({
    columns: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 4 }),
    cells: fc.array(fc.constantFrom("#", ".", ".", ".", ".", "."), { minLength: 256, maxLength: 256 }),
  })
  .map(({ columns, rows, cells }) => {
    const lines = Array.from({ length: 4 * rows }, (_, y) => cells.slice(16 * y, 16 * y + 4 * columns).join(""));
    return lines.map((line, y) => (y < 3 ? `...${line.slice(3)}` : line));
  });

/** A spawn in the upper left corner of a map of cells, for maps where this corner is open. */
export const CORNER = { x: HALF_BODY, y: HALF_BODY };
