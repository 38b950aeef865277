#!/usr/bin/env bash
# msgpackr: a number above 32 bits from another MessagePack library arrives as a BigInt.
#
# A guess: a time in milliseconds is a number after any decoder for JavaScript, whatever library encoded it.
# Instead: msgpackr decodes every 64-bit integer as a BigInt, even if a number holds it exactly. Arithmetic with it then
# throws a TypeError, and === with the same number is false. Two programs with msgpackr never see this, because it
# writes large integers as floats. @msgpack/msgpack and notepack.io write integers. Colyseus 0.18 reads with msgpackr.
# cspell:words notepack
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund msgpackr@2.1.4 @msgpack/msgpack@3.1.3 notepack.io@3.0.1

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { inspect } = require("node:util");
const NAMES = ["msgpackr", "@msgpack/msgpack", "notepack.io"];
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
console.log(NAMES.map((name) => `${name} ${version(name)}`).join(", "), `Node ${process.version}`);

const sent = 1_700_000_000_123; // a time in milliseconds
const codecs = NAMES.map((name) => [name, require(name)]);
const seen = codecs.map(([from, { encode }]) => {
  const bytes = Buffer.from(encode(sent));
  return [from, bytes[0].toString(16), ...codecs.map(([, { decode }]) => inspect(decode(bytes)))];
});
console.table(seen.map(([from, tag, ...values]) => {
  return { from, tag, ...Object.fromEntries(values.map((value, i) => [NAMES[i], value])) };
}));
assert.deepEqual(seen, [
  ["msgpackr", "cb", "1700000000123", "1700000000123", "1700000000123"],
  ["@msgpack/msgpack", "cf", "1700000000123n", "1700000000123", "1700000000123"],
  ["notepack.io", "cf", "1700000000123n", "1700000000123", "1700000000123"],
]);
const decoded = require("msgpackr").decode(require("@msgpack/msgpack").encode(sent));
assert.throws(() => decoded - 1, { name: "TypeError", message: /Cannot mix BigInt/ });
assert.equal(decoded === sent, false);
JS
node run.cjs
echo "As described."
