#!/usr/bin/env bash
# @colyseus/schema: a field of type "number" does not carry every number.
#
# A guess: the type picks the smallest encoding that holds the value exactly, and rejects what it cannot hold.
# Instead: the encoder uses a 32-bit float whenever the float differs from the value by less than 0.0001. So 1234.5678
# arrives rounded, and 100000.1 arrives exactly. NaN arrives as 0, -0 as 0 and Infinity as 9007199254740991. The
# server's own state keeps the original value, so that client and server disagree without an error.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund @colyseus/schema@5.0.34

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Decoder, Encoder, schema, t } from "@colyseus/schema";

const { version } = JSON.parse(readFileSync("node_modules/@colyseus/schema/package.json", "utf8"));
console.log(`@colyseus/schema ${version}, Node ${process.version}`);

const State = schema({ value: t.number() }, "State");
const server = new State();
const client = new State();
const encoder = new Encoder(server);
const decoder = new Decoder(client);
decoder.decode(encoder.encodeAll());
encoder.discardChanges();

const EXPECTED = [
  [0.1, 0.10000000149011612],
  [1234.5678, 1234.5677490234375],
  [100000.1, 100000.1],
  [5e-324, 0],
  [-0, 0],
  [Number.NaN, 0],
  [Infinity, 9007199254740991],
  [-Infinity, -9007199254740991],
];
for (const [sent, expected] of EXPECTED) {
  server.value = sent;
  decoder.decode(encoder.encode());
  encoder.discardChanges();
  console.log(`server ${Object.is(sent, -0) ? "-0" : sent}\tclient ${client.value}`);
  assert.ok(Object.is(server.value, sent), "the server keeps its value");
  assert.ok(Object.is(client.value, expected), `${sent} arrived as ${client.value}, not as ${expected}`);
}
JS
node run.mjs
echo "As described."
