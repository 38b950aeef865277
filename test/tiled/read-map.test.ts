// Tests what the reader returns for a map. formats.test.ts tests that the result does not depend on the file format.
import { describe, expect, test } from "@jest/globals";
import { type Json, TOWN, TOWN_FILES } from "../../bench/stress/map-fuzz/town.ts";
import { allLayers } from "../../tiled/all-layers.ts";
import { tileNumber, tileOf, turnOf } from "../../tiled/gid.ts";
import type { Layer, MapObject, Properties, TiledMap, TileLayer } from "../../tiled/model.ts";
import { read } from "./read.ts";

const town = read(TOWN, TOWN_FILES);

/** Returns a map of 2 x 2 tiles with some fields replaced. */
function small(fields: Json): Json {
  const size = { width: 2, height: 2, tilewidth: 16, tileheight: 16 };
  return { orientation: "orthogonal", ...size, tilesets: [{ firstgid: 1, name: "set" }], layers: [], ...fields };
}

const tiles = (fields: Json): Json => ({ type: "tilelayer", name: "tiles", width: 2, height: 2, ...fields });
const objects = (...list: Json[]): Json => ({ type: "objectgroup", name: "things", objects: list });

const base64 = (...gids: number[]): string => Buffer.from(Uint32Array.from(gids).buffer).toString("base64");

function layer<T extends Layer["type"]>(map: TiledMap, path: string, type: T): Extract<Layer, { type: T }> {
  return allLayers(map.layers).find((each) => each.path === path && each.type === type) as Extract<Layer, { type: T }>;
}

function rows(map: TiledMap, { gids }: TileLayer): number[][] {
  return Array.from({ length: map.height }, (_, y) => [...gids.subarray(y * map.width, (y + 1) * map.width)]);
}

/** Returns the first object of a map with one layer of objects. */
function object(fields: Json, others: Json = {}): MapObject {
  return layer(read(small({ layers: [objects(fields)], ...others })), "things", "object").objects[0]!;
}

const plain = (properties: Properties): Json =>
  Object.fromEntries([...properties].map(([name, { type, value }]) => [name, [type, value]]));

describe("reading the map TOWN:", () => {
  test("the result has the settings of the map, and a warning about its missing tileset", () => {
    expect(town).toMatchObject({
      class: "village",
      orientation: "orthogonal",
      renderOrder: "left-up",
      width: 4,
      height: 3,
      tileWidth: 16,
      tileHeight: 16,
      origin: { x: 0, y: 0 },
      backgroundColor: { red: 1, green: 0, blue: 0.2, alpha: 128 / 255 },
      parallaxOrigin: { x: 8, y: 0 },
      files: ["sets/trees.tsj", "templates/chest.tj"],
      warnings: ['tileset "gone.tsx" is not available: there is no such file'],
    });
  });

  test("the result has custom properties of all types", () => {
    expect(plain(town.properties)).toEqual({
      이름: ["string", "사방 <&> \"'"],
      lines: ["string", "one\ntwo"],
      open: ["bool", true],
      closed: ["string", "true"],
      depth: ["int", -3],
      wind: ["float", 0.5],
      sky: ["color", "#ff336699"],
      music: ["file", "theme.ogg"],
      door: ["object", 7],
      owner: [
        "class",
        new Map<string, unknown>([
          ["name", { type: "string", value: "Ana" }],
          ["age", { type: "int", value: 40 }],
          ["house", { type: "class", value: new Map([["rooms", { type: "float", value: 2.5 }]]) }],
        ]),
      ],
      prices: [
        "list",
        [
          { type: "int", value: 1 },
          { type: "list", value: [{ type: "string", value: "two" }] },
        ],
      ],
    });
  });

  test("the result has the layers of groups, and combines their settings with the settings of the groups", () => {
    expect(allLayers(town.layers).map(({ type, id, path }) => [type, id, path])).toEqual([
      ["tile", 1, "바닥"],
      ["group", 2, "House"],
      ["tile", 3, "House/Walls"],
      ["object", 4, "House/Walls"],
      ["image", 5, "Sky"],
      ["object", 6, "Things"],
    ]);
    const walls = layer(town, "House/Walls", "tile");
    expect(walls).toMatchObject({
      name: "Walls",
      own: { visible: true, opacity: 0.5, offset: { x: 1, y: 1 }, parallax: { x: 1, y: 1 } },
      effective: { visible: false, opacity: 0.25, offset: { x: 9, y: -3 }, parallax: { x: 0.5, y: 1 } },
    });
    expect(walls.effective.tint).toEqual({ red: 0, green: 0, blue: 0, alpha: 128 / 255 });
    expect(plain(walls.properties)).toEqual({ collides: ["bool", false] });
    expect(layer(town, "House", "group").class).toBe("building");
  });

  test("the result has the four flags of each tile", () => {
    const ground = layer(town, "바닥", "tile");
    expect(rows(town, ground)).toEqual([
      [1, 2, 3, 0],
      [0x80000001, 0x40000002, 0x20000003, 0x10000004],
      [0xf0000008, 9, 14, 120],
    ]);
    expect([...ground.gids].map(tileNumber)).toEqual([1, 2, 3, 0, 1, 2, 3, 4, 8, 9, 14, 120]);
    const flags = [...ground.gids.subarray(3, 9)].map((gid) => Object.values(turnOf(gid)));
    expect(flags).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [false, true, false, false],
      [false, false, true, false],
      [false, false, false, true],
      [true, true, true, true],
    ]);
  });

  test("the result lists a tileset from the map's file, a tileset from its own file, and a tileset whose file is missing", () => {
    const [ground, trees, gone] = town.tilesets;
    expect(ground).toMatchObject({
      ...{ firstGid: 1, name: "ground", class: "terrain", source: undefined, missing: false },
      ...{ tileWidth: 16, tileHeight: 16, margin: 2, spacing: 1, columns: 4, tileCount: 8 },
      ...{ tileOffset: { x: 1, y: -2 }, objectAlignment: "unspecified", fitsGrid: true, keepsAspect: true },
      image: { source: "images/ground.png", width: 71, height: 37, transparentColor: { red: 1, green: 0, blue: 1 } },
    });
    expect([...ground!.tiles.keys()]).toEqual([1, 2, 3]);
    expect(ground!.tiles.get(1)).toMatchObject({ class: "wall", animation: [], shapes: [], image: undefined });
    expect(plain(ground!.tiles.get(1)!.properties)).toEqual({ collides: ["bool", true] });
    expect(ground!.tiles.get(2)!.animation).toEqual([
      { tileId: 2, duration: 100 },
      { tileId: 3, duration: 250 },
    ]);
    expect(ground!.tiles.get(3)!.shapes).toMatchObject([{ shape: "rectangle", x: 2, y: 3, width: 4, height: 5 }]);
    expect(trees).toMatchObject({
      ...{ firstGid: 9, name: "trees", source: "sets/trees.tsj", missing: false, objectAlignment: "bottom" },
      ...{ tileWidth: 32, tileHeight: 48, tileCount: 2, columns: 0, image: undefined },
    });
    expect(trees!.tiles.get(0)).toMatchObject({ class: "oak", image: { source: "images/oak.png" }, area: undefined });
    expect(trees!.tiles.get(5)).toMatchObject({
      image: { source: "sets/pine.png", width: 64, height: 64 },
      area: { x: 32, y: 16, width: 32, height: 48 },
    });
    expect(gone).toMatchObject({ firstGid: 100, name: "gone", source: "gone.tsx", missing: true, tileCount: 0 });
  });

  test("tileOf returns the tile with the given global tile id", () => {
    expect(tileOf(town, 0x80000002)).toMatchObject({ tileset: { name: "ground" }, id: 1, tile: { class: "wall" } });
    expect(tileOf(town, 9)).toMatchObject({ tileset: { name: "trees" }, id: 0, tile: { class: "oak" } });
    expect(tileOf(town, 120)).toMatchObject({ tileset: { name: "gone" }, id: 20, tile: undefined });
    expect(tileOf(town, 0)).toBeUndefined();
    expect(tileOf({ tilesets: town.tilesets.slice(1) }, 3)).toBeUndefined();
  });

  test("the result has an image layer with its image, its offset and its repetition", () => {
    expect(layer(town, "Sky", "image")).toMatchObject({
      image: { source: "images/sky.png", width: 320, height: 200 },
      ...{ x: 0, y: 0, repeatX: true, repeatY: false },
      own: { offset: { x: 3, y: 0 } },
    });
  });

  test("the result has objects of all shapes", () => {
    const { objects, sortedByY } = layer(town, "Things", "object");
    expect(sortedByY).toBe(true);
    expect(layer(town, "House/Walls", "object").sortedByY).toBe(false);
    expect(objects.map(({ id, shape }) => [id, shape])).toEqual([
      [1, "rectangle"],
      [2, "ellipse"],
      [3, "capsule"],
      [4, "point"],
      [5, "polygon"],
      [6, "polyline"],
      [7, "tile"],
      [8, "text"],
      [9, "tile"],
    ]);
    const [door, ellipse, capsule, start, polygon, polyline, pine, text] = objects;
    expect(door).toMatchObject({ name: "door", class: "portal", x: 16, y: 8, width: 16, height: 4.5, rotation: 45 });
    expect([door!.visible, ellipse!.visible, capsule!.opacity]).toEqual([true, false, 0.25]);
    expect(start).toMatchObject({ name: "시작", class: "spawn", x: 24, y: 24, points: [] });
    expect(polygon!.points).toEqual([
      { x: 0, y: 0 },
      { x: 8.5, y: -4 },
      { x: 8, y: 8 },
    ]);
    expect(polyline!.points).toHaveLength(2);
    expect(pine).toMatchObject({ gid: 0x8000000e, width: 32, height: 48 });
    expect(text!.text).toMatchObject({
      ...{ content: "Hello,\n마을", fontFamily: "serif", pixelSize: 12, wrap: true, bold: true, italic: false },
      ...{ color: { red: 1, green: 0, blue: 0, alpha: 1 }, horizontalAlignment: "center", verticalAlignment: "top" },
    });
  });

  test("an object from a template has its own and the template's properties, and its tile id refers to a tileset of the map", () => {
    const chest = layer(town, "Things", "object").objects.at(-1)!;
    expect(chest).toMatchObject({ id: 9, name: "chest", class: "container", x: 32, y: 32, width: 32, height: 48 });
    expect(tileOf(town, chest.gid)).toMatchObject({ tileset: { name: "trees" }, id: 5 });
    expect(turnOf(chest.gid).flippedHorizontally).toBe(true);
    expect(plain(chest.properties)).toEqual({ gold: ["int", 99], locked: ["bool", false] });
  });
});

describe("infinite maps:", () => {
  const chunk = (x: number, y: number, data: number[]): Json => ({ x, y, width: 2, height: 2, data });
  const infinite = small({
    infinite: true,
    layers: [
      tiles({ name: "one", chunks: [chunk(-2, 0, [1, 2, 3, 4]), chunk(2, 2, [5, 6, 7, 8])] }),
      { type: "group", name: "group", layers: [tiles({ name: "two", chunks: [chunk(0, -2, [9, 9, 0, 0])] })] },
      tiles({ name: "empty", chunks: [] }),
      objects({ id: 1, x: -32, y: 16 }),
      { type: "imagelayer", name: "image", image: "image.png", offsetx: 1 },
    ],
  });

  test("an infinite map has the bounds of the chunks of all layers, and its coordinates start at the upper left corner of these bounds", () => {
    const map = read(infinite);
    expect(map).toMatchObject({ width: 6, height: 6, origin: { x: -2, y: -2 }, warnings: [] });
    const empty = [0, 0, 0, 0, 0, 0];
    expect(rows(map, layer(map, "one", "tile"))).toEqual([
      ...[empty, empty],
      ...[
        [1, 2, 0, 0, 0, 0],
        [3, 4, 0, 0, 0, 0],
      ],
      ...[
        [0, 0, 0, 0, 5, 6],
        [0, 0, 0, 0, 7, 8],
      ],
    ]);
    expect(rows(map, layer(map, "group/two", "tile"))).toEqual([[0, 0, 9, 9, 0, 0], empty, empty, empty, empty, empty]);
    expect(rows(map, layer(map, "empty", "tile"))).toEqual([empty, empty, empty, empty, empty, empty]);
    expect(layer(map, "things", "object").objects[0]).toMatchObject({ x: 0, y: 48 });
    expect(layer(map, "image", "image")).toMatchObject({ x: 32, y: 32, own: { offset: { x: 1, y: 0 } } });
  });

  test("an infinite map without chunks has the size that its file gives", () => {
    const map = read(small({ infinite: 1, layers: [tiles({ chunks: [] })] }));
    expect(map).toMatchObject({ width: 2, height: 2, origin: { x: 0, y: 0 } });
  });

  test("in an isometric infinite map, places are shifted by multiples of the tile height on both axes", () => {
    const map = read({ ...infinite, orientation: "isometric", tilewidth: 32 });
    expect(layer(map, "things", "object").objects[0]).toMatchObject({ x: 0, y: 48 });
  });
});

describe("files of different versions of Tiled:", () => {
  test.each([
    ["`type` until 1.8, and since 1.10", { type: "door" }],
    ["`class` in 1.9", { class: "door" }],
    ["`class` if a file has both", { type: "window", class: "door" }],
  ])("the class of an object is read from %s", (_, fields) => {
    expect(object(fields).class).toBe("door");
  });

  test("in files of Tiled 1.9, the class of a tile is read from `class`", () => {
    const map = read(small({ tilesets: [{ firstgid: 1, tiles: [{ id: 4, class: "wall" }] }] }));
    expect(map.tilesets[0]!.tiles.get(4)!.class).toBe("wall");
  });

  test("in files from before Tiled 1.2, properties are read from an object, and their types from a second object", () => {
    const properties = { collides: true, name: "x", cost: 2, speed: 0.5, tint: "#ff0000" };
    const map = read(small({ properties, propertytypes: { tint: "color", cost: "float" } }));
    expect(plain(map.properties)).toEqual({
      ...{ collides: ["bool", true], name: ["string", "x"], cost: ["float", 2] },
      ...{ speed: ["float", 0.5], tint: ["color", "#ff0000"] },
    });
  });

  test("in files from before Tiled 1.2, tiles are read from up to three objects, whose keys are tile ids", () => {
    const set = {
      firstgid: 1,
      tiles: { 0: { animation: [{ tileid: 1, duration: 100 }] }, 3: { terrain: [0, 0, 0, 0] } },
      tileproperties: { 3: { collides: "true", height: 2 } },
      tilepropertytypes: { 3: { collides: "bool" } },
    };
    const { tiles } = read(small({ tilesets: [set] })).tilesets[0]!;
    expect([...tiles.keys()]).toEqual([0, 3]);
    expect(tiles.get(0)!.animation).toHaveLength(1);
    expect(plain(tiles.get(3)!.properties)).toEqual({ collides: ["bool", true], height: ["int", 2] });
  });

  test("in files from before Tiled 1.1, the properties of a tile are also read from its collision shapes", () => {
    const objectgroup = { objects: [], properties: [{ name: "solid", type: "bool", value: true }] };
    const map = read(small({ tilesets: [{ firstgid: 1, tiles: [{ id: 0, objectgroup }] }] }));
    expect(plain(map.tilesets[0]!.tiles.get(0)!.properties)).toEqual({ solid: ["bool", true] });
  });

  test("in files from before Tiled 0.13, the number of tiles is computed from the size of the image", () => {
    const image = { image: "a.png", imagewidth: 71, imageheight: 40, margin: 2, spacing: 1 };
    const map = read(small({ tilesets: [{ firstgid: 1, tilewidth: 16, tileheight: 16, ...image }] }));
    expect(map.tilesets[0]).toMatchObject({ columns: 4, tileCount: 8 });
  });

  test("in files from before Tiled 0.12, a tile object has the size of its tile", () => {
    const tilesets = [
      { firstgid: 1, tilewidth: 20, tileheight: 30 },
      { firstgid: 5, tilewidth: 9, tileheight: 9, tiles: [{ id: 0, image: "a.png", imagewidth: 7, imageheight: 8 }] },
    ];
    expect(object({ gid: 3 }, { tilesets })).toMatchObject({ width: 20, height: 30 });
    expect(object({ gid: 5 }, { tilesets })).toMatchObject({ width: 7, height: 8 });
    expect(object({ gid: 3, width: 4, height: 5 }, { tilesets })).toMatchObject({ width: 4, height: 5 });
  });

  test("in files from before Tiled 0.15, the place of an image layer is read from `x` and `y`", () => {
    const map = read(small({ layers: [{ type: "imagelayer", name: "image", image: "a.png", x: 5, y: 6 }] }));
    expect(layer(map, "image", "image")).toMatchObject({ x: 5, y: 6 });
  });

  test("an XML file of Tiled 0.9 can be read", () => {
    const map = read(`<?xml version="1.0" encoding="UTF-8"?>
<map version="1.0" orientation="orthogonal" width="2" height="1" tilewidth="16" tileheight="16">
 <properties><property name="spawn-x" value="3"/></properties>
 <tileset firstgid="1" name="old" tilewidth="16" tileheight="16">
  <image source="old.png" trans="ff00ff" width="32" height="16"/>
  <terraintypes><terrain name="Name" tile="1"/></terraintypes>
  <tile id="1" terrain="0,0,0,0"><properties><property name="solid" value="1"/></properties></tile>
 </tileset>
 <layer name="ground" width="2" height="1"><data encoding="base64">${base64(1, 2)}</data></layer>
 <objectgroup name="things" width="2" height="1">
  <object name="tree" gid="2" x="0" y="16"/>
  <object x="1" y="2" width="3" height="4"><ellipse/></object>
 </objectgroup>
</map>`);
    expect(plain(map.properties)).toEqual({ "spawn-x": ["string", "3"] });
    expect(rows(map, layer(map, "ground", "tile"))).toEqual([[1, 2]]);
    expect(map.tilesets[0]).toMatchObject({ columns: 2, tileCount: 2 });
    expect(map.tilesets[0]!.image!.transparentColor).toEqual({ red: 1, green: 0, blue: 1, alpha: 1 });
    expect(plain(map.tilesets[0]!.tiles.get(1)!.properties)).toEqual({ solid: ["string", "1"] });
    expect(layer(map, "things", "object").objects).toMatchObject([
      { shape: "tile", gid: 2, width: 16, height: 16 },
      { shape: "ellipse", width: 3 },
    ]);
  });
});

describe("unusual maps:", () => {
  test("a map can have layers with different encodings", () => {
    const layers = [
      tiles({ name: "csv", encoding: "csv", data: "1,2,\n3,4\n" }),
      tiles({ name: "base64", encoding: "base64", compression: "", data: base64(1, 2, 3, 4) }),
      tiles({ name: "list", data: [1, 2, 3, 4] }),
    ];
    const map = read(small({ layers }));
    expect(map.layers.map((each) => [...(each as TileLayer).gids])).toEqual(Array(3).fill([1, 2, 3, 4]));
  });

  test("a map can have several layers with the same name, and objects without a name", () => {
    const map = read(small({ layers: [tiles({ data: [1, 1, 1, 1] }), tiles({ data: [2, 2, 2, 2] }), objects({})] }));
    expect(map.layers.map(({ path }) => path)).toEqual(["tiles", "tiles", "things"]);
    expect(layer(map, "things", "object").objects[0]).toMatchObject({ id: 0, name: "", class: "", shape: "rectangle" });
  });

  test("a layer that is smaller or larger than the map, or has no tile data, is read with a warning", () => {
    const layers = [
      tiles({ name: "a", width: 1, height: 1, data: [1] }),
      tiles({ name: "b", width: 3, height: 3, data: [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
      tiles({ name: "c" }),
    ];
    const map = read(small({ layers }));
    expect(map.layers.map((each) => [...(each as TileLayer).gids])).toEqual([
      [1, 0, 0, 0],
      [1, 2, 4, 5],
      [0, 0, 0, 0],
    ]);
    expect(map.warnings).toEqual([
      'layer "a" is 1 x 1 tiles, but the map is 2 x 2',
      'layer "b" is 3 x 3 tiles, but the map is 2 x 2',
      'layer "c" has no tile data',
    ]);
  });

  test("a template can have a tileset that the map does not use", () => {
    const template = { object: { gid: 3 }, tileset: { firstgid: 1, source: "../set.tsj" } };
    const files = { "chests/chest.tj": template, "set.tsj": { name: "chests", tilecount: 4, tiles: [] } };
    const map = read(
      small({ layers: [objects({ template: "chests/chest.tj" }, { template: "chests/chest.tj" })] }),
      files,
    );
    const [first, second] = layer(map, "things", "object").objects;
    expect(map.tilesets).toHaveLength(2);
    expect(tileOf(map, first!.gid)).toMatchObject({ tileset: { name: "chests", source: "set.tsj" }, id: 2 });
    expect(second!.gid).toBe(first!.gid);
  });

  test("a property can be a list, a class (an object without a type) or text (a number of the type `string`)", () => {
    const properties = { list: [1, "two"], empty: { type: "x" }, text: 5, nothing: null };
    expect(plain(read(small({ properties, propertytypes: { list: "list", text: "string" } })).properties)).toEqual({
      list: [
        "list",
        [
          { type: "int", value: 1 },
          { type: "string", value: "two" },
        ],
      ],
      empty: ["class", new Map([["type", { type: "string", value: "x" }]])],
      text: ["string", "5"],
      nothing: ["string", ""],
    });
  });

  test("an image that is embedded in the map's file is not read", () => {
    const image = '<image format="png"><data encoding="base64">AAAA</data></image>';
    const map = read(
      `<map orientation="orthogonal" width="1" height="1" tilewidth="8" tileheight="8">
        <tileset firstgid="1" name="set"><tile id="0">${image}</tile></tileset>
        <imagelayer name="sky">${image}</imagelayer>
      </map>`,
    );
    expect(map.tilesets[0]!.tiles.get(0)!.image).toBeUndefined();
    expect(layer(map, "sky", "image").image).toBeUndefined();
  });

  test("a template without a tile is read, and so is a template with an embedded tileset", () => {
    const files = {
      "point.tj": { object: { name: "start", point: true } },
      "tile.tj": { object: { gid: 2, width: 8, height: 8 }, tileset: { firstgid: 1, name: "inner" } },
    };
    const map = read(small({ layers: [objects({ template: "point.tj", x: 5 }, { template: "tile.tj" })] }), files);
    const [point, tile] = layer(map, "things", "object").objects;
    expect(point).toMatchObject({ name: "start", shape: "point", x: 5 });
    expect(tileOf(map, tile!.gid)).toMatchObject({ tileset: { name: "inner", source: undefined }, id: 1 });
  });

  test("a map with unknown types, invalid values, a missing template or unknown tiles is read with warnings", () => {
    const map = read(
      small({
        renderorder: "spiral",
        backgroundcolor: "red",
        properties: [
          { name: "size", type: "int", value: "big" },
          { name: "way", type: "vector", value: [1, 2] },
        ],
        layers: [
          objects({ id: 4, name: "chest", template: "chest.tx", x: 5 }),
          { type: "sound", name: "birds" },
          tiles({ data: [1, 50, 50, 0] }),
        ],
        tilesets: [{ firstgid: 1, name: "set", tilecount: 8 }],
      }),
    );
    expect(map.warnings).toEqual([
      'template "chest.tx" is not available: there is no such file',
      'layer "birds" has the unknown type "sound"; it is left out',
      'layer "tiles" has 2 tiles that are in no tileset, for example 50',
      'the map has the unknown `renderorder` "spiral"; "right-down" is used',
      'the map has the `backgroundcolor` "red", which is not a color',
      'the map has the property "size" with "big"; expected a value of the type "int"; it is left out',
      'the map has the property "way" with a list; expected a value of the type "vector"; it is left out',
    ]);
    expect(layer(map, "things", "object").objects[0]).toMatchObject({ id: 4, name: "chest", x: 5 });
  });
});
