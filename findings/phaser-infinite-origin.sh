#!/usr/bin/env bash
# Phaser: in an infinite Tiled map, the same cell has other tile coordinates in each layer.
#
# A guess: tile coordinates are those of the map, as in finite maps, so that getTileAt(0, 0) looks at the same place in
# all layers.
# Instead: each layer counts from the corner of its own chunks. In a layer that reaches further to the left, map
# cell (0, 0) is tile (16, 0), and getTileAt(0, 0) returns map cell (-16, 0). World coordinates are right.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund phaser@4.2.1

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
// Phaser takes a global scope with importScripts for a web worker, and then needs no page.
Object.assign(globalThis, { importScripts() {}, window: globalThis });
globalThis.navigator ??= { userAgent: "node" };
const source = (path) => require(`${process.cwd()}/node_modules/phaser/src/tilemaps/${path}.js`);
// Published as Phaser.Tilemaps.Parsers.Tiled.ParseJSONTiled and Phaser.Tilemaps.Components.GetTileAt.
const parse = source("parsers/tiled/ParseJSONTiled");
const getTileAt = source("components/GetTileAt");
console.log(`Phaser ${require("phaser/package.json").version}, Node ${process.version}`);

/** A chunk with a single tile, in its upper left cell. */
const chunk = (x, gid) => ({ x, y: 0, width: 16, height: 16, data: [gid, ...Array(255).fill(0)] });
const layer = (name, startx, width, chunks) => ({
  type: "tilelayer", name, x: 0, y: 0, startx, starty: 0, width, height: 16, opacity: 1, visible: true, chunks,
});
const map = parse("map", {
  type: "map",
  version: "1.10",
  orientation: "orthogonal",
  width: 30,
  height: 20,
  tilewidth: 10,
  tileheight: 10,
  infinite: true,
  tilesets: [{
    name: "tiles", firstgid: 1, tilewidth: 10, tileheight: 10, tilecount: 2, columns: 2,
    image: "tiles.png", imagewidth: 20, imageheight: 10, margin: 0, spacing: 0,
  }],
  layers: [layer("ground", -16, 32, [chunk(-16, 1), chunk(0, 2)]), layer("walls", 0, 16, [chunk(0, 2)])],
});
// Both layers have tile 2 at map cell (0, 0); the ground has tile 1 at map cell (-16, 0).
const seen = map.layers.map((layer) => ({
  layer: layer.name,
  "layer.x": layer.x,
  "tile (0, 0)": getTileAt(0, 0, false, layer)?.index,
  "tile (16, 0)": getTileAt(16, 0, false, layer)?.index,
}));
console.table(seen);
assert.deepEqual(seen, [
  { layer: "ground", "layer.x": -160, "tile (0, 0)": 1, "tile (16, 0)": 2 },
  { layer: "walls", "layer.x": 0, "tile (0, 0)": 2, "tile (16, 0)": undefined },
]);
JS
node run.cjs
echo "As described."
