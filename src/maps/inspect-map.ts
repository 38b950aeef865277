// Reads one Tiled map and its declaration, a file beside the map that says what is solid and where players start. Finds
// the map's ground: the solid cells and the spawns.
import { readFileSync } from "node:fs";
import { join, parse } from "node:path";
import { MapError } from "../../sim/map.ts";
import { type Ground, groundOf } from "../../tiled/ground/ground.ts";
import { DEFAULT_LIMITS, type Limits } from "../../tiled/limits.ts";
import type { TiledMap } from "../../tiled/model.ts";
import { readTiledFile } from "../../tiled/node.ts";
import { TiledError } from "../../tiled/tiled-error.ts";
import { DECLARATION_EXTENSION } from "./map-files.ts";

/** A Tiled map, and the ground that the server reads from it. */
export interface InspectedMap {
  readonly tiled: TiledMap;
  /** The solid cells and the spawns. The map cannot be played on if `ground.problems` is not empty. */
  readonly ground: Ground;
  /** The files from which the map was read, relative to the folder of maps. */
  readonly sources: readonly string[];
}

/**
 * Reads a map of a folder.
 * @param file the name of the map's file.
 * @throws {MapError} if a file cannot be read.
 */
export function inspectMap(file: string, folder: string, limits: Limits = DEFAULT_LIMITS): InspectedMap {
  const { name } = parse(file);
  const tiled = readMap(name, file, folder, limits);
  const declaration = readDeclarationFile(name, folder);
  return {
    tiled,
    ground: groundOf(tiled, declaration?.content),
    sources: [file, ...tiled.files, ...(declaration ? [declaration.file] : [])],
  };
}

function readMap(name: string, file: string, folder: string, limits: Limits): TiledMap {
  try {
    return readTiledFile(folder, file, limits);
  } catch (error) {
    throw error instanceof TiledError ? new MapError(name, ...error.faults) : error;
  }
}

/** Returns the declaration beside a map, parsed; undefined if there is none. */
function readDeclarationFile(name: string, folder: string): { file: string; content: unknown } | undefined {
  const file = name + DECLARATION_EXTENSION;
  let text: string | undefined;
  try {
    text = readFileSync(join(folder, file), "utf8");
    return { file, content: JSON.parse(text) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const problem = text?.trim() === "" ? "the file is empty" : (error as Error).message;
    throw new MapError(name, `its declaration ${file} cannot be read (${problem})`);
  }
}
