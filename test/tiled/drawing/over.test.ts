// Tests which layers are drawn over the players.
import { expect, test } from "@jest/globals";
import { allLayers } from "../../../tiled/all-layers.ts";
import { layersOver } from "../../../tiled/drawing/over.ts";
import { read } from "../read.ts";

/** Returns a tile layer, or an object layer for a name that begins with "objects ". */
function layer(name: string, properties: Record<string, unknown> = {}): object {
  const list = Object.entries(properties).map(([name, value]) => ({ name, type: "bool", value }));
  if (name.startsWith("objects ")) return { type: "objectgroup", name: name.slice(8), properties: list, objects: [] };
  return { type: "tilelayer", name, properties: list, data: [0] };
}

/** Returns a group of layers. */
function group(name: string, ...layers: object[]): object {
  return { type: "group", name, layers };
}

/** Returns the paths of the layers that are drawn over the players. Leaves out groups. */
function over(...layers: object[]): string[] {
  const map = read({
    type: "map",
    orientation: "orthogonal",
    width: 1,
    height: 1,
    tilewidth: 8,
    tileheight: 8,
    layers,
  });
  const found = layersOver(map);
  return allLayers(map.layers).flatMap((each) => (found.has(each) && each.type !== "group" ? [each.path] : []));
}

test.each([
  ...["above", "above1", "Above Player", "abovePlayer", "OverLayer", "Over1", "overhead", "foreground", "walls-fg"],
  ...["roof", "building1-roof", "Roofs", "ceiling", "top_layer", "Trees Top", "treetops"],
])("a layer named `%s` is drawn over the players", (name) => {
  expect(over(layer("ground"), layer(name))).toEqual([name]);
});

test.each(["ground", "Tile Layer 1", "overworld", "stop", "desktop"])(
  "a layer named `%s` is drawn below the players",
  (name) => {
    expect(over(layer(name))).toEqual([]);
  },
);

test("all layers of a group named `above` are drawn over the players", () => {
  expect(over(group("above", layer("1"), group("more", layer("2"))), layer("3"))).toEqual(["above/1", "above/more/2"]);
});

test("layers above the tile layer `walls` or above the object layer `floorLayer` are drawn over the players", () => {
  expect(over(layer("ground"), layer("walls"), layer("decor"))).toEqual(["decor"]);
  expect(over(layer("ground"), layer("objects floorLayer"), layer("walls"), layer("sky"))).toEqual(["walls", "sky"]);
  expect(over(layer("ground"), layer("Walls"), layer("objects walls"), layer("floorLayer"))).toEqual([]);
});

test("a property of a layer or its group decides whether the layer is drawn over the players, regardless of layer names", () => {
  const yes = { "sabang.over": true };
  const no = { "sabang.over": false };
  expect(over(layer("ground", yes), layer("walls"), layer("rug", no), layer("decor"))).toEqual(["ground", "decor"]);
  expect(over(layer("bridge", { ge_alwaysTop: true }), layer("roof", { ge_alwaysTop: false }))).toEqual(["bridge"]);
  expect(
    over({ ...group("roof", layer("a"), layer("b", yes)), properties: [{ name: "sabang.over", value: "false" }] }),
  ).toEqual(["roof/b"]);
});
