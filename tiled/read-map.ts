// Reads a map of the Tiled editor. The map may be from any version since 0.9. The formats are described at
// https://doc.mapeditor.org/en/stable/reference/tmx-map-format/ and
// https://doc.mapeditor.org/en/stable/reference/json-map-format/.
import { chunkBounds } from "./bounds.ts";
import { DocumentError } from "./document-error.ts";
import { Documents, parse, type ReadFile } from "./documents.ts";
import { Fields, type Values } from "./fields.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { MapTilesets } from "./map-tilesets.ts";
import type { Area, Orientation, TiledMap } from "./model.ts";
import { readProperties } from "./properties.ts";
import { readLayers } from "./read-layers.ts";
import { quote, Report } from "./report.ts";
import { Templates } from "./templates.ts";
import type { Decompress } from "./tile-data.ts";

/** The functions that the reader needs from its environment. Node and browsers need different implementations. */
export interface Surroundings {
  readonly readFile: ReadFile;
  readonly decompress: Decompress;
}

const MAX_TILE_PIXELS = 4096;

/**
 * Reads a map.
 * @param file the name of the map's file in error messages.
 * @param text the content of the file: XML (.tmx) or JSON (.tmj, .json).
 * @throws {TiledError} if the map cannot be read. The error lists the first 100 faults that were found.
 */
export function readTiledMap(
  file: string,
  text: string,
  { readFile, decompress }: Surroundings,
  limits: Limits = DEFAULT_LIMITS,
): TiledMap {
  const report = new Report(file, limits);
  const map = parseMap(text, report);
  const orientation = readOrientation(map);
  const tileWidth = map.required("tilewidth", 1, MAX_TILE_PIXELS);
  const tileHeight = map.required("tileheight", 1, MAX_TILE_PIXELS);
  const bounds = readBounds(map);
  // On an isometric map, a tile is `tileHeight` pixels long on both axes.
  const unit = { x: orientation === "isometric" ? tileHeight : tileWidth, y: tileHeight };
  const origin = { x: bounds.x * unit.x, y: bounds.y * unit.y };
  const documents = new Documents(readFile, report);
  const tilesets = new MapTilesets(map, MAP_FILE, documents);
  const templates = new Templates(MAP_FILE, documents, tilesets);
  const layers = readLayers(map, {
    file: MAP_FILE,
    bounds,
    origin,
    decompress,
    template: (path) => templates.object(path),
    tileSize: (gid) => tilesets.tileSize(gid),
    checkTiles: (layer, gids) => tilesets.checkTiles(layer, gids),
  });
  const result = {
    class: map.text("class"),
    orientation,
    renderOrder: map.choice("renderorder", ["right-down", "right-up", "left-down", "left-up"]),
    width: bounds.width,
    height: bounds.height,
    tileWidth,
    tileHeight,
    origin: { x: bounds.x, y: bounds.y },
    backgroundColor: map.color("backgroundcolor"),
    parallaxOrigin: {
      x: map.number("parallaxoriginx", 0) - origin.x,
      y: map.number("parallaxoriginy", 0) - origin.y,
    },
    properties: readProperties(map),
    layers,
    tilesets: tilesets.list,
    files: documents.files,
    warnings: report.warnings,
  };
  report.throwFaults();
  return result;
}

function parseMap(text: string, report: Report): Fields {
  const place = "the map";
  let values: Values;
  try {
    values = parse(text, "map", report);
  } catch (error) {
    if (error instanceof DocumentError) report.stop(place, error.message);
    throw error;
  }
  const map = new Fields(values, place, report);
  if (!map.has("layers") && !map.has("tilewidth")) report.stop(place, "has no layers; it is not a map of Tiled");
  return map;
}

/** Stands for the path of the map's own file. It is empty, because all paths are relative to the map's folder. */
const MAP_FILE = "";

const ORIENTATIONS: readonly Orientation[] = ["orthogonal", "isometric", "staggered", "hexagonal", "oblique"];

function readOrientation(map: Fields): Orientation {
  const value = map.values.orientation;
  const orientation = ORIENTATIONS.find((each) => each === value);
  if (!orientation) {
    map.report.fault(map.place, `has the orientation ${quote(value)}; expected one of ${ORIENTATIONS.join(", ")}`);
  }
  return orientation ?? "orthogonal";
}

/**
 * Returns the part of the plane that the map covers, in tiles. Stops reading if the map has no size or is too large.
 */
function readBounds(map: Fields): Area {
  const { report } = map;
  const { side } = report.limits;
  const chunks = chunkBounds(map.values, report);
  const bounds = chunks ?? {
    x: 0,
    y: 0,
    width: map.required("width", 1, side),
    height: map.required("height", 1, side),
  };
  if (bounds.width > side || bounds.height > side) {
    report.stop("the map", `is ${bounds.width} x ${bounds.height} tiles; expected at most ${side} x ${side}`);
  }
  // Reading stops here after a fault, because an invalid size would also cause a fault in each layer.
  report.throwFaults();
  return bounds;
}
