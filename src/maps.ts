// Loads all Tiled maps of a folder. If one map is invalid, the server does not start.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DEFAULT_MAP } from "../rooms/join-options.ts";
import { MapError, readMap, type WorldMap } from "../sim/map.ts";

const EXTENSION = ".tmj";

/**
 * Returns the maps of a folder by name. The name of a map is the name of its file without the extension.
 * @throws {MapError} if the folder cannot be read or lacks the default map, or if a map is invalid.
 */
export function loadMaps(folder: string): Map<string, WorldMap> {
  const maps = new Map<string, WorldMap>();
  for (const file of filesOf(folder).sort()) {
    if (!file.endsWith(EXTENSION)) continue;
    const name = basename(file, EXTENSION);
    maps.set(name, readMap(name, parse(name, textOf(name, join(folder, file)))));
  }
  if (!maps.has(DEFAULT_MAP)) {
    throw new MapError(DEFAULT_MAP, `there is no file ${DEFAULT_MAP}${EXTENSION} in ${folder}; see MAPS_DIR`);
  }
  return maps;
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new MapError(DEFAULT_MAP, `the folder of MAPS_DIR cannot be read (${(error as Error).message})`);
  }
}

function textOf(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new MapError(name, `its file cannot be read (${(error as Error).message}); see MAPS_DIR`);
  }
}

function parse(name: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new MapError(name, `the file is not JSON (${(error as Error).message}); save it from Tiled as .tmj`);
  }
}
