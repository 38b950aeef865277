// Loads the Tiled maps of a folder. A map that cannot be used is left out and reported; the others can be played on.
import { DEFAULT_MAP } from "../../rooms/join-options.ts";
import { portalsOf } from "../../rooms/portals.ts";
import { MapError, type WorldMap } from "../../sim/map.ts";
import { printable } from "../../sim/printable.ts";
import type { Drawing } from "../../tiled/drawing/drawing.ts";
import { DEFAULT_LIMITS, type Limits } from "../../tiled/limits.ts";
import { loadMapFile } from "./load-map.ts";
import { mapFilesIn, onlyFile, strayDeclarations } from "./map-files.ts";

/** The maps of a folder. */
export interface MapFolder {
  readonly folder: string;
  /** The maps that can be played on, by name. */
  readonly maps: ReadonlyMap<string, WorldMap>;
  /** How clients draw these maps, by name. */
  readonly drawings: ReadonlyMap<string, Drawing>;
  /** The files that clients may load to draw these maps, relative to the folder. */
  readonly files: ReadonlySet<string>;
  /** One error for each map that cannot be used. */
  readonly errors: readonly MapError[];
  /** The warnings of all maps. Each is one line that names its map or its file. */
  readonly warnings: readonly string[];
}

/**
 * Loads all maps of a folder. The name of a map is the name of its file without the extension.
 * @param limits the limits on the time and the memory that a map may take.
 * @throws {MapError} if the folder cannot be read, or the default map cannot be used.
 */
export function loadMaps(folder: string, limits: Limits = DEFAULT_LIMITS): MapFolder {
  const maps = new Map<string, WorldMap>();
  const drawings = new Map<string, Drawing>();
  const files = new Set<string>();
  const errors: MapError[] = [];
  const warnings: string[] = [];
  const mapFiles = mapFilesIn(folder, limits, DEFAULT_MAP);
  for (const [name, named] of mapFiles) {
    try {
      const loaded = loadMapFile(name, onlyFile(name, named, folder), folder, limits);
      maps.set(name, loaded.map);
      drawings.set(name, loaded.drawing);
      for (const file of loaded.files) files.add(file);
      warnings.push(...loaded.warnings.map((warning) => `map "${name}": ${warning}`));
    } catch (error) {
      if (!(error instanceof MapError) || name === DEFAULT_MAP) throw error;
      errors.push(error);
    }
  }
  for (const [name, map] of maps) {
    warnings.push(...portalsOf(map, maps).problems.map((problem) => `map "${name}": ${problem}`));
  }
  warnings.push(...strayDeclarations(folder, mapFiles.keys()));
  if (!maps.has(DEFAULT_MAP)) onlyFile(DEFAULT_MAP, [], folder);
  return { folder, maps, drawings, files, errors, warnings: warnings.map(printable) };
}
