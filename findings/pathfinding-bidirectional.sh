#!/usr/bin/env bash
# pathfinding: the bidirectional finders end paths inside walls, and walk in a circle to stay where they are.
#
# A guess: BiAStarFinder finds the same paths as AStarFinder, only from both ends.
# Instead: a target inside a wall has no path with AStarFinder, but one whose last step enters the wall with each
# bidirectional finder. If start and target are the same cell, AStarFinder returns that cell, the bidirectional finders
# step to a neighbour and back, and JumpPointFinder returns no path at all.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund pathfinding@0.4.18

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
const finders = require("pathfinding");
console.log(`pathfinding ${require("pathfinding/package.json").version}, Node ${process.version}`);

const WALLS = [
  [0, 0, 0, 0],
  [1, 1, 1, 0],
  [0, 0, 0, 0],
];
const path = (name, ...ends) => JSON.stringify(new finders[name]().findPath(...ends, new finders.Grid(WALLS)));
const seen = {};
for (const name of ["AStarFinder", "BiAStarFinder", "BiBreadthFirstFinder", "BiDijkstraFinder", "JumpPointFinder"]) {
  seen[name] = { "to a wall": path(name, 0, 0, 1, 1), "to the same cell": path(name, 1, 0, 1, 0) };
}
console.table(seen);
const BIDIRECTIONAL = { "to a wall": "[[0,0],[1,0],[1,1]]", "to the same cell": "[[1,0],[2,0],[1,0]]" };
assert.deepEqual(seen, {
  AStarFinder: { "to a wall": "[]", "to the same cell": "[[1,0]]" },
  BiAStarFinder: BIDIRECTIONAL,
  BiBreadthFirstFinder: BIDIRECTIONAL,
  BiDijkstraFinder: BIDIRECTIONAL,
  JumpPointFinder: { "to a wall": "[]", "to the same cell": "[]" },
});
JS
node run.cjs
echo "As described."
