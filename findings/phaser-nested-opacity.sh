#!/usr/bin/env bash
# Phaser: object layers in nested groups of a Tiled map are more transparent than the tile layers beside them.
#
# A guess: opacity multiplies from the groups down to the layer, for all kinds of layers. With two nested groups of 0.5
# each that is 0.25.
# Instead: tile and image layers get 0.25 and object layers 0.125, because their parser multiplies the opacity of a nested
# group by that of its parent twice. Groups that are not nested are right.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund phaser@4.2.1

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
// Phaser takes a global scope with importScripts for a web worker, and then needs no page.
Object.assign(globalThis, { importScripts() {}, window: globalThis });
globalThis.navigator ??= { userAgent: "node" };
// Published as Phaser.Tilemaps.Parsers.Tiled.ParseJSONTiled.
const parse = require(`${process.cwd()}/node_modules/phaser/src/tilemaps/parsers/tiled/ParseJSONTiled.js`);
console.log(`Phaser ${require("phaser/package.json").version}, Node ${process.version}`);

const layer = (type, more) => ({ type, name: type, x: 0, y: 0, opacity: 1, visible: true, ...more });
const group = (name, layers) => ({ type: "group", name, x: 0, y: 0, opacity: 0.5, visible: true, layers });
const leaves = () => [
  layer("tilelayer", { width: 1, height: 1, data: [0] }),
  layer("imagelayer", { image: "sky.png" }),
  layer("objectgroup", { objects: [] }),
];
const map = parse("map", {
  type: "map",
  version: "1.10",
  orientation: "orthogonal",
  width: 1,
  height: 1,
  tilewidth: 16,
  tileheight: 16,
  infinite: false,
  tilesets: [],
  layers: [group("flat", leaves()), group("outer", [group("inner", leaves())])],
});
const seen = Object.fromEntries([
  ...map.layers.map(({ name, alpha }) => [name, alpha]),
  ...map.images.map(({ name, alpha }) => [name, alpha]),
  ...map.objects.map(({ name, opacity }) => [name, opacity]),
]);
console.log(seen);
assert.deepEqual(seen, {
  "flat/tilelayer": 0.5,
  "flat/imagelayer": 0.5,
  "flat/objectgroup": 0.5,
  "outer/inner/tilelayer": 0.25,
  "outer/inner/imagelayer": 0.25,
  "outer/inner/objectgroup": 0.125,
});
JS
node run.cjs
echo "As described."
