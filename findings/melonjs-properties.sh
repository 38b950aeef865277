#!/usr/bin/env bash
# melonJS: custom properties of a Tiled map replace fields of the engine, and an empty text reads as true.
#
# A guess: custom properties are kept apart from the object's own fields, and a property of type string is a string.
# Instead: each property becomes a field of the map or object. A property "x" moves an object, and a property "name"
# renames the map. An empty string, which is what Tiled writes for a new property, reads as true. An object layer with
# opacity 0 is fully opaque, and an object layer inside a group becomes a tile layer without its objects.
# cspell:words jsdom
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund melonjs@20.7.0 jsdom@26.1.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { JSDOM } from "jsdom";

const { window } = new JSDOM();
Object.assign(globalThis, { window, document: window.document });
// The engine prints its version when it is loaded.
const { TMXTileMap } = await import("melonjs");
console.log(`Node ${process.version}`);

const text = (name, value) => ({ name, type: "string", value });
const box = (id, properties) => ({ id, name: "box", type: "", x: 8, y: 8, width: 16, height: 16, properties });
const layer = (name, opacity, objects) => ({
  type: "objectgroup", name, x: 0, y: 0, opacity, visible: true, draworder: "topdown", objects,
});
const map = new TMXTileMap("cave", {
  type: "map",
  version: "1.10",
  orientation: "orthogonal",
  renderorder: "right-down",
  width: 2,
  height: 2,
  tilewidth: 16,
  tileheight: 16,
  infinite: false,
  properties: [text("name", "Ice cave"), text("motto", "")],
  tilesets: [],
  layers: [
    layer("hidden", 0, [box(1, [text("hint", ""), { name: "x", type: "int", value: 99 }])]),
    { type: "group", name: "group", x: 0, y: 0, opacity: 1, visible: true, layers: [layer("inner", 1, [box(2, [])])] },
  ],
});
map.getLayers();
const [hidden, group] = map.objectGroups;
const seen = {
  map: { name: map.name, motto: map.motto },
  object: { x: hidden.objects[0].x, hint: hidden.objects[0].hint },
  opacityOfHidden: hidden.opacity,
  contentOfGroup: group.objects.map((entry) => `${entry.constructor.name} ${entry.name}`),
};
console.log(seen);
assert.deepEqual(seen, {
  map: { name: "Ice cave", motto: true },
  object: { x: 99, hint: true },
  opacityOfHidden: 1,
  contentOfGroup: ["TMXLayer inner"],
});
JS
node run.mjs
echo "As described."
