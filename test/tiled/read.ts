// Reads maps that a test has in memory.

import { DEFAULT_LIMITS, type Limits } from "../../tiled/limits.ts";
import type { TiledMap } from "../../tiled/model.ts";
import { decompress } from "../../tiled/node.ts";
import { readTiledMap } from "../../tiled/read-map.ts";
import { TiledError } from "../../tiled/tiled-error.ts";

/** Reads a map. The map and its files are text, or objects that become JSON. */
export function read(map: unknown, files: Record<string, unknown> = {}, limits: Partial<Limits> = {}): TiledMap {
  const readFile = (path: string): string => {
    if (!Object.hasOwn(files, path)) throw new Error("there is no such file");
    return textOf(files[path]);
  };
  return readTiledMap("town.tmj", textOf(map), { readFile, decompress }, { ...DEFAULT_LIMITS, ...limits });
}

/** Reads a map that is expected to be refused. Returns its faults. */
export function faultsOf(...args: Parameters<typeof read>): readonly string[] {
  try {
    read(...args);
  } catch (error) {
    if (error instanceof TiledError) return error.faults;
    throw error;
  }
  throw new Error("the map was not refused");
}

function textOf(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content);
}
