#!/usr/bin/env bash
# tmx-parser: positions of objects lose their fractions, and the points of polygons are strings.
#
# A guess: x, y, width and height are floating-point numbers, because the format stores pixels with fractions.
# Instead: they are cut to integers towards zero (a door 1.5 pixels wide becomes 1 wide), while the points of a polygon
# keep their fractions, but as text: adding a point to its object's position concatenates.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund tmx-parser@1.5.0

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
const { parse } = require("tmx-parser");
console.log(`tmx-parser ${require("tmx-parser/package.json").version}, Node ${process.version}`);

const text = `<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" width="1" height="1" tilewidth="16" tileheight="16" infinite="0">
 <objectgroup name="things">
  <object id="1" x="12.75" y="-0.5" width="1.5" height="2.5"/>
  <object id="2" x="10" y="20"><polygon points="0,0 1.5,2"/></object>
 </objectgroup>
</map>`;
parse(text, "map.tmx", (error, map) => {
  assert.equal(error, null);
  const [door, area] = map.layers[0].objects;
  const seen = {
    door: [door.x, door.y, door.width, door.height],
    points: area.polygon,
    corner: area.x + area.polygon[1].x,
  };
  console.log(seen);
  assert.deepEqual(seen, {
    door: [12, -0, 1, 2],
    points: [{ x: "0", y: "0" }, { x: "1.5", y: "2" }],
    corner: "101.5",
  });
});
JS
node run.cjs
echo "As described."
