#!/usr/bin/env bash
# tmx-tiledmap: texts that look like numbers become numbers, whatever type the map gives them.
#
# A guess: a property without a type is a string, as the format says, and names and versions are strings.
# Instead: the reader converts every attribute. A door code "007" reads as 7, an object called "12" has a number for a
# name, and the map version "1.10" reads as 1.1, which is an older version. A property of several lines, which Tiled
# writes as the text of its element, reads as undefined.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund tmx-tiledmap@1.2.1

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
const { tmx } = require("tmx-tiledmap");
console.log(`tmx-tiledmap ${require("tmx-tiledmap/package.json").version}, Node ${process.version}`);

const text = `<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" width="1" height="1" tilewidth="16" tileheight="16" infinite="0">
 <properties>
  <property name="code" value="007"/>
  <property name="answer" type="string" value="true"/>
  <property name="greeting">Hello
there</property>
 </properties>
 <objectgroup id="1" name="doors"><object id="1" name="12" x="1" y="2"/></objectgroup>
</map>`;
(async () => {
  const { version, properties, layers } = await tmx(text);
  const seen = { version, properties, name: layers[0].objects[0].name };
  console.log(seen);
  assert.deepEqual(seen, { version: 1.1, properties: { code: 7, answer: true, greeting: undefined }, name: 12 });
})();
JS
node run.cjs
echo "As described."
