// What the maps of this repository promise, in a way that also holds after somebody has edited one of them in Tiled.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { badTilesets, mapIn, pocketsOf, unknownTiles } from "./promises.ts";

const FOLDER = join(import.meta.dirname, "../../maps");
const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".tmj"))
  .map((file) => basename(file, ".tmj"));

test("the maps that the page and the READMEs name are there", () => {
  expect(NAMES).toEqual(expect.arrayContaining(["plaza", "meadow"]));
});

describe.each(NAMES)("the map %s", (name) => {
  test("can be played on", () => {
    expect(mapIn(FOLDER, name).map.spawns.length).toBeGreaterThan(0);
  });

  test("can be walked all over: every open tile is reached from the first spawn", () => {
    expect(pocketsOf(mapIn(FOLDER, name))).toEqual([]);
  });

  test("has the layers that maps/README.md lists, from the bottom to the top", () => {
    const layers = mapIn(FOLDER, name).file.layers.map(({ name, type }) => `${type} ${name}`);
    const places = ["tilelayer ground", "tilelayer walls", "tilelayer decor"].map((layer) => layers.indexOf(layer));
    // `decor` may be left out.
    const known = places.filter((place, index) => index < 2 || place !== -1);
    expect(known).not.toContain(-1);
    expect(known).toEqual([...known].sort((a, b) => a - b));
    expect(layers).toContain("objectgroup spawns");
  });

  test("fills each layer of tiles, with tiles of its tilesets alone", () => {
    const under = mapIn(FOLDER, name);
    const { width, height } = under.file;
    for (const layer of under.file.layers.filter(({ type }) => type === "tilelayer")) {
      expect([layer.name, layer.data!.length]).toEqual([layer.name, width * height]);
      expect([layer.name, unknownTiles(under, layer)]).toEqual([layer.name, []]);
    }
  });

  test("gives each object and each layer an id of its own, below the next one", () => {
    const { layers, nextlayerid, nextobjectid } = mapIn(FOLDER, name).file;
    const layerIds = layers.map(({ id }) => id);
    const objectIds = layers.flatMap(({ objects = [] }) => objects.map(({ id }) => id as number));
    for (const [ids, next] of [
      [layerIds, nextlayerid],
      [objectIds, nextobjectid],
    ] as const) {
      expect(new Set(ids).size).toBe(ids.length);
      expect(next).toBeGreaterThan(Math.max(...ids));
    }
  });

  test("embeds its tilesets, whose measures fit their pictures", () => {
    expect(badTilesets(mapIn(FOLDER, name))).toEqual([]);
  });
});
