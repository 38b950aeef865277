// cspell:words offsetx playerspawn spawnpoint spawnpoints
import { describe, expect, test } from "@jest/globals";
import { groundOf } from "../../../tiled/ground/ground.ts";
import { mapOf, objects, PIXELS, point, properties, rectangle, spawnsOf, tiles } from "./map-draft.ts";

const FLOOR = tiles("floor", ["222222", "222222", "222222", "222222"]);
const ROWS = ["......", ".1....", "....1.", "......"];
const TILES = [
  [1.5, 1.5],
  [4.5, 2.5],
];
const MIDDLE = [[2.5, 1.5]];

describe("objects:", () => {
  test.each([
    "Spawn",
    "spawn1",
    "Spawn Point",
    "spawn_point",
    "PlayerSpawn",
    "playerspawn",
    "PLAYER_START",
    "Start",
    "Starting Point",
    "Default Spawn",
    "Player",
    "hero",
    "시작 지점",
  ])("players start on an object named `%s`", (name) => {
    expect(spawnsOf(mapOf([FLOOR, objects("Objects", [point(1.5, 1.5, { name })])]))).toEqual([[1.5, 1.5]]);
  });

  test("players start on all objects named PLAYER_START, and not on an object named ENEMY_START", () => {
    const list = [
      point(1.5, 1.5, { name: "PLAYER_START" }),
      point(4.5, 2.5, { name: "PLAYER_START" }),
      point(3.5, 1.5, { name: "ENEMY_START" }),
    ];
    const ground = groundOf(mapOf([FLOOR, objects("Spawn points", list)]));
    expect(ground.spawns).toHaveLength(2);
    expect(ground.leftOut).toEqual(['1 object named "ENEMY_START": not taken for spawns of players']);
  });

  test("players start on an object of the class `start`", () => {
    const start = point(1.5, 1.5, { type: "start" });
    expect(spawnsOf(mapOf([FLOOR, objects("Objects", [start])]))).toEqual([[1.5, 1.5]]);
  });

  test("players start on an object whose property `type` is `playerStart`", () => {
    const tile = { gid: 1, x: PIXELS, y: 2 * PIXELS, width: PIXELS, height: PIXELS };
    const start = { ...tile, properties: properties({ type: "playerStart" }) };
    expect(spawnsOf(mapOf([FLOOR, objects("Objects", [start])]))).toEqual([[1.5, 1.5]]);
  });

  test.each([
    ["the name Goblin Spawn", point(1.5, 1.5, { name: "Goblin Spawn" })],
    ["the name Croc and the class spawn", point(1.5, 1.5, { name: "Croc", type: "spawn" })],
    [
      "the class spawn and a property monster_id",
      point(1.5, 1.5, { type: "spawn", properties: properties({ monster_id: 3 }) }),
    ],
    ["the name entrance", rectangle(1, 1, 1, 1, { name: "entrance" })],
  ])("players do not start on an object with %s", (_, object) => {
    expect(spawnsOf(mapOf([FLOOR, objects("Objects", [object])]))).toEqual(MIDDLE);
  });

  test("players start on the objects of a layer named `spawnpoints`, but not on monsters in this layer", () => {
    const list = [
      point(1.5, 1.5, { name: "north" }),
      rectangle(4, 2, 1, 1),
      point(3.5, 1.5, { name: "skeleton", type: "enemy" }),
    ];
    expect(spawnsOf(mapOf([FLOOR, objects("spawnpoints", list)]))).toEqual(TILES);
  });

  test("players start in the middle of a shape, moved by the offset of its layer", () => {
    const layer = objects("spawn", [rectangle(1, 1, 2, 1)], { offsetx: PIXELS });
    expect(spawnsOf(mapOf([FLOOR, layer]))).toEqual([[3, 1.5]]);
  });

  test("players start on the nameless objects of a layer named `player`", () => {
    const list = [point(1.5, 1.5), point(4.5, 2.5, { name: "bed" })];
    expect(spawnsOf(mapOf([FLOOR, objects("player", list)]))).toEqual([[1.5, 1.5]]);
  });

  test("players start on objects whose property `isSpawn` is true", () => {
    const list = [
      point(1.5, 1.5, { name: "a", properties: properties({ isSpawn: true }) }),
      point(4.5, 2.5, { name: "b", properties: properties({ isSpawn: false }) }),
    ];
    expect(spawnsOf(mapOf([FLOOR, objects("Objects", list)]))).toEqual([[1.5, 1.5]]);
  });
});

describe("tile layers:", () => {
  test.each(["start", "spawners", "Spawn", "spawn_tiles"])("players start on the tiles of a layer `%s`", (name) => {
    expect(spawnsOf(mapOf([FLOOR, tiles(name, ROWS)]))).toEqual(TILES);
  });

  test("players start on the tiles of a layer whose property `startLayer` is true", () => {
    const layer = tiles("from-north", ROWS, { properties: properties({ startLayer: true }) });
    expect(spawnsOf(mapOf([FLOOR, layer]))).toEqual(TILES);
  });

  test("players start on the layer named `start`, and not on another layer with the property `startLayer`", () => {
    const other = tiles("from-north", ["1.....", ...ROWS.slice(1)], { properties: properties({ startLayer: true }) });
    expect(spawnsOf(mapOf([FLOOR, other, tiles("start", ROWS)]))).toEqual(TILES);
  });
});

describe("properties of the map:", () => {
  test.each([
    ["in tiles", { "spawn-x": 3.5, "spawn-y": 1.25 }, [3.5, 1.25]],
    ["in whole tiles", { spawnX: 3, spawnY: 1 }, [3.5, 1.5]],
    ["in pixels", { start_x: 3.5 * PIXELS, start_y: 1.5 * PIXELS }, [3.5, 1.5]],
    ["as one text", { spawnpoint: "3,1" }, [3.5, 1.5]],
  ])("if the map's properties give a position %s, players start at this position", (_, values, expected) => {
    expect(spawnsOf(mapOf([FLOOR], {}, { properties: properties(values) }))).toEqual([expected]);
  });
});

describe("places:", () => {
  const walls = (rows: string[]) => tiles("collisions", rows);
  const corner = walls(["......", "......", "......", ".....1"]);

  test("on a map without any spawn, players start in the middle of the largest open area, with a warning", () => {
    const ground = groundOf(mapOf([walls(["..1...", "..1...", "111...", "..1..."])]));
    expect(ground.spawns).toEqual([{ x: 144, y: 48 }]);
    expect(ground.warnings).toEqual(['nothing says where players start; declare it as "sabang.spawn"']);
  });

  test("in the search for the largest open area, areas that touch only at a corner count as separate areas", () => {
    expect(spawnsOf(mapOf([walls(["..1111", ".11111", "11....", "11...."])]))).toEqual([[3.5, 2.5]]);
  });

  test("on a map without open tiles, players start where a body fits between partly solid tiles", () => {
    const boxes = [rectangle(0, 0, 0.5, 4), rectangle(1.5, 0, 4.5, 4)];
    expect(groundOf(mapOf([objects("collisions", boxes)])).spawns).toEqual([{ x: 36, y: 68 }]);
  });

  test("a spawn in a wall moves to the nearest place for a whole body, with a warning", () => {
    const map = mapOf([walls(["1.....", "......", "......", "......"]), objects("spawn", [point(0.5, 0.75)])]);
    const ground = groundOf(map);
    expect(ground.spawns).toEqual([{ x: 16, y: 44 }]);
    expect(ground.warnings).toEqual([
      "the spawn at (0.50, 0.75) is in a wall or outside the map: moved to (0.50, 1.38)",
    ]);
  });

  test("a spawn at the border of the map moves inwards by half a body", () => {
    expect(groundOf(mapOf([FLOOR, objects("spawn", [point(0, 2)])])).spawns).toEqual([{ x: 12, y: 64 }]);
  });

  test("a spawn far from open ground is left out, with a warning", () => {
    const map = mapOf([corner, objects("spawn", [point(-5, 1), point(2, 1)])]);
    const ground = groundOf(map);
    expect(ground.spawns).toEqual([{ x: 64, y: 32 }]);
    expect(ground.warnings[0]).toMatch(/left out, as no free place is near$/);
  });

  test("two spawns at the same place are both kept", () => {
    expect(spawnsOf(mapOf([FLOOR, objects("spawn", [point(2, 1), point(2, 1)])]))).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  test("only the first five of many warnings about spawns are shown, with the number of the other warnings", () => {
    const outside = Array.from({ length: 20 }, () => point(-1, 1));
    const { warnings } = groundOf(mapOf([corner, objects("spawn", outside)]));
    expect(warnings).toHaveLength(6);
    expect(warnings.at(-1)).toBe("and 15 more like these");
  });

  test("if a map has more than 4096 spawns, only the first 4096 are used, with a warning", () => {
    const many = Array.from({ length: 4097 }, () => point(2, 1));
    const ground = groundOf(mapOf([corner, objects("spawn", many)]));
    expect(ground.spawns).toHaveLength(4096);
    expect(ground.warnings).toEqual(["of its 4097 spawns, only the first 4096 are used"]);
  });
});
