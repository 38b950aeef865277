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

/** The message with which the folder is refused. */
function refusalOf(path = folder): string {
  try {
    loadMaps(path);
  } catch (error) {
    expect(error).toBeInstanceOf(MapError);
    return (error as MapError).message;
  }
  throw new Error("the folder was taken");
}

describe("a folder of maps", () => {
  test("gives each map by the name of its file", () => {
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

  test("may hold other files, which are not even read", () => {
    write("plaza.tmj", tiledMap(["s"]));
    for (const file of ["tiles.tsj", "notes.txt", "meadow.tmj.bak", "harbour.json", "tmj", "UPPER.TMJ"]) {
      write(file, "no map at all");
    }
    mkdirSync(join(folder, "art"));
    write("art/hidden.tmj", "no map at all");
    expect([...loadMaps(folder).keys()]).toEqual(["plaza"]);
  });

  test("that does not exist is refused: by its path, and the setting that names it", () => {
    const missing = join(folder, "nowhere");
    expect(refusalOf(missing)).toMatch(
      /^map "plaza" cannot be used: its folder cannot be read \(ENOENT.*\); see MAPS_DIR$/,
    );
    expect(refusalOf(missing)).toContain(missing);
  });

  test("that is a file is refused in the same way", () => {
    write("plaza.tmj", tiledMap(["s"]));
    const file = join(folder, "plaza.tmj");
    expect(refusalOf(file)).toMatch(
      /^map "plaza" cannot be used: its folder cannot be read \(ENOTDIR.*\); see MAPS_DIR$/,
    );
  });

  test.each([[[]], [["meadow"]]])("that holds no plaza is refused: %j", (names) => {
    for (const name of names) write(`${name}.tmj`, tiledMap(["s"]));
    expect(refusalOf()).toBe(`map "plaza" cannot be used: there is no file plaza.tmj in ${folder}; see MAPS_DIR`);
  });

  test.each(["", "{", '{"width": 4,}', "<map/>", "plaza"])(
    "that holds broken JSON is refused by the map's name: %j",
    (json) => {
      write("plaza.tmj", tiledMap(["s"]));
      write("meadow.tmj", json);
      expect(refusalOf()).toMatch(
        /^map "meadow" cannot be used: the file is not JSON \(.+\); save it from Tiled as \.tmj$/s,
      );
    },
  );

  test("that holds one map which cannot be played on is refused by that map's name, whatever the others are", () => {
    write("plaza.tmj", tiledMap(["s"]));
    write("meadow.tmj", tiledMap(["s"]));
    write("well.tmj", tiledMap(["#"]));
    expect(refusalOf()).toBe(
      'map "well" cannot be used: its layer `spawns` is empty; put at least one point on open ground',
    );
  });

  test("that holds a folder with the name of a map is refused by that map's name", () => {
    write("plaza.tmj", tiledMap(["s"]));
    mkdirSync(join(folder, "attic.tmj"));
    expect(refusalOf()).toMatch(/^map "attic" cannot be used: /);
  });
});
