// cspell:words Colission Kollision colisi collidable noncollidable offsetx offsety unwalkable inwall
import { describe, expect, test } from "@jest/globals";
import { groundOf } from "../../../tiled/ground/ground.ts";
import { group, mapOf, objects, PIXELS, point, properties, rectangle, tiles, wallsOf } from "./map-draft.ts";

const OPEN = ["......", "......", "......", "......"];
const FLOOR_ROWS = ["222222", "222222", "222222", "222222"];
const FLOOR = tiles("floor", FLOOR_ROWS);
const ROWS = ["1.....", "......", "......", ".....1"];
const WALLS = ["#.....", "......", "......", ".....#"];

describe("properties of tiles:", () => {
  test.each([
    ["collides", true],
    ["collides", "true"],
    ["Collides", 1],
    ["collide", true],
    ["ge_collide", true],
    ["isSolid", true],
    ["collidable", true],
    ["blocked", true],
    ["impassable", true],
    ["walkable", false],
    ["status", "unpassable"],
  ])("a tile is solid in every layer if its property `%s` is %p", (name, value) => {
    const map = mapOf([FLOOR, tiles("decor", ROWS)], { 1: { properties: properties({ [name]: value }) } });
    expect(wallsOf(map)).toEqual(WALLS);
  });

  test.each([
    ["collides", false],
    ["collides", "false"],
    ["collides", ""],
    ["height", true],
    ["terrain", "grass"],
  ])("a tile is not solid if its property `%s` is %p", (name, value) => {
    const map = mapOf([FLOOR, tiles("decor", ROWS)], { 1: { properties: properties({ [name]: value }) } });
    expect(wallsOf(map)).toEqual(OPEN);
  });

  test("a tile is not solid if one of its properties declares it solid and another declares it open", () => {
    const map = mapOf([tiles("decor", ROWS)], { 1: { properties: properties({ collides: false, ge_collide: true }) } });
    expect(wallsOf(map)).toEqual(OPEN);
  });

  test("only the tiles whose property `walkable` is true are open if a map has such tiles and no walls", () => {
    const map = mapOf([FLOOR, tiles("navigation", ["......", ".1111.", ".1111.", "......"])], {
      1: { properties: properties({ walkable: true }) },
    });
    expect(wallsOf(map)).toEqual(["######", "#....#", "#....#", "######"]);
  });

  test("a tile object whose tile has the property `collides` is not solid, because the property is for tile layers", () => {
    const tile = { gid: 1, x: 2 * PIXELS, y: 2 * PIXELS, width: PIXELS, height: PIXELS };
    const map = mapOf([tiles("decor", ROWS), objects("things", [tile])], {
      1: { properties: properties({ collides: true }) },
    });
    expect(wallsOf(map)).toEqual(WALLS);
  });
});

describe("tile layers whose names mean collision:", () => {
  test.each([
    "collision",
    "Collisions",
    "Collision Layer",
    "collidable",
    "wallsCollide",
    "blockedLayer",
    "block2",
    "obstacles_layer",
    "Solid",
    "unwalkable",
    "not walkable",
    "Kollision",
    "colisión",
    "Colission",
    "충돌",
  ])("every tile of a layer named `%s` is solid", (name) => {
    expect(wallsOf(mapOf([FLOOR, tiles(name, ROWS)]))).toEqual(WALLS);
  });

  test.each(["Coliseum", "rocks", "upper"])(
    "no tile of a layer named `%s` is solid, because the name does not mean walls or collisions",
    (name) => {
      expect(wallsOf(mapOf([FLOOR, tiles(name, ROWS)]))).toEqual(OPEN);
    },
  );

  test("every tile of a hidden layer named `collisions` is solid", () => {
    expect(wallsOf(mapOf([FLOOR, tiles("collisions", ROWS, { visible: false })]))).toEqual(WALLS);
  });

  test("every tile of both layers is solid if two layers are named `collision`", () => {
    const other = tiles("collision", ["....1.", "......", "......", "......"]);
    expect(wallsOf(mapOf([FLOOR, tiles("collision", ROWS), other]))).toEqual(["#...#.", "......", "......", ".....#"]);
  });

  test("every tile of the layers in a group named `collisions` is solid", () => {
    expect(wallsOf(mapOf([FLOOR, group("collisions", [tiles("upper", ROWS)])]))).toEqual(WALLS);
  });

  test("if some tiles of a layer named `collisions` have the property `collides`, only these tiles are solid", () => {
    const carpets = tiles("collisions", ["133333", "......", "......", "....31"]);
    expect(wallsOf(mapOf([FLOOR, carpets], { 1: { properties: properties({ collides: true }) } }))).toEqual(WALLS);
  });

  test("a tile whose property `collides` is false is open, even in a layer named `collisions`", () => {
    const layer = tiles("collisions", ["13....", "......", "......", ".....1"]);
    expect(wallsOf(mapOf([FLOOR, layer], { 3: { properties: properties({ collides: false }) } }))).toEqual(WALLS);
  });

  test.each(["wallsNoCollide", "no collision", "noncollidable", "not solid"])(
    "a layer named `%s` is not solid, because the name says so",
    (name) => {
      const ground = groundOf(mapOf([FLOOR, tiles(name, ROWS)]));
      expect(ground.solid).not.toContain(1);
      expect(ground.leftOut).toEqual([`layer "${name}": the name says that it is not solid`]);
    },
  );

  test("the walls of a layer are moved by the layer's offset, rounded to a quarter of a tile", () => {
    const map = mapOf([
      tiles("collisions", ["1.....", "......", "......", "......"], { offsetx: PIXELS / 2, offsety: 1 }),
    ]);
    expect(wallsOf(map)).toEqual(["++....", "......", "......", "......"]);
  });
});

describe("properties of layers and objects:", () => {
  test("every tile of a layer is solid if the layer's property `collider` is true", () => {
    const layers = [FLOOR, tiles("rocks", ROWS, { properties: properties({ collider: true }) })];
    expect(wallsOf(mapOf(layers))).toEqual(WALLS);
  });

  test("every tile of the layers in a group is solid if the group's property `collides` is true", () => {
    const rocks = group("rocks", [tiles("small", ROWS)], { properties: properties({ collides: true }) });
    expect(wallsOf(mapOf([FLOOR, rocks]))).toEqual(WALLS);
  });

  test("a layer whose property `collides` is false is not solid, whatever its name and its tiles say", () => {
    const layer = tiles("collisions", ROWS, { properties: properties({ collides: false }) });
    expect(wallsOf(mapOf([FLOOR, layer], { 1: { properties: properties({ collides: true }) } }))).toEqual(OPEN);
  });

  test("an object is solid if its property `collides` is true, and other objects of the layer are open", () => {
    const layer = objects("things", [
      rectangle(0, 0, 1, 1, { properties: properties({ collides: true }) }),
      rectangle(2, 0, 1, 1, { properties: properties({ collides: false }) }),
      rectangle(4, 0, 1, 1),
    ]);
    expect(wallsOf(mapOf([FLOOR, layer]))).toEqual(["#.....", "......", "......", "......"]);
  });

  test("an object named `wall` and an object of the class `Collision` are solid, and an object named `door` is not", () => {
    const layer = objects("things", [
      rectangle(0, 0, 1, 1, { name: "wall" }),
      rectangle(2, 0, 1, 1, { type: "Collision" }),
      rectangle(4, 0, 1, 1, { name: "door" }),
    ]);
    expect(wallsOf(mapOf([FLOOR, layer]))).toEqual(["#.#...", "......", "......", "......"]);
  });
});

describe("object layers:", () => {
  test.each(["collision", "Collision Boxes", "collide", "boundaries", "obstacles", "ObjectsOnCollide", "Walls"])(
    "the shapes of a layer named `%s` are solid",
    (name) => {
      const layer = objects(name, [rectangle(0, 0, 1, 1), rectangle(5, 3, 1, 1, { name: "desk" })]);
      expect(wallsOf(mapOf([FLOOR, layer]))).toEqual(WALLS);
    },
  );

  test("an object whose property `collides` is false is open, even in a layer named `collision`", () => {
    const open = rectangle(2, 2, 1, 1, { properties: properties({ collides: false }) });
    const layer = objects("collision", [rectangle(0, 0, 1, 1), rectangle(5, 3, 1, 1), open]);
    expect(wallsOf(mapOf([FLOOR, layer]))).toEqual(WALLS);
  });

  test("points and texts are not solid, even in an object layer named `collision`", () => {
    const text = rectangle(2, 2, 1, 1, { text: { text: "mind the step" } });
    expect(wallsOf(mapOf([FLOOR, objects("collision", [point(1, 1), text])]))).toEqual(OPEN);
  });

  test("tile objects in a layer named `Wall` are not solid, because they are only pictures of walls", () => {
    const tile = { gid: 1, x: 0, y: PIXELS, width: PIXELS, height: PIXELS };
    expect(wallsOf(mapOf([FLOOR, objects("Wall", [tile])]))).toEqual(OPEN);
  });
});

describe("conventions that apply only if no stronger convention finds walls:", () => {
  test.each(["Walls", "wallsLayer", "WallLayer1", "fences", "mur", "벽"])(
    "every tile of a layer named `%s` is solid if no stronger convention finds walls",
    (name) => {
      expect(wallsOf(mapOf([FLOOR, tiles(name, ROWS)]))).toEqual(WALLS);
    },
  );

  test("a tile layer named `walls` is not solid on a map with a tile layer named `collisions`", () => {
    const ground = groundOf(mapOf([tiles("walls", FLOOR_ROWS), tiles("collisions", ROWS)]));
    expect(ground.leftOut).toEqual(['layer "walls": named after walls, but clearer walls exist']);
    expect(wallsOf(mapOf([tiles("walls", FLOOR_ROWS), tiles("collisions", ROWS)]))).toEqual(WALLS);
  });

  test.each(["torch on the wall", "Wall Street", "inwall", "Blocked door", "solid gold"])(
    "an object named `%s` is solid, and so is a tile layer named `walls` on the same map",
    (name) => {
      const things = objects("things", [rectangle(2, 2, 1, 1, { name })]);
      const map = mapOf([FLOOR, tiles("walls", ROWS), things]);
      expect(wallsOf(map)).toEqual(["#.....", "......", "..#...", ".....#"]);
      expect(groundOf(map).leftOut).toEqual([]);
    },
  );

  test("an object of the class `collision` makes a tile layer named `walls` open, but not an object named `wall`", () => {
    const things = [rectangle(0, 1, 1, 1, { type: "collision" }), rectangle(1, 1, 1, 1, { name: "wall" })];
    const map = mapOf([FLOOR, tiles("walls", ROWS), objects("things", things)]);
    expect(wallsOf(map)).toEqual(["......", "##....", "......", "......"]);
  });

  test("shapes without a name, class or properties are solid if they are at least half of a layer's objects", () => {
    const plain = [0, 1, 2, 3].map((x) => rectangle(x, 0, 1, 1));
    expect(wallsOf(mapOf([FLOOR, objects("Objects", [...plain, rectangle(5, 3, 1, 1, { name: "shop" })])]))).toEqual([
      "####..",
      "......",
      "......",
      "......",
    ]);
    const named = [0, 1, 2, 3, 4].map((x) => rectangle(x, 2, 1, 1, { name: "shop" }));
    expect(wallsOf(mapOf([FLOOR, objects("Objects", [...plain, ...named])]))).toEqual(OPEN);
  });

  test("the collision shapes of tiles are solid if the map has no other walls", () => {
    const left = { objectgroup: objects("", [{ x: 0, y: 0, width: PIXELS / 2, height: PIXELS }]) };
    expect(wallsOf(mapOf([FLOOR, tiles("trees", ROWS)], { 1: left }))).toEqual([
      "+.....",
      "......",
      "......",
      ".....+",
    ]);
    expect(
      wallsOf(mapOf([FLOOR, tiles("trees", ROWS), tiles("collisions", ["..2...", ...OPEN.slice(1)])], { 1: left })),
    ).toEqual(["..#...", "......", "......", "......"]);
  });

  test("a map without any walls is open, with a warning", () => {
    const ground = groundOf(mapOf([FLOOR]));
    expect(ground.solid).not.toContain(1);
    expect(ground.warnings).toContain('nothing on it is solid; declare its walls as "sabang.walls"');
  });
});

test("groundOf returns the reason for each wall", () => {
  const layers = [FLOOR, tiles("collisions", ROWS), objects("boundaries", [rectangle(0, 0, 1, 1)])];
  expect(groundOf(mapOf(layers)).rules.slice(0, 2)).toEqual([
    'walls: 2 tiles of layer "collisions": the name of the layer',
    'walls: 1 object of layer "boundaries": the name of the layer',
  ]);
});

test("groundOf refuses a map that is not orthogonal", () => {
  const map = mapOf([FLOOR], {}, { orientation: "isometric" });
  const ground = groundOf(map);
  expect(ground.problems).toEqual(["it is isometric; only orthogonal maps can be played on"]);
  expect(ground.solid).toHaveLength(0);
});

test("groundOf refuses a map without room for a body", () => {
  const full = tiles("collisions", FLOOR_ROWS);
  expect(groundOf(mapOf([full])).problems).toEqual(["a body of 24 units fits nowhere on it"]);
});
