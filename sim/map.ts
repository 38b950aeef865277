// A playable map: its size, solid cells, spawns and objects. It is built from plain data, which the server makes from a
// Tiled file and sends to clients as JSON. So all programs have the same map.
import { printable } from "./printable.ts";
import { CELL, MAX_MAP_TILES, TILE } from "./rules.ts";
import { isFree, type Walls } from "./step.ts";

/** A place on the map, in units. */
interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * The value of a custom property. If the property's type is a class in Tiled, the value is an object with the values of
 * all members.
 */
export type PropertyValue =
  | string
  | number
  | boolean
  | readonly PropertyValue[]
  | { readonly [member: string]: PropertyValue };

/** An object of an object layer in Tiled. All its places and sizes are in whole units. */
export interface MapObject {
  /** The name of the object's layer. */
  readonly layer: string;
  /** The object's name and class in Tiled; empty if not set. */
  readonly name: string;
  readonly class: string;
  readonly shape: "rectangle" | "ellipse" | "capsule" | "point" | "polygon" | "polyline" | "text" | "tile";
  /** The object's centre. */
  readonly x: number;
  readonly y: number;
  /** The size before the rotation. */
  readonly width: number;
  readonly height: number;
  /** In degrees, clockwise around the centre. */
  readonly rotation: number;
  /** The corners of a polygon or a polyline on the map; empty for other shapes. The rotation is already applied. */
  readonly points: readonly Place[];
  /** The custom properties by name. */
  readonly properties: { readonly [name: string]: PropertyValue };
}

/** A map as plain data, which `GET /maps/NAME.json` returns. */
export interface MapDescription {
  readonly name: string;
  /** In units; always a whole number of tiles. */
  readonly width: number;
  /** In units; always a whole number of tiles. */
  readonly height: number;
  /**
   * The rows of cells from top to bottom. `#` is a solid cell and `.` an open one. A number repeats the character after
   * it: `3#2.` is `###..`.
   */
  readonly solid: readonly string[];
  /** The positions at which the centre of a new body may appear. There is at least one, and each is on open ground. */
  readonly spawns: readonly Place[];
  readonly objects: readonly MapObject[];
  /**
   * The Tiled file from which the map was made, as a path relative to the URL of this data. Clients can draw the map
   * from this file.
   */
  readonly file?: string;
  /** How to draw the map (tiled/drawing/drawing.ts): a path relative to the URL of this data. */
  readonly drawing?: string;
}

/** A playable map. */
export interface WorldMap extends Walls, Pick<MapDescription, "name" | "width" | "height" | "spawns"> {
  readonly description: MapDescription;
  /** Returns the objects of all object layers with this name; an empty array if there is no such layer. */
  objects(layer: string): readonly MapObject[];
}

/** Thrown for a map that cannot be used. The message names the map and all its problems. */
export class MapError extends Error {
  /** All problems, each as one line of text. */
  readonly problems: readonly string[];

  constructor(map: string, ...problems: string[]) {
    const lines = problems.map(printable);
    const list = lines.map((line) => `${lines.length > 1 ? "\n- " : " "}${line}`).join("");
    super(`map "${printable(map)}" cannot be used:${list}`);
    this.name = "MapError";
    this.problems = lines;
  }
}

/**
 * Returns the map with this description.
 * @throws {MapError} if the description is inconsistent, or a spawn is not on open ground.
 */
export function createMap(description: MapDescription): WorldMap {
  const { name, width, height, solid, spawns, objects } = description;
  const refuse = (problem: string): never => {
    throw new MapError(name, problem);
  };
  if (![width, height].every((side) => isSize(side / TILE))) {
    return refuse(`it is ${width / TILE} x ${height / TILE} tiles; expected whole numbers from 1 to ${MAX_MAP_TILES}`);
  }
  const columns = width / CELL;
  const rows = height / CELL;
  if (solid?.length !== rows) return refuse(`it has ${solid?.length ?? 0} rows of cells; expected ${rows}`);
  const cells = new Uint8Array(columns * rows);
  for (const [row, text] of solid.entries()) {
    if (!fillRow(cells.subarray(row * columns, (row + 1) * columns), text))
      return refuse(`its row ${row + 1} of cells is not a description of ${columns} cells`);
  }
  const isSolid = (cellX: number, cellY: number): boolean =>
    cellX < 0 || cellY < 0 || cellX >= columns || cellY >= rows || cells[cellY * columns + cellX] === 1;

  for (const [index, { x, y }] of spawns.entries()) {
    if (!isFree(x, y, { isSolid }))
      return refuse(`spawn ${index + 1} at (${x}, ${y}) is inside a wall or outside the map; move it to open ground`);
  }
  if (spawns.length === 0) return refuse("it has no spawn; put at least one point on open ground");
  const layers = Map.groupBy(objects, ({ layer }) => layer);
  return { name, width, height, spawns, objects: (layer) => layers.get(layer) ?? [], isSolid, description };
}

/** Sets the cells of `row` from `text`. @returns whether `text` describes exactly as many cells as the row has. */
function fillRow(row: Uint8Array, text: string): boolean {
  let cell = 0;
  let length = 0;
  for (const [run, count, kind] of text.matchAll(/(\d*)([#.])/g)) {
    const end = cell + Number(count || 1);
    if (kind === "#") row.fill(1, cell, end);
    cell = end;
    length += run.length;
  }
  return cell === row.length && length === text.length;
}

/** Returns a row of cells as text with run lengths, such as `3#.2#`: the format of `solid` in a map description. */
export function rowOfCells(count: number, isSolid: (cell: number) => boolean): string {
  const cells = Array.from({ length: count }, (_, cell) => (isSolid(cell) ? "#" : ".")).join("");
  return cells.replace(/(.)\1+/g, (run, kind) => `${run.length}${kind}`);
}

function isSize(tiles: number): boolean {
  return Number.isInteger(tiles) && tiles >= 1 && tiles <= MAX_MAP_TILES;
}
