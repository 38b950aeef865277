// The map on which sabang is measured. It has no walls, and its spawn points are where the crowd starts.
import { seededRandom } from "../../sim/random.ts";
import { TILE } from "../../sim/rules.ts";
import { ARENA, MARGIN } from "./arena.ts";
import { type Crowd, startAreas } from "./crowd.ts";

const SPAWNS = 4000;

/** Options of a map. */
interface MapOptions {
  /** The minimum distance of a spawn from the map's edge, in units. */
  margin?: number;
  /** The side of the map in units, a multiple of TILE. The spawns cover the whole map if the side is not ARENA. */
  side?: number;
}

/** Returns the text of the Tiled map file. Each start area of the crowd has the same number of spawns. */
export function openMap(crowd: Crowd, { margin = MARGIN, side = ARENA }: MapOptions = {}): string {
  const random = seededRandom(1);
  const randomWhole = (min: number, max: number) => Math.ceil(min) + random(Math.floor(max) - Math.ceil(min) + 1);
  const areas = side === ARENA ? startAreas(crowd) : [{ left: 0, top: 0, right: side, bottom: side }];
  const tiles = side / TILE;
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
        objects: Array.from({ length: SPAWNS }, (_, id) => {
          const { left, top, right, bottom } = areas[id % areas.length]!;
          const x = inside(randomWhole(left, right), margin, side);
          return { id, point: true, x, y: inside(randomWhole(top, bottom), margin, side) };
        }),
      },
    ],
  });
}

/** Returns the coordinate, limited to the range that is at least `margin` units away from both edges of a map. */
function inside(coordinate: number, margin: number, side: number): number {
  return Math.min(Math.max(coordinate, margin), side - margin);
}
