// Reads tilesets, which are in the map's file or in files of their own.
import type { Documents } from "./documents.ts";
import { Fields, isValues, numberOf, type Values } from "./fields.ts";
import type { Area, Frame, Image, Tile, Tileset } from "./model.ts";
import { readObjects, SHAPE_CONTEXT } from "./objects.ts";
import { resolvePath } from "./path.ts";
import { readProperties } from "./properties.ts";
import { quote } from "./report.ts";

const MAX_TILE_ID = 2 ** 20;
const MAX_PIXELS = 2 ** 20;

const ALIGNMENTS = [
  ...(["unspecified", "topleft", "top", "topright", "left", "center", "right"] as const),
  ...(["bottomleft", "bottom", "bottomright"] as const),
] as const;

/** Returns the name by which sentences refer to a tileset, such as `tileset "walls"`. */
export function tilesetPlace({ name, source }: Values, index: number): string {
  return `tileset ${quote(name ?? source ?? index + 1)}`;
}

/**
 * Reads a tileset. If the tileset's file is not available, returns a tileset that is marked as missing.
 * @param fields the tileset's element in the file that uses it.
 * @param file the path of the file that uses the tileset, relative to the map's folder.
 */
export function readTileset(fields: Fields, firstGid: number, file: string, documents: Documents): Tileset {
  if (!fields.has("source")) return tilesetOf(fields, firstGid, undefined, file);
  const source = resolvePath(file, fields.text("source"));
  const content = documents.read(source, "tileset");
  if (content) return tilesetOf(content, firstGid, source, source);
  const name = source
    .split("/")
    .at(-1)!
    .replace(/\.\w+$/, "");
  return { ...tilesetOf(new Fields({ name }, fields.place, fields.report), firstGid, source, source), missing: true };
}

function tilesetOf(fields: Fields, firstGid: number, source: string | undefined, file: string): Tileset {
  const tileWidth = fields.integer("tilewidth", 0, 0, MAX_PIXELS);
  const tileHeight = fields.integer("tileheight", 0, 0, MAX_PIXELS);
  const margin = fields.integer("margin", 0, 0, MAX_PIXELS);
  const spacing = fields.integer("spacing", 0, 0, MAX_PIXELS);
  const image = readImage(fields, file);
  /** Returns how many tiles fit into the width or the height of the image. */
  const tilesWithin = (length: number, tile: number) =>
    Math.max(0, Math.floor((length - margin + spacing) / (tile + spacing)) || 0);
  // Files from before Tiled 0.13 lack `tilecount`, and files from before Tiled 0.15 lack `columns`.
  const columns = fields.integer("columns", image ? tilesWithin(image.width, tileWidth) : 0, 0, MAX_PIXELS);
  const rows = image ? tilesWithin(image.height, tileHeight) : 0;
  const offset = fields.inner("tileoffset");
  return {
    firstGid,
    name: fields.text("name"),
    class: fields.text("class"),
    source,
    missing: false,
    tileWidth,
    tileHeight,
    tileCount: fields.integer("tilecount", columns * rows, 0, MAX_TILE_ID),
    columns,
    margin,
    spacing,
    image,
    tileOffset: { x: offset?.number("x", 0) ?? 0, y: offset?.number("y", 0) ?? 0 },
    objectAlignment: fields.choice("objectalignment", ALIGNMENTS),
    fitsGrid: fields.choice("tilerendersize", ["tile", "grid"]) === "grid",
    keepsAspect: fields.choice("fillmode", ["stretch", "preserve-aspect-fit"]) === "preserve-aspect-fit",
    properties: readProperties(fields),
    tiles: readTiles(fields, file),
  };
}

function readTiles(tileset: Fields, file: string): Map<number, Tile> {
  const tiles = new Map<number, Tile>();
  const placeOf = ({ id }: Values) => `tile ${numberOf(id)} of ${tileset.place}`;
  for (const fields of withTileList(tileset).elements("tiles", placeOf)) {
    const id = fields.required("id", 0, MAX_TILE_ID);
    tiles.set(id, readTile(fields, id, file));
  }
  return tiles;
}

/**
 * Returns a tileset with its tiles as a list. JSON files before Tiled 1.2 have up to three objects instead. The keys of
 * these objects are the ids of tiles.
 */
function withTileList(tileset: Fields): Fields {
  const { tiles, tileproperties, tilepropertytypes } = tileset.values;
  if (!isValues(tiles) && !isValues(tileproperties)) return tileset;
  const [details, properties, types] = [tiles, tileproperties, tilepropertytypes].map(valuesById);
  const ids = new Set([...details!.keys(), ...properties!.keys()]);
  const list = [...ids].map((id) => ({
    ...(details!.get(id) as Values | undefined),
    id,
    properties: properties!.get(id),
    propertytypes: types!.get(id),
  }));
  return new Fields({ tiles: list }, tileset.place, tileset.report);
}

function valuesById(object: unknown): Map<string, unknown> {
  return new Map(isValues(object) ? Object.entries(object) : []);
}

function readTile(fields: Fields, id: number, file: string): Tile {
  const shapes = fields.inner("objectgroup");
  const image = readImage(fields, file);
  return {
    id,
    // Only Tiled 1.9 calls the class `class`. All other versions call it `type`.
    class: fields.text("class") || fields.text("type"),
    // Before Tiled 1.1, a tile's properties could be stored with its collision shapes.
    properties: new Map([...(shapes ? readProperties(shapes) : []), ...readProperties(fields)]),
    animation: fields.elements("animation", () => `the animation of ${fields.place}`).map(readFrame),
    shapes: shapes ? readObjects(shapes, SHAPE_CONTEXT) : [],
    image,
    area: image && fields.has("width") ? readArea(fields) : undefined,
  };
}

function readFrame(frame: Fields): Frame {
  return { tileId: frame.required("tileid", 0, MAX_TILE_ID), duration: frame.number("duration", 0) };
}

function readArea(fields: Fields): Area {
  return {
    x: fields.integer("x", 0, 0, MAX_PIXELS),
    y: fields.integer("y", 0, 0, MAX_PIXELS),
    width: fields.integer("width", 0, 0, MAX_PIXELS),
    height: fields.integer("height", 0, 0, MAX_PIXELS),
  };
}

/** Returns the image of a tileset, a tile or a layer; undefined if it has none. */
export function readImage(fields: Fields, file: string): Image | undefined {
  const source = fields.text("image");
  if (source === "") return undefined;
  return {
    source: resolvePath(file, source),
    width: fields.integer("imagewidth", 0, 0, MAX_PIXELS),
    height: fields.integer("imageheight", 0, 0, MAX_PIXELS),
    transparentColor: fields.color("transparentcolor"),
  };
}
