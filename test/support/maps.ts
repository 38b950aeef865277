// Small maps drawn as text, so that a test shows its walls.
import { readMap, type WorldMap } from "../../sim/map.ts";
import { TILE } from "../../sim/rules.ts";

/** Returns the parsed JSON of a Tiled map drawn as text: `#` is a wall, `s` a spawn, all else is open ground. */
export function tiledMap(rows: string[]): Record<string, unknown> {
  const tiles = rows.map((row) => [...row]);
  const spawns = tiles.flatMap((row, y) =>
    row.flatMap((tile, x) =>
      tile === "s" ? [{ id: 1, name: "", point: true, x: x * TILE + TILE / 2, y: y * TILE + TILE / 2 }] : [],
    ),
  );
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

/** Returns a map drawn as text. */
export function drawnMap(name: string, rows: string[]): WorldMap {
  return readMap(name, tiledMap(rows));
}
