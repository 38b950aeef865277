// Tests that a map in a folder is read with the files that it names, and that no file outside the folder is read.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { TOWN, TOWN_FILES } from "../../bench/stress/map-fuzz/town.ts";
import { DEFAULT_LIMITS } from "../../tiled/limits.ts";
import { readTiledFile } from "../../tiled/node.ts";
import { TiledError } from "../../tiled/tiled-error.ts";
import { read } from "./read.ts";

const root = mkdtempSync(join(tmpdir(), "sabang-tiled-"));
const maps = join(root, "maps");
const TILESET = JSON.stringify({ type: "tileset", name: "found" });

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function mapWith(source: string): string {
  const size = { width: 1, height: 1, tilewidth: 16, tileheight: 16 };
  return JSON.stringify({ orientation: "orthogonal", ...size, layers: [], tilesets: [{ firstgid: 1, source }] });
}

beforeAll(() => {
  write("maps/towns/town.tmj", JSON.stringify(TOWN));
  for (const [path, content] of Object.entries(TOWN_FILES)) write(`maps/towns/${path}`, JSON.stringify(content));
  for (const path of ["maps/sets/in.tsx", "maps/sets/in.txt", "maps/sets/in.TSJ", "out.tsj", "maps-too/out.tsj"]) {
    write(path, TILESET);
  }
  write("maps/sets/large.tsj", `${TILESET}${" ".repeat(5000)}`);
  symlinkSync(join(root, "out.tsj"), join(maps, "link-out.tsj"));
  symlinkSync(join(maps, "sets/in.tsx"), join(maps, "link-in.tsx"));
  symlinkSync(join(maps, "sets/in.txt"), join(maps, "link-text.tsx"));
  symlinkSync(join(root, "maps-too"), join(maps, "link-folder"));
  symlinkSync(maps, join(root, "link-to-maps"));
  mkdirSync(join(maps, "folder.tsx"));
  execFileSync("mkfifo", [join(maps, "pipe.tsx")]);
});

afterAll(() => rmSync(root, { recursive: true }));

test("readTiledFile reads a map's tilesets and templates from paths relative to the map's own folder", () => {
  expect(readTiledFile(maps, "towns/town.tmj")).toEqual(read(TOWN, TOWN_FILES));
});

test.each([
  ["in the folder of maps", "../sets/in.tsx"],
  ["whose extension is in capitals", "../sets/in.TSJ"],
  ["behind a link that stays in the folder of maps", "../link-in.tsx"],
  ["whose path has the separators of Windows", "..\\sets\\in.tsx"],
])("readTiledFile reads a tileset %s", (_, source) => {
  write("maps/towns/one.tmj", mapWith(source));
  for (const folder of [maps, join(root, "link-to-maps")]) {
    expect(readTiledFile(folder, "towns/one.tmj").tilesets[0]).toMatchObject({ name: "found", missing: false });
  }
});

const EXTENSION = "its name does not end in .tsx, .tsj, .tx, .tj, .xml, .json";
const OUTSIDE = "it is outside the folder of maps";

test.each([
  ["it does not exist", "gone.tsx", "there is no such file"],
  ["it is outside the folder of maps", "../../out.tsj", OUTSIDE],
  ["it is in a folder whose name begins like that of the maps", "../../maps-too/out.tsj", OUTSIDE],
  ["it is a link to a file outside", "../link-out.tsj", OUTSIDE],
  ["it is in a link to a folder outside", "../link-folder/out.tsj", OUTSIDE],
  ["it is an absolute path", "/etc/hostname.json", "there is no such file"],
  ["it has another extension", "../sets/in.txt", EXTENSION],
  ["it has no extension", "/etc/passwd", EXTENSION],
  ["it is a URL", "https://example.com/a.tsj", "there is no such file"],
  [
    "it is a link to a file with another extension",
    "../link-text.tsx",
    "it is a link to a file with another extension",
  ],
  ["it is a folder", "../folder.tsx", "it is not a file"],
  ["it is a pipe", "../pipe.tsx", "it is not a file"],
  [
    "it is larger than the limit",
    "../sets/large.tsj",
    /^it is larger than [\d,]+ characters; save the layers of a map as Base64 zlib$/,
  ],
])("readTiledFile does not read a tileset if %s", (_, source, reason) => {
  write("maps/towns/one.tmj", mapWith(source));
  const { tilesets, warnings } = readTiledFile(maps, "towns/one.tmj", { ...DEFAULT_LIMITS, textLength: 1000 });
  expect(tilesets[0]).toMatchObject({ missing: true });
  const [, message] = warnings[0]!.split(" is not available: ");
  expect(message).toMatch(reason);
});

test("readTiledFile refuses a map that does not exist, and a map outside the folder of maps", () => {
  expect(() => readTiledFile(maps, "gone.tmj")).toThrow(
    new TiledError("gone.tmj", ["the file is not available: there is no such file"]),
  );
  expect(() => readTiledFile(maps, "../out.tsj")).toThrow(OUTSIDE);
});
