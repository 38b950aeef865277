// Finds the map files of a folder.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { MapError } from "../../sim/map.ts";
import type { Limits } from "../../tiled/limits.ts";

/** The extensions of map files, in upper or lower case. A `.json` file is a map only if its content is a map. */
const MAP_EXTENSIONS: readonly string[] = [".tmj", ".tmx", ".json"];

/** The extension of a declaration: a file beside a map that says what is solid and where players start. */
export const DECLARATION_EXTENSION = ".sabang.json";

/**
 * Returns the map files of a folder, by map name. The name of a map is the name of its file without the extension.
 * Subfolders are not searched.
 * @param wanted the name of the map for which the folder is read. An error contains this name.
 * @throws {MapError} if the folder cannot be read.
 */
export function mapFilesIn(folder: string, limits: Limits, wanted: string): Map<string, string[]> {
  const files = candidatesIn(folder, wanted).filter((file) => isMap(file, folder, limits));
  return Map.groupBy(files, nameOf);
}

/**
 * Returns the file of a map.
 * @throws {MapError} if the folder cannot be read, or the map has no file or several files.
 */
export function fileOfMap(name: string, folder: string, limits: Limits): string {
  const files = candidatesIn(folder, name).filter((file) => nameOf(file) === name && isMap(file, folder, limits));
  return onlyFile(name, files, folder);
}

/**
 * Returns the one file of a map.
 * @throws {MapError} if there is no file, or more than one.
 */
export function onlyFile(name: string, files: readonly string[], folder: string): string {
  const [file, ...others] = files;
  if (file === undefined) {
    const expected = MAP_EXTENSIONS.map((extension) => name + extension);
    throw new MapError(
      name,
      `there is no file ${expected.slice(0, -1).join(", ")} or ${expected.at(-1)} in ${folder}; see MAPS_DIR`,
    );
  }
  if (others.length > 0) throw new MapError(name, `it has the files ${files.join(" and ")}; rename all but one`);
  return file;
}

/** Whether the name of a file is the name of a declaration. */
export function isDeclaration(file: string): boolean {
  return file.toLowerCase().endsWith(DECLARATION_EXTENSION);
}

/**
 * Returns one sentence for each declaration of a folder that has no effect, because there is no map with its name.
 * @param names the names of all maps of the folder.
 */
export function strayDeclarations(folder: string, names: Iterable<string>): string[] {
  const expected = new Set([...names].map((name) => name + DECLARATION_EXTENSION));
  return readdirSync(folder)
    .filter((file) => isDeclaration(file) && !expected.has(file))
    .sort()
    .map((file) => `${file} belongs to no map`);
}

/** Returns the files whose names are possible names of map files, sorted. */
function candidatesIn(folder: string, wanted: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => MAP_EXTENSIONS.includes(extensionOf(file)) && !isDeclaration(file))
      .sort();
  } catch (error) {
    throw new MapError(wanted, `the folder of MAPS_DIR cannot be read (${(error as Error).message})`);
  }
}

function extensionOf(file: string): string {
  return extname(file).toLowerCase();
}

function nameOf(file: string): string {
  return basename(file, extname(file));
}

/**
 * Whether a file is a map. A `.json` file may also be a tileset or anything else, so its content is checked. A `.json`
 * file that cannot be parsed counts as a map, so that the server reports the error.
 */
function isMap(file: string, folder: string, { textLength }: Limits): boolean {
  if (extensionOf(file) !== ".json") return true;
  const path = join(folder, file);
  try {
    const status = statSync(path);
    if (!status.isFile()) return false;
    if (status.size > textLength) return true;
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    // Does not check the field `type`, because maps that were made before Tiled 1.0 lack it.
    return typeof content === "object" && content !== null && "layers" in content && "tilewidth" in content;
  } catch {
    return true;
  }
}
