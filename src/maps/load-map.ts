// Loads one Tiled map and its declaration, a file beside the map that says what is solid and where players start.
import { normalize, sep } from "node:path";
import { createMap, MapError, type WorldMap } from "../../sim/map.ts";
import type { Drawing } from "../../tiled/drawing/drawing.ts";
import { drawingOf } from "../../tiled/drawing/drawing-of.ts";
import { DEFAULT_LIMITS, type Limits } from "../../tiled/limits.ts";
import { describeMap } from "./describe-map.ts";
import { drawingFiles } from "./drawing-files.ts";
import { inspectMap } from "./inspect-map.ts";
import { fileOfMap } from "./map-files.ts";

/** A map as it was loaded. */
export interface LoadedMap {
  readonly map: WorldMap;
  /** How clients draw the map. The URLs of its images are relative to `/maps/drawings/`. */
  readonly drawing: Drawing;
  /** The files from which the map was loaded, relative to the folder of maps. */
  readonly sources: readonly string[];
  /** The files that clients may load to draw the map, relative to the folder of maps. */
  readonly files: readonly string[];
  /** Sentences about parts of the map that its author should check. */
  readonly warnings: readonly string[];
}

/**
 * Loads one map of a folder.
 * @throws {MapError} with all problems, if the map cannot be used.
 */
export function loadMap(name: string, folder: string, limits: Limits = DEFAULT_LIMITS): LoadedMap {
  return loadMapFile(name, fileOfMap(name, folder, limits), folder, limits);
}

/**
 * Loads the map in one file of a folder.
 * @throws {MapError} with all problems, if the map cannot be used.
 */
export function loadMapFile(name: string, file: string, folder: string, limits: Limits): LoadedMap {
  const { tiled, ground, sources } = inspectMap(file, folder, limits);
  if (ground.problems.length > 0) throw new MapError(name, ...ground.problems);
  const files = drawingFiles(folder, file, tiled);
  const urlOf = (image: string) => {
    const path = normalize(image);
    return files.includes(path) ? `../files/${encodePath(path)}` : undefined;
  };
  return {
    map: createMap({
      ...describeMap(name, tiled, ground),
      file: `files/${encodePath(file)}`,
      drawing: `drawings/${encodePath(name)}.json`,
    }),
    drawing: drawingOf(tiled, urlOf),
    sources,
    files,
    warnings: ground.warnings,
  };
}

/** Converts the path of a file to a part of a URL. */
function encodePath(path: string): string {
  return path.split(sep).map(encodeURIComponent).join("/");
}
