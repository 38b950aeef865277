#!/usr/bin/env bash
# tmx-parser: reads maps with groups or chunks without an error, and returns no tiles.
#
# A guess: a reader that does not know infinite maps or groups reports an error, as tmx-parser does for an unknown
# compression.
# Instead: the callback gets no error. A layer inside a group is missing from the map; the layer of an infinite map is
# there, with the right number of cells, all empty.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund tmx-parser@1.5.0

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
const { promisify } = require("node:util");
const parse = promisify(require("tmx-parser").parse);
console.log(`tmx-parser ${require("tmx-parser/package.json").version}, Node ${process.version}`);

const map = (infinite, layers) => `<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" width="2" height="1" tilewidth="16" tileheight="16" infinite="${infinite}">
 <tileset firstgid="1" name="tiles" tilewidth="16" tileheight="16" tilecount="2" columns="2">
  <image source="tiles.png" width="32" height="16"/>
 </tileset>
 ${layers}
</map>`;
const layer = (data) => `<layer name="ground" width="2" height="1">${data}</layer>`;
const plain = layer(`<data encoding="csv">1,2</data>`);
const FORMS = {
  plain: map(0, plain),
  "inside a group": map(0, `<group name="level">${plain}</group>`),
  "in a chunk": map(1, layer(`<data encoding="csv"><chunk x="0" y="0" width="2" height="1">1,2</chunk></data>`)),
  "unknown compression": map(0, layer(`<data encoding="base64" compression="zstd">AA==</data>`)),
};
const gids = ({ layers }) => layers.map(({ tiles }) => Array.from(tiles, (tile) => tile?.gid ?? null));

(async () => {
  const seen = {};
  for (const [form, text] of Object.entries(FORMS)) {
    seen[form] = await parse(text, "map.tmx").then(gids, ({ message }) => `error: ${message}`);
  }
  console.log(seen);
  assert.deepEqual(seen, {
    plain: [[1, 2]],
    "inside a group": [],
    "in a chunk": [[null, null]],
    "unknown compression": "error: unsupported data compression: zstd",
  });
})();
JS
node --no-deprecation run.cjs
echo "As described."
