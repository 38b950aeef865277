// Tests where the reader looks for the tilesets of a map.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readTiledFile } from "../../tiled/node.ts";
import { fileOf } from "./ground/map-draft.ts";

const TILESET = '<tileset name="trees" tilewidth="16" tileheight="16" tilecount="1" columns="1"/>';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "sabang-tilesets-"));
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

/** Reads a map that names the tileset `named`. The folder has tilesets at `paths`. Returns the warnings. */
function warningsWith(named: string, ...paths: string[]): readonly string[] {
  const folder = join(parent, "maps");
  for (const path of ["yard.tmj", ...paths]) mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, "yard.tmj"), fileOf([], {}, { tilesets: [{ firstgid: 1, source: named }] }));
  for (const path of paths) writeFileSync(join(folder, path), TILESET);
  return readTiledFile(folder, "yard.tmj").warnings;
}

test.each([
  ["where the map says", "sets/trees.tsx", "sets/trees.tsx"],
  ["beside the map", "../sets/trees.tsx", "trees.tsx"],
  ["in the folder of the map's tilesets", "../../sets/trees.tsx", "yard.tilesets/trees.tsx"],
])("the reader finds a tileset %s", (_, named, path) => {
  expect(warningsWith(named, path)).toEqual([]);
});

test("the reader does not read a tileset outside the folder of maps", () => {
  expect(warningsWith("../trees.tsx", "../trees.tsx")).toEqual([
    'tileset "../trees.tsx" is not available: it is outside the folder of maps',
  ]);
});
