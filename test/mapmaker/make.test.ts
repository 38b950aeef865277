// Tests mapmaker/make.ts in a copy of the project. The files in maps/ may have been edited in Tiled, so they may differ
// from the output of mapmaker/make.ts.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { MIN_SIGHT } from "../../rooms/interest/grid.ts";
import { TILE } from "../../sim/rules.ts";
import { isFree } from "../../sim/step.ts";
import { badTilesets, mapIn, pocketsOf, unknownTiles } from "../maps/promises.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";

const ROOT = join(import.meta.dirname, "../..");
const OTHER_MAP = "harbour.tmj";
const GENERATED = ["meadow.tmj", "plaza.tmj", "tiles.png", "tiles.tsj"];

/** A project with the map maker and a map drawn by hand. mapmaker/make.ts has run twice in this project. */
let copy: string;
let folder: string;
const outputs: string[] = [];
const runs: Map<string, Buffer>[] = [];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "sabang-make-"));
  folder = join(copy, "maps");
  for (const part of ["mapmaker", "sim"]) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  mkdirSync(folder);
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, OTHER_MAP), "drawn by hand");
  const env = { ...process.env, ...COMPILE_CACHE };
  for (const _run of [1, 2]) {
    outputs.push(execFileSync(process.execPath, ["mapmaker/make.ts"], { cwd: copy, encoding: "utf8", env }));
    const made = readdirSync(folder).filter((file) => file !== OTHER_MAP);
    runs.push(new Map(made.map((file) => [file, readFileSync(join(folder, file))])));
  }
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

test("mapmaker/make.ts writes the maps and their tiles, and no other file", () => {
  expect(runs.map((made) => [...made.keys()])).toEqual([GENERATED, GENERATED]);
});

test.each(GENERATED)("each run of mapmaker/make.ts writes the same bytes into the file %s", (file) => {
  const [first, second] = runs.map((made) => made.get(file)!);
  // The test does not use `toEqual`, which would print a quarter of a megabyte if it failed.
  expect(first!.equals(second!)).toBe(true);
});

test("mapmaker/make.ts changes only the maps that it has made", () => {
  expect(readFileSync(join(folder, OTHER_MAP), "utf8")).toBe("drawn by hand");
});

test("mapmaker/make.ts prints the size, the share of open tiles and the number of spawns of each map", () => {
  for (const text of outputs) {
    expect(text).toMatch(
      /^plaza: 64 x 64 tiles, [\d.]+ % open, \d+ spawns\nmeadow: 128 x 128 tiles, [\d.]+ % open, \d+ spawns\n$/,
    );
  }
});

describe.each([
  { name: "plaza", tiles: 64, minSpawns: 64 },
  { name: "meadow", tiles: 128, minSpawns: 400 },
])("the map $name of mapmaker/make.ts", ({ name, tiles, minSpawns }) => {
  test(`has ${tiles} x ${tiles} tiles, of which at least one is a wall and more than half are open`, () => {
    const { file, map } = mapIn(folder, name);
    expect([map.width, map.height]).toEqual([tiles * TILE, tiles * TILE]);
    const solid = file.layers.find((layer) => layer.name === "walls")!.data!.filter((tile) => tile !== 0).length;
    expect(solid).toBeGreaterThan(0);
    expect(solid).toBeLessThan((tiles * tiles) / 2);
  });

  test(`has at least ${minSpawns} spawns, all different, each at the centre of an open tile`, () => {
    const { map } = mapIn(folder, name);
    expect(map.spawns.length).toBeGreaterThanOrEqual(minSpawns);
    expect(new Set(map.spawns.map(({ x, y }) => `${x},${y}`)).size).toBe(map.spawns.length);
    for (const { x, y } of map.spawns) {
      expect([x % TILE, y % TILE]).toEqual([TILE / 2, TILE / 2]);
      expect(isFree(x, y, map)).toBe(true);
    }
  });

  test("has a path from the first spawn to every open tile", () => {
    expect(pocketsOf(mapIn(folder, name))).toEqual([]);
  });

  test("has a file in the format that Tiled writes", () => {
    const { file } = mapIn(folder, name);
    expect(file).toMatchObject({
      type: "map",
      version: expect.stringMatching(/^1\.\d+$/),
      tiledversion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      orientation: "orthogonal",
      renderorder: "right-down",
      infinite: false,
      width: tiles,
      height: tiles,
      tilewidth: 32,
      tileheight: 32,
    });
    expect(file.layers.map((layer) => [layer.name, layer.type])).toEqual([
      ["ground", "tilelayer"],
      ["walls", "tilelayer"],
      ["decor", "tilelayer"],
      ["spawns", "objectgroup"],
    ]);
    const ids = file.layers.map((layer) => layer.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(file.nextlayerid).toBe(Math.max(...ids) + 1);
    for (const layer of file.layers) {
      expect(layer).toMatchObject({ id: expect.any(Number), opacity: 1, visible: true, x: 0, y: 0 });
    }
  });

  test("has tile layers of the map's size, which contain only tiles of the map's tileset", () => {
    const mapUnderTest = mapIn(folder, name);
    for (const layer of mapUnderTest.file.layers.filter(({ type }) => type === "tilelayer")) {
      expect(layer).toMatchObject({ width: tiles, height: tiles });
      expect(layer.data).toHaveLength(tiles * tiles);
      expect([layer.name, unknownTiles(mapUnderTest, layer)]).toEqual([layer.name, []]);
    }
  });

  test("has spawns with all fields of a point object, and with unique ids below nextobjectid", () => {
    const { file } = mapIn(folder, name);
    const layer = file.layers.find(({ name }) => name === "spawns")!;
    expect(layer.draworder).toBe("topdown");
    const ids = layer.objects!.map((object) => object.id as number);
    expect(new Set(ids).size).toBe(ids.length);
    expect(file.nextobjectid).toBe(Math.max(...ids) + 1);
    for (const object of layer.objects!) {
      expect(object).toMatchObject({
        id: expect.any(Number),
        name: expect.any(String),
        type: expect.any(String),
        point: true,
        visible: true,
        rotation: 0,
        width: 0,
        height: 0,
        x: expect.any(Number),
        y: expect.any(Number),
      });
    }
  });

  test("embeds one tileset, whose sizes are consistent with each other and with the image", () => {
    const mapUnderTest = mapIn(folder, name);
    expect(mapUnderTest.file.tilesets).toHaveLength(1);
    expect(mapUnderTest.file.tilesets[0]).toMatchObject({
      firstgid: 1,
      name: expect.any(String),
      image: "tiles.png",
      tilewidth: 32,
      tileheight: 32,
    });
    expect(badTilesets(mapUnderTest)).toEqual([]);
  });
});

test("all spawns of the generated map plaza are in sight of each other", () => {
  const { spawns } = mapIn(folder, "plaza").map;
  for (const axis of ["x", "y"] as const) {
    const coordinates = spawns.map((spawn) => spawn[axis]);
    expect(Math.max(...coordinates) - Math.min(...coordinates)).toBeLessThan(MIN_SIGHT);
  }
});
