// The map on which sabang is measured. It has no walls, and its many spawns are spread over the whole map.
import { seededRandom } from "../../sim/random.ts";
import { TILE } from "../../sim/rules.ts";
import { ARENA, MARGIN } from "./arena.ts";

const SPAWNS = 4000;

/** Returns the text of the Tiled map file. */
export function openMap(): string {
  const random = seededRandom(1);
  const randomCoordinate = () => MARGIN + random(ARENA - 2 * MARGIN + 1);
  const tiles = ARENA / TILE;
  return JSON.stringify({
    type: "map",
    orientation: "orthogonal",
    infinite: false,
    width: tiles,
    height: tiles,
    tilewidth: TILE,
    tileheight: TILE,
    layers: [
      { type: "tilelayer", name: "walls", data: Array(tiles * tiles).fill(0) },
      {
        type: "objectgroup",
        name: "spawns",
        objects: Array.from({ length: SPAWNS }, (_, id) => ({
          id,
          point: true,
          x: randomCoordinate(),
          y: randomCoordinate(),
        })),
      },
    ],
  });
}
