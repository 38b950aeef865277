// Reads the walls, spawns and objects of a Tiled map file, and rejects a map that cannot be played on.
import { MAX_MAP_TILES, TILE } from "./rules.ts";
import { isFree, type Walls } from "./step.ts";

/** A place where a player may appear: the centre of its body, in units. */
interface Spawn {
  readonly x: number;
  readonly y: number;
}

/** An object of an object layer. */
interface MapObject {
  /** Its name and its class in Tiled; empty if not set. */
  readonly name: string;
  readonly type: string;
  /** Its centre, in whole units. */
  readonly x: number;
  readonly y: number;
}

/** A playable map. */
export interface WorldMap extends Walls {
  readonly name: string;
  /** In units. */
  readonly width: number;
  /** In units. */
  readonly height: number;
  /** At least one. Each is on open ground. */
  readonly spawns: readonly Spawn[];
  /** Returns the objects of all object layers with this name; an empty array if there is no such layer. */
  objects(layer: string): readonly MapObject[];
}

/** Thrown for a map file that cannot be used. The message names the map and the problem, and says what is expected. */
export class MapError extends Error {
  constructor(map: string, problem: string) {
    super(`map "${map}" cannot be used: ${problem}`);
    this.name = "MapError";
  }
}

/** The bits of a tile number in a Tiled file that identify the tile. The top three bits say how the tile is flipped. */
const TILE_NUMBER = 0x1fffffff;

/**
 * Reads the parsed JSON of a Tiled map file (.tmj, https://doc.mapeditor.org/en/stable/reference/json-map-format/).
 * It reads the tile layer `walls`, whose non-zero tiles are solid, and the object layer `spawns`. The game can request
 * all other object layers by name. The rest of the file is decoration.
 * @throws {MapError} if the map cannot be played on.
 */
export function readMap(name: string, file: unknown): WorldMap {
  const refuse = (problem: string): never => {
    throw new MapError(name, problem);
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

  const walls =
    layersOf(file, "tilelayer").find((layer) => layer.name === "walls") ?? refuse("it has no tile layer named `walls`");
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

  const layers = new Map<string, MapObject[]>();
  for (const layer of layersOf(file, "objectgroup")) {
    const objects: unknown[] = Array.isArray(layer.objects) ? layer.objects : [];
    const read = objects.map(
      (object, index) =>
        objectOf(object) ?? refuse(`object ${index + 1} of its layer \`${layer.name}\` has no position`),
    );
    layers.set(String(layer.name), [...(layers.get(String(layer.name)) ?? []), ...read]);
  }
  const objects = (layer: string) => layers.get(layer) ?? [];

  if (!layers.has("spawns")) return refuse("it has no object layer named `spawns`");
  const spawns = objects("spawns").map(({ x, y }, index): Spawn => {
    if (isFree(x, y, { isWall })) return { x, y };
    return refuse(`spawn ${index + 1} at (${x}, ${y}) is inside a wall or outside the map; move it to open ground`);
  });
  if (spawns.length === 0) return refuse("its layer `spawns` is empty; put at least one point on open ground");

  return { name, width: columns * TILE, height: rows * TILE, spawns, objects, isWall };
}

function objectOf(object: unknown): MapObject | undefined {
  const { name, type, x, y, width = 0, height = 0, gid } = isRecord(object) ? object : {};
  if (typeof x !== "number" || typeof y !== "number") return undefined;
  // The centre. Tiled stores the upper left corner of a rectangle, but the lower left corner of an object with a `gid`.
  const right = Number(width) / 2;
  const down = (gid === undefined ? 1 : -1) * (Number(height) / 2);
  return { name: String(name ?? ""), type: String(type ?? ""), x: Math.round(x + right), y: Math.round(y + down) };
}

function layersOf(file: Record<string, unknown>, type: string): Record<string, unknown>[] {
  const layers: unknown[] = Array.isArray(file.layers) ? file.layers : [];
  return layers.filter(isRecord).filter((layer) => layer.type === type);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_MAP_TILES;
}
