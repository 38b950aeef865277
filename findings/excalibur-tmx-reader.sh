#!/usr/bin/env bash
# Excalibur's Tiled plugin: layers lose what their group says, and the group's properties replace those of the map.
#
# A guess: a hidden group hides its layers, the map keeps its properties, and objects' properties keep their texts.
# Instead: the reader of TMX files drops groups, with their visibility, opacity and offset. A layer in a hidden group at
# (100, 50) is visible, at (0, 0). The properties of the last group replace those of the map. The names and texts of
# objects' properties are converted to lower case, so a file name may no longer match. A text of several lines has
# "&amp;" instead of "&".
# cspell:words excaliburjs jsdom
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund \
  @excaliburjs/plugin-tiled@0.32.0 excalibur@0.32.0 jsdom@26.1.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM();
const { document, DOMParser, HTMLElement, Image, Event } = window;
Object.assign(globalThis, { window, document, DOMParser, HTMLElement, Image, Event });
const { parseObjects, TiledParser } = await import("@excaliburjs/plugin-tiled");
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
console.log(`@excaliburjs/plugin-tiled ${version("@excaliburjs/plugin-tiled")}, Node ${process.version}`);

const { properties, layers } = new TiledParser().parse(`<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" tiledversion="1.10.2" orientation="orthogonal" renderorder="right-down" width="1" height="1"
 tilewidth="16" tileheight="16" infinite="0" nextlayerid="3" nextobjectid="2">
 <properties><property name="music" value="cave.ogg"/></properties>
 <group id="1" name="secret" visible="0" opacity="0.5" offsetx="100" offsety="50">
  <properties><property name="note" value="not yet"/></properties>
  <objectgroup id="2" name="signs"><object id="1" name="sign" x="8" y="8" width="16" height="16">
   <properties>
    <property name="Title" value="Salt AND Sand"/>
    <property name="body">Salt &amp; sand,
to the left</property>
   </properties>
  </object></objectgroup>
 </group>
</map>`);
const [{ name, visible, opacity, offsetx = 0, offsety = 0 }] = layers;
const [sign] = parseObjects(layers[0]);
const seen = {
  mapProperties: properties.map(({ name, value }) => `${name}: ${value}`),
  layer: { name, visible, opacity, offsetx, offsety },
  signProperties: Object.fromEntries(sign.properties),
};
console.log(seen);
assert.deepEqual(seen, {
  mapProperties: ["note: not yet"],
  layer: { name: "signs", visible: true, opacity: 1, offsetx: 0, offsety: 0 },
  signProperties: { title: "salt and sand", body: "salt &amp; sand,\nto the left" },
});
JS
node run.mjs
echo "As described."
