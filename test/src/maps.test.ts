import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MapError } from "../../sim/map.ts";
import { loadMaps } from "../../src/maps.ts";
import { tiledMap } from "../support/maps.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-maps-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (file: string, content: unknown) =>
  writeFileSync(join(folder, file), typeof content === "string" ? content : JSON.stringify(content));

/** Returns the message of the error that loading a folder must throw. */
function errorOf(path = folder): string {
  try {
    loadMaps(path);
  } catch (error) {
    expect(error).toBeInstanceOf(MapError);
    return (error as MapError).message;
  }
  throw new Error("loading the folder did not throw");
}

describe("loading a folder of maps", () => {
  test("returns each map by the name of its file", () => {
    write("plaza.tmj", tiledMap(["s.."]));
    write("시장.tmj", tiledMap(["s", "."]));
    write("old.town.tmj", tiledMap(["s"]));
    const maps = loadMaps(folder);
    expect([...maps].map(([name, map]) => [name, map.name, map.width, map.height])).toEqual([
      ["old.town", "old.town", 32, 32],
      ["plaza", "plaza", 96, 32],
      ["시장", "시장", 32, 64],
    ]);
  });

  test("ignores files that are not maps", () => {
    write("plaza.tmj", tiledMap(["s"]));
    for (const file of ["tiles.tsj", "notes.txt", "meadow.tmj.bak", "harbour.json", "tmj", "UPPER.TMJ"]) {
      write(file, "not a map");
    }
    mkdirSync(join(folder, "art"));
    write("art/hidden.tmj", "not a map");
    expect([...loadMaps(folder).keys()]).toEqual(["plaza"]);
  });

  test("throws if the folder does not exist, and names the path and the setting MAPS_DIR", () => {
    const missing = join(folder, "nowhere");
    expect(errorOf(missing)).toMatch(
      /^map "plaza" cannot be used: the folder of MAPS_DIR cannot be read \(ENOENT.*\)$/,
    );
    expect(errorOf(missing)).toContain(missing);
  });

  test("throws if the folder is a file", () => {
    write("plaza.tmj", tiledMap(["s"]));
    const file = join(folder, "plaza.tmj");
    expect(errorOf(file)).toMatch(/^map "plaza" cannot be used: the folder of MAPS_DIR cannot be read \(ENOTDIR.*\)$/);
  });

  test.each([[[]], [["meadow"]]])("throws if there is no plaza: %j", (names) => {
    for (const name of names) write(`${name}.tmj`, tiledMap(["s"]));
    expect(errorOf()).toBe(`map "plaza" cannot be used: there is no file plaza.tmj in ${folder}; see MAPS_DIR`);
  });

  test.each(["", "{", '{"width": 4,}', "<map/>", "plaza"])(
    "throws if a file is not valid JSON, and names the map: %j",
    (json) => {
      write("plaza.tmj", tiledMap(["s"]));
      write("meadow.tmj", json);
      expect(errorOf()).toMatch(
        /^map "meadow" cannot be used: the file is not JSON \(.+\); save it from Tiled as \.tmj$/s,
      );
    },
  );

  test("throws if one map is invalid, and names it, even if the others are valid", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("meadow.tmj", tiledMap(["s"]));
    write("well.tmj", tiledMap(["#"]));
    expect(errorOf()).toBe(
      'map "well" cannot be used: its layer `spawns` is empty; put at least one point on open ground',
    );
  });

  test("throws if a map file is a folder, and names the map", () => {
    write("plaza.tmj", tiledMap(["s"]));
    mkdirSync(join(folder, "attic.tmj"));
    expect(errorOf()).toMatch(/^map "attic" cannot be used: /);
  });
});
