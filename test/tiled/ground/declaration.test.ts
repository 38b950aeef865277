import { describe, expect, test } from "@jest/globals";
import { groundOf } from "../../../tiled/ground/ground.ts";
import { group, mapOf, objects, point, properties, rectangle, spawnsOf, tiles, wallsOf } from "./map-draft.ts";

const LAYERS = [
  tiles("ground", ["222222", "222222", "222222", "222232"]),
  group("upper", [
    tiles("houses", ["1.....", "......", "......", "......"]),
    tiles("trees", [".4....", "......", "......", "......"]),
  ]),
  tiles("houses", ["..1...", "......", "......", "......"]),
  objects("things", [
    rectangle(3, 0, 1, 1, { name: "desk", type: "furniture" }),
    rectangle(4, 0, 1, 1, { name: "plant", type: "furniture", properties: properties({ heavy: true }) }),
    point(1.5, 2.5, { name: "gate", type: "door", properties: properties({ entry: true }) }),
  ]),
];
const DETAILS = {
  1: { properties: properties({ status: "closed" }) },
  3: { properties: properties({ deep: true, status: "wet" }) },
  4: { objectgroup: objects("", [rectangle(0, 0, 0.5, 1)]) },
};
const map = (own: Record<string, unknown> = {}) => mapOf(LAYERS, DETAILS, { properties: properties(own) });

describe("walls:", () => {
  test.each([
    ["layer:houses", ["#.#...", "......", "......", "......"]],
    ["layer:upper/houses", ["#.....", "......", "......", "......"]],
    ["layer:upper", ["##....", "......", "......", "......"]],
    ["layer:#5", ["..#...", "......", "......", "......"]],
    ["layer:things", ["...##.", "......", "......", "......"]],
    ["object:desk", ["...#..", "......", "......", "......"]],
    ["class:furniture", ["...##.", "......", "......", "......"]],
    ["property:deep", ["......", "......", "......", "....#."]],
    ["property:heavy", ["....#.", "......", "......", "......"]],
    ["property:status=closed", ["#.#...", "......", "......", "......"]],
    ["property:status=closed in upper", ["#.....", "......", "......", "......"]],
    ["not-property:status=closed", [".#.###", "######", "######", "######"]],
    ["not-property:deep in ground", ["######", "######", "######", "####.#"]],
    ["shapes", [".+....", "......", "......", "......"]],
    ["shapes in trees", [".+....", "......", "......", "......"]],
    ["none", ["......", "......", "......", "......"]],
    ["layer:upper; object:desk", ["##.#..", "......", "......", "......"]],
    ["layer:upper\nobject:desk", ["##.#..", "......", "......", "......"]],
  ])("the declaration of walls %j has the same effect in a property of the map as in a file", (terms, expected) => {
    expect(wallsOf(map({ "sabang.walls": terms }))).toEqual(expected);
    expect(wallsOf(map(), { walls: terms })).toEqual(expected);
    expect(wallsOf(map(), { walls: [terms] })).toEqual(expected);
  });

  test("the map's property `sabang.walls` can be a list of terms", () => {
    const value = ["layer:trees", "object:desk"].map((term) => ({ type: "string", value: term }));
    const own = { properties: [{ name: "sabang.walls", type: "list", value }] };
    expect(wallsOf(mapOf(LAYERS, DETAILS, own))).toEqual([".#.#..", "......", "......", "......"]);
  });

  test("a list of terms declares the walls of all its terms; `auto` declares the walls that conventions find", () => {
    const layers = [...LAYERS, tiles("collisions", ["......", "......", "......", "1....."])];
    const both = mapOf(layers, DETAILS);
    expect(wallsOf(both, { walls: ["layer:trees"] })).toEqual([".#....", "......", "......", "......"]);
    expect(wallsOf(both, { walls: ["auto", "layer:trees"] })).toEqual([".#....", "......", "......", "#....."]);
  });

  test("a file that declares walls replaces the walls that the map's properties declare, but not the spawns", () => {
    const declared = map({ "sabang.walls": "layer:upper", "sabang.spawn": "at:1.5,2.5" });
    expect(wallsOf(declared, { walls: "layer:#5" })).toEqual(["..#...", "......", "......", "......"]);
    expect(spawnsOf(declared, { walls: "layer:#5" })).toEqual([[1.5, 2.5]]);
  });
});

describe("spawns:", () => {
  test.each([
    ["object:gate", [[1.5, 2.5]]],
    ["class:door", [[1.5, 2.5]]],
    ["property:entry", [[1.5, 2.5]]],
    ["property:status=wet", [[4.5, 3.5]]],
    ["layer:trees", [[1.5, 0.5]]],
    ["at:2.5,1", [[2.5, 1]]],
    [
      "at:1,1; at:3,3",
      [
        [1, 1],
        [3, 3],
      ],
    ],
  ])("the terms %j declare the same spawns in a property of the map and in a file", (terms, expected) => {
    expect(spawnsOf(map({ "sabang.spawn": terms, "sabang.walls": "none" }))).toEqual(expected);
    expect(spawnsOf(map(), { walls: "none", spawn: terms })).toEqual(expected);
  });

  test("the spawn `none` puts players in the middle of the largest open area, without a warning", () => {
    const ground = groundOf(map(), { walls: "none", spawn: "none" });
    expect(ground.spawns).toEqual([{ x: 80, y: 48 }]);
    expect(ground.warnings).toEqual([]);
  });
});

describe("problems:", () => {
  test.each<[unknown, string]>([
    [
      { walls: "layer:house" },
      'there is no layer "house"; layers: "ground", "upper", "upper/houses", "upper/trees", "houses", "things"',
    ],
    [
      { walls: "layer:#7" },
      'there is no layer "#7"; layers: "#1 ground", "#2 upper", "#3 upper/houses", "#4 upper/trees", "#5 houses", "#6 things"',
    ],
    [{ walls: "object:chair" }, 'there is no "chair" among the objects; objects: "desk", "plant", "gate"'],
    [
      { spawn: "class:start" },
      'there is no "start" among the classes of objects; classes of objects: "furniture", "door"',
    ],
    [
      { walls: "property:solid" },
      'no tile in use, object or layer has a true property "solid"; properties: "status", "deep", "heavy", "entry"',
    ],
    [
      { walls: "property:status=dry" },
      'no tile in use, object or layer has the property "status" with the value "dry"; properties: "status", "deep", "heavy", "entry"',
    ],
    [
      { walls: "property:deep in trees" },
      'no tile in use, object or layer has a true property "deep"; properties: "status", "deep"',
    ],
    [{ walls: "shapes in ground" }, "no tile in use has collision shapes; the map has no collision shapes"],
    [
      { walls: "wall:houses" },
      '"walls" in the declaration: "wall:houses" is unknown; a term begins with layer, object, class, property, not-property, shapes, auto, none',
    ],
    [{ spawn: "shapes" }, '"spawn" in the declaration: "shapes" is only for walls'],
    [{ walls: "at:4,7" }, '"walls" in the declaration: "at:4,7" is only for spawn'],
    [{ walls: "Layer:houses" }, '"walls" in the declaration: "Layer:houses" is unknown; did you mean layer?'],
    [{ Walls: "none" }, '"Walls" in the declaration is unknown; did you mean "walls"?'],
    [{ walls: "layer:Houses" }, 'there is no layer "Houses"; did you mean "houses"?'],
    [{ walls: "property:Heavy" }, 'no tile in use, object or layer has a true property "Heavy"; did you mean "heavy"?'],
    [
      { walls: "object:desk, object:plant" },
      'there is no "desk, object:plant" among the objects; separate terms by semicolons; objects: "desk", "plant", "gate"',
    ],
    [
      { walls: "auto, layer:houses" },
      '"walls" in the declaration: "auto, layer:houses" is incomplete; write auto; separate terms by semicolons',
    ],
    [{ walls: ["none", "auto"] }, '"walls" in the declaration has "none" and other terms; "none" must stand alone'],
    [
      { walls: "layer" },
      '"walls" in the declaration: "layer" is incomplete; write layer:NAME, layer:GROUP/NAME or layer:#PLACE',
    ],
    [{ spawn: "at:3" }, '"spawn" in the declaration: "at:3" is incomplete; write at:X,Y in tiles, such as at:3.5,4'],
    [{ walls: 3 }, '"walls" in the declaration must be a text or a list of texts'],
    [{ walls: [] }, '"walls" in the declaration is empty; write none or auto'],
    [{ walls: " ;\n" }, '"walls" in the declaration is empty; write none or auto'],
    [{ spawn: [""] }, '"spawn" in the declaration is empty; write none or auto'],
    [{ wall: "none" }, '"wall" in the declaration is unknown; expected "walls" or "spawn"'],
    [["none"], 'the declaration must be a JSON object, such as { "walls": ["layer:Walls"], "spawn": ["at:3,4"] }'],
  ])("groundOf refuses the declaration %j with a message that says what would be valid", (declaration, problem) => {
    expect(groundOf(map(), declaration).problems).toEqual([problem]);
  });

  test("groundOf refuses an unknown property of the map that begins with `sabang.`", () => {
    expect(groundOf(map({ "sabang.solid": "none" })).problems).toEqual([
      'the map\'s property "sabang.solid" is unknown; expected "walls" or "spawn"',
    ]);
  });

  test.each(["sabang.walls", "sabang.spawn"])("groundOf refuses an empty property %s of the map", (name) => {
    expect(groundOf(map({ [name]: "" })).problems).toEqual([
      `the map's property "${name}" is empty; write none or auto`,
    ]);
  });

  test("groundOf refuses the map's property `Sabang.Walls`, because its name has capital letters", () => {
    expect(groundOf(map({ "Sabang.Walls": "none" })).problems).toEqual([
      'the map\'s property "Sabang.Walls" is unknown; did you mean "sabang.walls"?',
    ]);
  });

  test.each([
    ["property:collides", 'a true property "collides"', "properties"],
    ["shapes", "collision shapes", "shapes"],
  ])("the error for a term that matches nothing mentions an unavailable tileset: %s", (walls, missing, unknown) => {
    const withLost = mapOf(LAYERS.slice(0, 1), {}, { tilesets: [{ firstgid: 1, source: "lost.tsx" }] });
    expect(groundOf(withLost, { walls }).problems[0]).toMatch(
      new RegExp(`has ${missing}; the tileset "[^"]*lost[^"]*" is not available, so its ${unknown} are unknown; `),
    );
  });

  test("groundOf reports the problems of declared walls and of declared spawns together", () => {
    expect(groundOf(map(), { walls: "layer:house", spawn: "layer:start" }).problems).toHaveLength(2);
  });

  test("the message of a problem names at most twelve existing layers, and gives the number of the other layers", () => {
    const many = Array.from({ length: 15 }, (_, index) =>
      tiles(`layer ${index}`, ["......", "......", "......", "......"]),
    );
    expect(groundOf(mapOf(many), { walls: "layer:x" }).problems[0]).toMatch(/"layer 11" and 3 more$/);
  });
});
