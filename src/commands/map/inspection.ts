// Finds out how the server would interpret a map.
import { basename, dirname, join, parse } from "node:path";
import { MapError } from "../../../sim/map.ts";
import type { Ground } from "../../../tiled/ground/ground.ts";
import { TILE } from "../../../tiled/ground/units.ts";
import { DEFAULT_LIMITS } from "../../../tiled/limits.ts";
import { type InspectedMap, inspectMap } from "../../maps/inspect-map.ts";
import { type InspectedPortals, inspectPortals } from "../../maps/inspect-portals.ts";
import { loadMap } from "../../maps/load-map.ts";
import { DECLARATION_EXTENSION, mapFilesIn, strayDeclarations } from "../../maps/map-files.ts";

/** A map file, and how the server interprets it. */
export interface Inspection {
  /** The path of the map's file. */
  readonly path: string;
  /** The map and its ground (solid cells and spawns); undefined if one of its files cannot be read. */
  readonly content: InspectedMap | undefined;
  /** The map's portals, with warnings about portals that lead nowhere. */
  readonly portals: InspectedPortals;
  /** The reasons why the server refuses the map. Empty if the server accepts it. */
  readonly problems: readonly string[];
}

const NO_PORTALS: InspectedPortals = { portals: [], warnings: [] };

/** Inspects a map, as if its folder were the server's folder of maps. */
export function inspect(path: string): Inspection {
  const folder = dirname(path);
  let content: InspectedMap | undefined;
  try {
    content = inspectMap(basename(path), folder);
    const { map } = loadMap(parse(path).name, folder);
    return { path, content, portals: inspectPortals(map, folder), problems: [] };
  } catch (error) {
    if (error instanceof MapError) return { path, content, portals: NO_PORTALS, problems: error.problems };
    throw error;
  }
}

/** The maps of a folder. */
export interface FolderInspection {
  readonly inspections: readonly Inspection[];
  /** Sentences that warn about the folder itself, for example about a declaration without a map. */
  readonly warnings: readonly string[];
}

/** Inspects all maps of a folder. */
export function inspectFolder(folder: string): FolderInspection {
  const maps = mapFilesIn(folder, DEFAULT_LIMITS, folder);
  return {
    inspections: [...maps.values()].flat().map((file) => inspect(join(folder, file))),
    warnings: strayDeclarations(folder, maps.keys()),
  };
}

/** Returns the path of a map's declaration: the file beside the map that says what is solid and where players start. */
export function declarationPath(path: string): string {
  return join(dirname(path), parse(path).name + DECLARATION_EXTENSION);
}

/** Maximum spawns that an initial declaration lists. It says `auto` instead if the map has more spawns, or none. */
const MAX_LISTED_SPAWNS = 4;

/**
 * Returns the text of an initial declaration, which the author of a map can edit. The declaration has no effect
 * until the author edits it.
 */
export function initialDeclaration({ spawns }: Ground): string {
  const places = spawns.map(({ x, y }) => `at:${x / TILE},${y / TILE}`);
  const canList = places.length > 0 && places.length <= MAX_LISTED_SPAWNS;
  const spawn = canList ? places : ["auto"];
  return `${JSON.stringify({ walls: ["auto"], spawn }, undefined, 2)}\n`;
}
