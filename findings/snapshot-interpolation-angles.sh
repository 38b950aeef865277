#!/usr/bin/env bash
# @geckos.io/snapshot-interpolation: an angle is interpolated only if its field has one letter and is not listed first.
#
# A guess, from its manual: calcInterpolation("direction(rad) rotationInDeg(deg)") turns both fields the short way.
# Instead: the text is split so that the first field loses its method, and a later field all of its name but the last
# letter. The first angle goes the long way, through 180 degrees. The second has the newer snapshot's value at once, and
# the entity gets new fields "deg)" and "g" without a value. "x r(deg)" works.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund @geckos.io/snapshot-interpolation@1.1.1

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
const { SnapshotInterpolation } = require("@geckos.io/snapshot-interpolation");
const { version } = require("@geckos.io/snapshot-interpolation/package.json");
console.log(`@geckos.io/snapshot-interpolation ${version}, Node ${process.version}`);

/** The entity halfway between two snapshots, turning from 350 to 10 degrees. */
function halfway(fields, entity) {
  const snapshot = (id, time, angle) => ({ id, time, state: [{ id: "hero", ...entity(angle) }] });
  const [hero] = new SnapshotInterpolation().interpolate(
    snapshot("older", 1000, 350),
    snapshot("newer", 1100, 10),
    1050,
    fields,
  ).state;
  return hero;
}

const seen = [
  ["x r(deg)", halfway("x r(deg)", (r) => ({ x: r, r }))],
  ["r(deg) x", halfway("r(deg) x", (r) => ({ x: r, r }))],
  ["direction(deg) rotationInDeg(deg)", halfway("direction(deg) rotationInDeg(deg)", (angle) => {
    return { direction: angle, rotationInDeg: angle };
  })],
];
for (const [fields, hero] of seen) console.log(fields, hero);
assert.deepEqual(seen, [
  ["x r(deg)", { id: "hero", x: 180, r: 0 }],
  ["r(deg) x", { id: "hero", x: 180, r: 180, "deg)": undefined }],
  [
    "direction(deg) rotationInDeg(deg)",
    { id: "hero", direction: 180, rotationInDeg: 10, "deg)": undefined, g: undefined },
  ],
]);
JS
node run.cjs
echo "As described."
