// Checks the maps of this repository. The checks also hold for maps that have been edited in Tiled.
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { badTilesets, mapIn, pocketsOf, unknownTiles } from "./promises.ts";

const FOLDER = join(import.meta.dirname, "../../maps");
const NAMES = ["plaza", "meadow"];

describe.each(NAMES)("the map %s", (name) => {
  test("can be read and has a spawn", () => {
    expect(mapIn(FOLDER, name).map.spawns.length).toBeGreaterThan(0);
  });

  test("has a path from the first spawn to every open tile", () => {
    expect(pocketsOf(mapIn(FOLDER, name))).toEqual([]);
  });

  test("has the layers that maps/README.md lists, from the bottom to the top", () => {
    const layers = mapIn(FOLDER, name).file.layers.map(({ name, type }) => `${type} ${name}`);
    const indices = ["tilelayer ground", "tilelayer walls", "tilelayer decor"].map((layer) => layers.indexOf(layer));
    // The layer `decor` is optional.
    const present = indices.filter((index, layer) => layer < 2 || index !== -1);
    expect(present).not.toContain(-1);
    expect(present).toEqual([...present].sort((a, b) => a - b));
    expect(layers).toContain("objectgroup spawns");
  });

  test("has tile layers of the map's size, which contain only tiles of the map's tilesets", () => {
    const mapUnderTest = mapIn(FOLDER, name);
    const { width, height } = mapUnderTest.file;
    for (const layer of mapUnderTest.file.layers.filter(({ type }) => type === "tilelayer")) {
      expect([layer.name, layer.data!.length]).toEqual([layer.name, width * height]);
      expect([layer.name, unknownTiles(mapUnderTest, layer)]).toEqual([layer.name, []]);
    }
  });

  test("has objects and layers with unique ids below nextobjectid and nextlayerid", () => {
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

  test("embeds tilesets whose sizes are consistent with their images", () => {
    expect(badTilesets(mapIn(FOLDER, name))).toEqual([]);
  });
});
