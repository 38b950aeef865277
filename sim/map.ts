// A world's ground: reads what a Tiled map file holds (walls and spawns) and refuses what cannot be played on.
import { MAX_MAP_TILES, TILE } from "./rules.ts";
import { isFree, type Walls } from "./step.ts";

/** A place where a player may appear: the centre of its body, in units. */
interface Spawn {
  readonly x: number;
  readonly y: number;
}

/** A map that can be played on. */
export interface WorldMap extends Walls {
  readonly name: string;
  /** Units from the left edge to the right one. */
  readonly width: number;
  /** Units from the top edge to the bottom one. */
  readonly height: number;
  /** At least one; each on open ground. */
  readonly spawns: readonly Spawn[];
}

/** A map file that cannot be used. The message names the map, what is wrong and what would be right. */
export class MapError extends Error {
  constructor(map: string, fault: string) {
    super(`map "${map}" cannot be used: ${fault}`);
    this.name = "MapError";
  }
}

/** The flags for flipped tiles sit in the top three bits of a tile number in a Tiled file; the rest is the tile. */
const TILE_NUMBER = 0x1fffffff;

/**
 * Reads the parsed JSON of a Tiled map file (.tmj, https://doc.mapeditor.org/en/stable/reference/json-map-format/).
 * It takes the tile layer `walls`, whose non-zero tiles are solid, and the object layer `spawns`; all else in the file
 * is for the eye.
 * @throws {MapError} if the map cannot be played on.
 */
export function readMap(name: string, file: unknown): WorldMap {
  const refuse = (fault: string): never => {
    throw new MapError(name, fault);
  };
  if (!isRecord(file)) return refuse("the file does not hold a JSON object; save it from Tiled as .tmj");
  if (file.infinite === true) return refuse('it is infinite; untick "Infinite" in Tiled\'s map properties');
  if (file.orientation !== "orthogonal") {
    return refuse(`its orientation is ${JSON.stringify(file.orientation)}; expected "orthogonal"`);
  }
  if (file.tilewidth !== TILE || file.tileheight !== TILE) {
    return refuse(`its tiles are ${file.tilewidth} x ${file.tileheight} units; expected ${TILE} x ${TILE}`);
  }
  const { width: columns, height: rows } = file;
  if (!isSize(columns) || !isSize(rows)) {
    return refuse(`it is ${columns} x ${rows} tiles; expected whole numbers from 1 to ${MAX_MAP_TILES}`);
  }

  const walls = layerOf(file, "tilelayer", "walls") ?? refuse("it has no tile layer named `walls`");
  const tiles = walls.data;
  if (!Array.isArray(tiles)) {
    return refuse("its layer `walls` is compressed or base64; set the map's tile layer format to CSV in Tiled");
  }
  if (tiles.length !== columns * rows || !tiles.every(Number.isInteger)) {
    return refuse(`its layer \`walls\` holds ${tiles.length} values; expected ${columns * rows} whole numbers`);
  }
  const solid = Uint8Array.from(tiles, (tile: number) => ((tile & TILE_NUMBER) === 0 ? 0 : 1));
  const isWall = (tileX: number, tileY: number): boolean =>
    tileX < 0 || tileY < 0 || tileX >= columns || tileY >= rows || solid[tileY * columns + tileX] === 1;

  const layer = layerOf(file, "objectgroup", "spawns") ?? refuse("it has no object layer named `spawns`");
  const objects: unknown[] = Array.isArray(layer.objects) ? layer.objects : [];
  if (objects.length === 0) return refuse("its layer `spawns` is empty; put at least one point on open ground");
  const spawns = objects.map((object, index): Spawn => {
    const { x, y } = isRecord(object) ? object : {};
    if (typeof x !== "number" || typeof y !== "number") return refuse(`spawn ${index + 1} has no position`);
    const spawn = { x: Math.round(x), y: Math.round(y) };
    if (!isFree(spawn.x, spawn.y, { isWall })) {
      return refuse(`spawn ${index + 1} at (${x}, ${y}) is inside a wall or outside the map; move it to open ground`);
    }
    return spawn;
  });

  return { name, width: columns * TILE, height: rows * TILE, spawns, isWall };
}

function layerOf(file: Record<string, unknown>, type: string, name: string): Record<string, unknown> | undefined {
  const layers: unknown[] = Array.isArray(file.layers) ? file.layers : [];
  return layers.filter(isRecord).find((layer) => layer.type === type && layer.name === name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_MAP_TILES;
}
