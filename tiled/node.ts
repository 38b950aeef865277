// Reads maps from the disk and decompresses their tiles. This is the only file in tiled/ that needs Node.
import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, parse, sep } from "node:path";
import { unzipSync, zstdDecompressSync } from "node:zlib";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import type { TiledMap } from "./model.ts";
import { readTiledMap } from "./read-map.ts";
import type { Decompress } from "./tile-data.ts";
import { TiledError } from "./tiled-error.ts";

/** The extensions of tilesets and templates. No other files are read for a map. */
const EXTENSIONS: readonly string[] = [".tsx", ".tsj", ".tx", ".tj", ".xml", ".json"];

/** The maximum number of bytes in UTF-8 for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Reads a map from a folder, with the tilesets and templates that it names. Looks for a tileset or template first where
 * the map says, then beside the map, and then in the folder `NAME.tilesets`. NAME is the name of the map.
 * Never reads files outside the folder, not even through links.
 * @param file the path of the map's file, relative to the folder.
 * @throws {TiledError} if the map cannot be read.
 */
export function readTiledFile(folder: string, file: string, limits: Limits = DEFAULT_LIMITS): TiledMap {
  const path = join(folder, file);
  let text: string;
  try {
    text = readWithin(folder, path, limits);
  } catch (error) {
    throw new TiledError(file, [`the file is not available: ${(error as Error).message}`]);
  }
  const readFile = (named: string): string => {
    if (!EXTENSIONS.includes(extname(named).toLowerCase())) {
      throw new Error(`its name does not end in ${EXTENSIONS.join(", ")}`);
    }
    let error: unknown;
    for (const place of placesOf(named, path)) {
      try {
        return readWithin(folder, place, limits);
      } catch (problem) {
        error ??= problem;
      }
    }
    throw error;
  };
  return readTiledMap(file, text, { readFile, decompress }, limits);
}

/**
 * Returns the paths at which to look for a file that a map names. These are the path in the map, a path beside the map,
 * and a path in the folder `NAME.tilesets`. The path in the map often exists only on the author's computer.
 */
function placesOf(named: string, mapPath: string): string[] {
  const folder = dirname(mapPath);
  const file = basename(named);
  return [join(folder, named), join(folder, file), join(folder, `${parse(mapPath).name}.tilesets`, file)];
}

/** Returns the text of a file. Follows all links, and throws if the file is then outside the folder. */
function readWithin(folder: string, path: string, { textLength }: Limits): string {
  const real = realPathOf(path);
  if (!real.startsWith(realPathOf(folder) + sep)) throw new Error("it is outside the folder of maps");
  if (extname(real) !== extname(path)) throw new Error("it is a link to a file with another extension");
  const status = statSync(real);
  if (!status.isFile()) throw new Error("it is not a file");
  if (status.size > textLength * MAX_BYTES_PER_UNIT) {
    const most = textLength.toLocaleString("en");
    throw new Error(`it is larger than ${most} characters; save the layers of a map as Base64 zlib`);
  }
  return readFileSync(real, "utf8");
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? new Error("there is no such file") : error;
  }
}

/** Decompresses tile data with Node's zlib. */
export const decompress: Decompress = (bytes, compression, maxLength) => {
  const options = { maxOutputLength: maxLength };
  try {
    return compression === "zstd" ? zstdDecompressSync(bytes, options) : unzipSync(bytes, options);
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLong ? new Error(`it holds more than ${maxLength} bytes`) : error;
  }
};
