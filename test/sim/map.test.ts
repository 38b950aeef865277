import { describe, expect, test } from "@jest/globals";
import { MapError, readMap } from "../../sim/map.ts";
import { MAX_MAP_TILES } from "../../sim/rules.ts";
import { drawnMap, tiledMap } from "../support/maps.ts";

type Json = Record<string, unknown>;

const ROWS = ["####", "#s.#", "#..#", "####"];
const file = (changes: Json = {}): Json => ({ ...tiledMap(ROWS), ...changes });

/** The file with other values in one of its layers. */
function withLayer(name: "walls" | "spawns", changes: Json): Json {
  const layers = (file().layers as Json[]).map((layer) => (layer.name === name ? { ...layer, ...changes } : layer));
  return file({ layers });
}

/** The file with the number of one of its wall tiles set, by column and row. */
function withTile(column: number, row: number, tile: number): Json {
  const data = [...((file().layers as Json[])[0]!.data as number[])];
  data[row * 4 + column] = tile;
  return withLayer("walls", { data });
}

/** What reading the file throws. */
function refusalOf(content: unknown, name = "harbour"): MapError {
  try {
    readMap(name, content);
  } catch (error) {
    if (error instanceof MapError) return error;
    throw error;
  }
  throw new Error("the map was taken");
}

describe("a map that can be played on", () => {
  test("has its name, its size in units, its spawns and its walls from the file", () => {
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

  test("is solid all around", () => {
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
    ["flipped across", 0x80000000],
    ["flipped down", 0x40000000],
    ["flipped diagonally", 0x20000000],
    ["turned every way", 0xe0000000],
  ])("has a wall where a tile is %s, and none where there is no tile but the flag", (_, flag) => {
    expect(readMap("harbour", withTile(2, 2, flag + 1)).isWall(2, 2)).toBe(true);
    expect(readMap("harbour", withTile(2, 2, flag)).isWall(2, 2)).toBe(false);
  });

  test("has a wall wherever the layer shows any tile at all", () => {
    for (const tile of [1, 2, 255, 256, 65536, 0x10000000, 0x1fffffff]) {
      expect({ tile, wall: readMap("harbour", withTile(2, 2, tile)).isWall(2, 2) }).toEqual({ tile, wall: true });
    }
  });

  test("takes other layers for decoration, wherever they lie", () => {
    const solid = { type: "tilelayer", name: "decor", data: Array(16).fill(7) };
    // Of the name that counts, but of another kind.
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

  test("takes a file that does not say whether it is infinite", () => {
    expect(readMap("harbour", file({ infinite: undefined })).name).toBe("harbour");
  });

  test("rounds a spawn that was dropped between two units", () => {
    expect(readMap("harbour", withLayer("spawns", { objects: [{ x: 47.4, y: 52.4 }] })).spawns).toEqual([
      { x: 47, y: 52 },
    ]);
  });

  test("has the objects of any object layer by its name: points, rectangles and tiles by their middle", () => {
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

  test("may be one tile small or 2047 tiles wide", () => {
    expect(drawnMap("small", ["s"])).toMatchObject({ width: 32, height: 32 });
    const wide = drawnMap("wide", [`s${".".repeat(MAX_MAP_TILES - 1)}`]);
    expect(wide.width).toBe(2047 * 32);
    // The farthest unit of the largest map has to fit a coordinate on the wire.
    expect(wide.width - 1).toBeLessThan(2 ** 16);
  });

  test("does not change when the file it was read from is changed later", () => {
    const source = file();
    const map = readMap("harbour", source);
    ((source.layers as Json[])[0]!.data as number[]).fill(1);
    ((source.layers as Json[])[1]!.objects as Json[])[0]!.x = 0;
    expect(map.isWall(2, 2)).toBe(false);
    expect(map.spawns[0]).toEqual({ x: 48, y: 48 });
  });
});

describe("a map is refused with its name and what to do", () => {
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

  const refusals: [what: string, content: unknown, fault: string][] = [
    ["null", null, NO_OBJECT],
    ["a list", [file()], NO_OBJECT],
    ["a text", "map", NO_OBJECT],
    ["a number", 3, NO_OBJECT],
    ["nothing", undefined, NO_OBJECT],
    ["infinite", file({ infinite: true }), 'it is infinite; untick "Infinite" in Tiled\'s map properties'],
    ["isometric", file({ orientation: "isometric" }), 'its orientation is "isometric"; expected "orthogonal"'],
    ["of no orientation", file({ orientation: undefined }), 'its orientation is undefined; expected "orthogonal"'],
    ["of narrow tiles", file({ tilewidth: 16 }), "its tiles are 16 x 32 units; expected 32 x 32"],
    ["of high tiles", file({ tileheight: 64 }), "its tiles are 32 x 64 units; expected 32 x 32"],
    ["of tiles in words", file({ tilewidth: "32px" }), "its tiles are 32px x 32 units; expected 32 x 32"],
    ["no columns wide", file({ width: 0 }), "it is 0 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["too wide", file({ width: 2048 }), "it is 2048 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["a part of a tile wide", file({ width: 1.5 }), "it is 1.5 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["wide in words", file({ width: "4" }), "it is 4 x 4 tiles; expected whole numbers from 1 to 2047"],
    ["no rows high", file({ height: 0 }), "it is 4 x 0 tiles; expected whole numbers from 1 to 2047"],
    ["too high", file({ height: 2048 }), "it is 4 x 2048 tiles; expected whole numbers from 1 to 2047"],
    ["less than nothing high", file({ height: -4 }), "it is 4 x -4 tiles; expected whole numbers from 1 to 2047"],
    ["of no height", file({ height: undefined }), "it is 4 x undefined tiles; expected whole numbers from 1 to 2047"],
    ["without layers", file({ layers: undefined }), NO_WALLS],
    ["with layers that are no list", file({ layers: { walls, spawns } }), NO_WALLS],
    ["without walls", file({ layers: [spawns] }), NO_WALLS],
    ["with walls of objects", withLayer("walls", { type: "objectgroup" }), NO_WALLS],
    ["in base64", withLayer("walls", { data: "AAAAAAAA", encoding: "base64" }), BASE64],
    ["without data", withLayer("walls", { data: undefined }), BASE64],
    [
      "a tile short",
      withLayer("walls", { data: Array(15).fill(0) }),
      "its layer `walls` holds 15 values; expected 16 whole numbers",
    ],
    [
      "a tile long",
      withLayer("walls", { data: Array(17).fill(0) }),
      "its layer `walls` holds 17 values; expected 16 whole numbers",
    ],
    ["of part tiles", withTile(2, 2, 0.5), "its layer `walls` holds 16 values; expected 16 whole numbers"],
    [
      "of tiles in words",
      withLayer("walls", { data: Array(16).fill("0") }),
      "its layer `walls` holds 16 values; expected 16 whole numbers",
    ],
    [
      "of null tiles",
      withLayer("walls", { data: Array(16).fill(null) }),
      "its layer `walls` holds 16 values; expected 16 whole numbers",
    ],
    ["without spawns", file({ layers: [walls] }), NO_SPAWNS],
    ["with spawns of tiles", withLayer("spawns", { type: "tilelayer" }), NO_SPAWNS],
    ["with an empty layer of spawns", withLayer("spawns", { objects: [] }), EMPTY],
    ["with spawns that are no list", withLayer("spawns", { objects: { x: 48, y: 48 } }), EMPTY],
    [
      "with a spawn that has no x",
      withLayer("spawns", { objects: [{ y: 48 }] }),
      "object 1 of its layer `spawns` has no position",
    ],
    [
      "with a spawn in words",
      withLayer("spawns", { objects: [{ x: 48, y: "48" }] }),
      "object 1 of its layer `spawns` has no position",
    ],
    [
      "with a spawn that is nothing",
      withLayer("spawns", { objects: [{ x: 48, y: 48 }, null] }),
      "object 2 of its layer `spawns` has no position",
    ],
    ["with a spawn in a wall", secondSpawn(16, 48), unusable(16, 48)],
    ["with a spawn that has an edge in a wall", secondSpawn(43, 48), unusable(43, 48)],
    ["with a spawn on the edge of the map", secondSpawn(0, 0), unusable(0, 0)],
    ["with a spawn outside", secondSpawn(-48, 48), unusable(-48, 48)],
    ["with a spawn far outside", secondSpawn(48, 1e6), unusable(48, 1e6)],
  ];

  test.each(refusals)("%s", (_, content, fault) => {
    const error = refusalOf(content);
    expect(error.message).toBe(`map "harbour" cannot be used: ${fault}`);
    expect(error.name).toBe("MapError");
  });

  test("whatever the name", () => {
    expect(refusalOf(null, "광장").message).toMatch(/^map "광장" cannot be used: /);
  });
});
