import { describe, expect, test } from "@jest/globals";
import { MapError, readMap } from "../../sim/map.ts";
import { MAX_MAP_TILES } from "../../sim/rules.ts";
import { drawnMap, tiledMap } from "../support/maps.ts";

type Json = Record<string, unknown>;

const ROWS = ["####", "#s.#", "#..#", "####"];
const file = (changes: Json = {}): Json => ({ ...tiledMap(ROWS), ...changes });

/** Returns the file with changed values in one of its layers. */
function withLayer(name: "walls" | "spawns", changes: Json): Json {
  const layers = (file().layers as Json[]).map((layer) => (layer.name === name ? { ...layer, ...changes } : layer));
  return file({ layers });
}

/** Returns the file with another tile number at this column and row of `walls`. */
function withTile(column: number, row: number, tile: number): Json {
  const data = [...((file().layers as Json[])[0]!.data as number[])];
  data[row * 4 + column] = tile;
  return withLayer("walls", { data });
}

/** Returns the error that `readMap` throws for the file. */
function errorOf(content: unknown, name = "harbour"): MapError {
  try {
    readMap(name, content);
  } catch (error) {
    if (error instanceof MapError) return error;
    throw error;
  }
  throw new Error("readMap accepted the map");
}

describe("readMap", () => {
  test("returns the name, the size in units, the spawns and the walls", () => {
    const map = readMap("harbour", tiledMap(["#s..", "..s#"]));
    expect({ ...map, isWall: undefined, objects: undefined }).toEqual({
      name: "harbour",
      width: 128,
      height: 64,
      spawns: [
        { x: 48, y: 16 },
        { x: 80, y: 48 },
      ],
      isWall: undefined,
    });
    const walls = [0, 1].map((y) => [0, 1, 2, 3].map((x) => (map.isWall(x, y) ? "#" : ".")).join(""));
    expect(walls).toEqual(["#...", "...#"]);
  });

  test("treats all tiles outside the map as walls", () => {
    const map = drawnMap("open", ["s..", "..."]);
    for (const [x, y] of [
      [-1, 0],
      [3, 0],
      [0, -1],
      [0, 2],
      [-1, -1],
      [3, 2],
      [1000, 1000],
    ] as const) {
      expect({ x, y, wall: map.isWall(x, y) }).toEqual({ x, y, wall: true });
    }
  });

  test.each([
    ["flipped horizontally", 0x80000000],
    ["flipped vertically", 0x40000000],
    ["flipped diagonally", 0x20000000],
    ["flipped in all three ways", 0xe0000000],
  ])("treats a tile that is %s as a wall, and a flag without a tile as open ground", (_, flag) => {
    expect(readMap("harbour", withTile(2, 2, flag + 1)).isWall(2, 2)).toBe(true);
    expect(readMap("harbour", withTile(2, 2, flag)).isWall(2, 2)).toBe(false);
  });

  test("treats every tile with a non-zero number as a wall", () => {
    for (const tile of [1, 2, 255, 256, 65536, 0x10000000, 0x1fffffff]) {
      expect({ tile, wall: readMap("harbour", withTile(2, 2, tile)).isWall(2, 2) }).toEqual({ tile, wall: true });
    }
  });

  test("ignores layers other than `walls` and `spawns`, and layers with these names but the wrong type", () => {
    const solid = { type: "tilelayer", name: "decor", data: Array(16).fill(7) };
    const namesakes = [
      { type: "objectgroup", name: "walls", objects: [] },
      { type: "tilelayer", name: "spawns", data: Array(16).fill(7) },
    ];
    const map = readMap(
      "harbour",
      file({ layers: [solid, ...namesakes, ...(file().layers as Json[]), solid, null, 3] }),
    );
    expect(map.isWall(2, 2)).toBe(false);
    expect(map.spawns).toEqual([{ x: 48, y: 48 }]);
  });

  test("accepts a file without the property `infinite`", () => {
    expect(readMap("harbour", file({ infinite: undefined })).name).toBe("harbour");
  });

  test("rounds the position of a spawn to integers", () => {
    expect(readMap("harbour", withLayer("spawns", { objects: [{ x: 47.4, y: 52.4 }] })).spawns).toEqual([
      { x: 47, y: 52 },
    ]);
  });

  test("returns the objects of a layer by its name, each at the centre of its point, rectangle or tile", () => {
    const coins = [
      { id: 1, name: "first", type: "coin", x: 40.4, y: 56.6, point: true, width: 0, height: 0 },
      { id: 2, name: "", type: "", x: 32, y: 32, width: 32, height: 16 },
      { id: 3, gid: 7, x: 32, y: 64, width: 32, height: 32 },
    ];
    const layers = [
      { type: "objectgroup", name: "coins", objects: coins },
      ...(file().layers as Json[]),
      { type: "objectgroup", name: "coins", objects: [{ x: 1, y: 2 }] },
      { type: "objectgroup", name: "doors" },
    ];
    const map = readMap("harbour", file({ layers }));
    expect(map.objects("coins")).toEqual([
      { name: "first", type: "coin", x: 40, y: 57 },
      { name: "", type: "", x: 48, y: 40 },
      { name: "", type: "", x: 48, y: 48 },
      { name: "", type: "", x: 1, y: 2 },
    ]);
    expect(map.objects("spawns")).toMatchObject(map.spawns);
    expect(map.objects("doors")).toEqual([]);
    expect(map.objects("walls")).toEqual([]);
    expect(map.objects("constructor")).toEqual([]);
  });

  test("accepts maps of one tile and maps that are 2047 tiles wide", () => {
    expect(drawnMap("small", ["s"])).toMatchObject({ width: 32, height: 32 });
    const wide = drawnMap("wide", [`s${".".repeat(MAX_MAP_TILES - 1)}`]);
    expect(wide.width).toBe(2047 * 32);
    // The last unit of the largest map must fit a coordinate on the wire.
    expect(wide.width - 1).toBeLessThan(2 ** 16);
  });

  test("returns a map that is independent of later changes to the parsed file", () => {
    const source = file();
    const map = readMap("harbour", source);
    ((source.layers as Json[])[0]!.data as number[]).fill(1);
    ((source.layers as Json[])[1]!.objects as Json[])[0]!.x = 0;
    expect(map.isWall(2, 2)).toBe(false);
    expect(map.spawns[0]).toEqual({ x: 48, y: 48 });
  });
});

describe("readMap with an invalid file", () => {
  const NO_OBJECT = "the file does not hold a JSON object; save it from Tiled as .tmj";
  const BASE64 = "its layer `walls` is compressed or base64; set the map's tile layer format to CSV in Tiled";
  const NO_WALLS = "it has no tile layer named `walls`";
  const NO_SPAWNS = "it has no object layer named `spawns`";
  const EMPTY = "its layer `spawns` is empty; put at least one point on open ground";
  const walls = (file().layers as Json[])[0]!;
  const spawns = (file().layers as Json[])[1]!;
  const unusable = (x: number, y: number) =>
    `spawn 2 at (${x}, ${y}) is inside a wall or outside the map; move it to open ground`;
  const secondSpawn = (x: number, y: number) =>
    withLayer("spawns", {
      objects: [
        { x: 48, y: 48 },
        { x, y },
      ],
    });

  const invalid: [input: string, content: unknown, problem: string][] = [
    ["null", null, NO_OBJECT],
    ["an array", [file()], NO_OBJECT],
    ["a string", "map", NO_OBJECT],
    ["a number", 3, NO_OBJECT],
    ["undefined", undefined, NO_OBJECT],
    ["an infinite map", file({ infinite: true }), 'it is infinite; untick "Infinite" in Tiled\'s map properties'],
    ["an isometric map", file({ orientation: "isometric" }), 'its orientation is "isometric"; expected "orthogonal"'],
    [
      "a map without orientation",
      file({ orientation: undefined }),
      'its orientation is undefined; expected "orthogonal"',
    ],
    ["a tile width of 16", file({ tilewidth: 16 }), "its tiles are 16 x 32 units; expected 32 x 32"],
    ["a tile height of 64", file({ tileheight: 64 }), "its tiles are 32 x 64 units; expected 32 x 32"],
    ["a tile width that is a string", file({ tilewidth: "32px" }), "its tiles are 32px x 32 units; expected 32 x 32"],
    ["a width of 0", file({ width: 0 }), "it is 0 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["a width of 2048", file({ width: 2048 }), "it is 2048 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["a fractional width", file({ width: 1.5 }), "it is 1.5 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["a width that is a string", file({ width: "4" }), "it is 4 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["a height of 0", file({ height: 0 }), "it is 4 x 0 tiles; expected whole numbers from 1 to 2047"],
    ["a height of 2048", file({ height: 2048 }), "it is 4 x 2048 tiles; expected whole numbers from 1 to 2047"],
    ["a negative height", file({ height: -4 }), "it is 4 x -4 tiles; expected whole numbers from 1 to 2047"],
    [
      "a missing height",
      file({ height: undefined }),
      "it is 4 x undefined tiles; expected whole numbers from 1 to 2047",
    ],
    ["missing layers", file({ layers: undefined }), NO_WALLS],
    ["layers that are not an array", file({ layers: { walls, spawns } }), NO_WALLS],
    ["a missing layer `walls`", file({ layers: [spawns] }), NO_WALLS],
    ["an object layer named `walls`", withLayer("walls", { type: "objectgroup" }), NO_WALLS],
    ["`walls` in base64", withLayer("walls", { data: "AAAAAAAA", encoding: "base64" }), BASE64],
    ["`walls` without data", withLayer("walls", { data: undefined }), BASE64],
    [
      "`walls` with one tile too few",
      withLayer("walls", { data: Array(15).fill(0) }),
      "its layer `walls` holds 15 values; expected 16 whole numbers",
    ],
    [
      "`walls` with one tile too many",
      withLayer("walls", { data: Array(17).fill(0) }),
      "its layer `walls` holds 17 values; expected 16 whole numbers",
    ],
    ["a fractional tile number", withTile(2, 2, 0.5), "its layer `walls` holds 16 values; expected 16 whole numbers"],
    [
      "tile numbers that are strings",
      withLayer("walls", { data: Array(16).fill("0") }),
      "its layer `walls` holds 16 values; expected 16 whole numbers",
    ],
    [
      "tile numbers that are null",
      withLayer("walls", { data: Array(16).fill(null) }),
      "its layer `walls` holds 16 values; expected 16 whole numbers",
    ],
    ["a missing layer `spawns`", file({ layers: [walls] }), NO_SPAWNS],
    ["a tile layer named `spawns`", withLayer("spawns", { type: "tilelayer" }), NO_SPAWNS],
    ["an empty layer `spawns`", withLayer("spawns", { objects: [] }), EMPTY],
    ["spawns that are not an array", withLayer("spawns", { objects: { x: 48, y: 48 } }), EMPTY],
    [
      "a spawn without x",
      withLayer("spawns", { objects: [{ y: 48 }] }),
      "object 1 of its layer `spawns` has no position",
    ],
    [
      "a spawn whose y is a string",
      withLayer("spawns", { objects: [{ x: 48, y: "48" }] }),
      "object 1 of its layer `spawns` has no position",
    ],
    [
      "a spawn that is null",
      withLayer("spawns", { objects: [{ x: 48, y: 48 }, null] }),
      "object 2 of its layer `spawns` has no position",
    ],
    ["a spawn in a wall", secondSpawn(16, 48), unusable(16, 48)],
    ["a spawn with an edge in a wall", secondSpawn(43, 48), unusable(43, 48)],
    ["a spawn on the edge of the map", secondSpawn(0, 0), unusable(0, 0)],
    ["a spawn just outside the map", secondSpawn(-48, 48), unusable(-48, 48)],
    ["a spawn far outside the map", secondSpawn(48, 1e6), unusable(48, 1e6)],
  ];

  test.each(invalid)("throws a MapError that says what is wrong: %s", (_, content, problem) => {
    const error = errorOf(content);
    expect(error.message).toBe(`map "harbour" cannot be used: ${problem}`);
    expect(error.name).toBe("MapError");
  });

  test("throws a MapError that names the map, also if its name is Korean", () => {
    expect(errorOf(null, "광장").message).toMatch(/^map "광장" cannot be used: /);
  });
});
