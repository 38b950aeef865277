#!/usr/bin/env bash
# @colyseus/schema: deleting and setting a key moves it to the end on the server, but not on the clients.
#
# A guess: MapSchema iterates like a Map, so delete() followed by set() moves a key to the end, everywhere.
# Instead: within one patch the clients replace the entry in its old place. The order on the server then differs from
# that of all clients, including those that join later. With a patch between both calls the orders agree.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund @colyseus/schema@5.0.34

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Decoder, Encoder, schema, t } from "@colyseus/schema";

const { version } = JSON.parse(readFileSync("node_modules/@colyseus/schema/package.json", "utf8"));
console.log(`@colyseus/schema ${version}, Node ${process.version}`);

const State = schema({ scores: t.map("uint8") }, "State");
const order = (state) => [...state.scores.keys()].join("");

/** Moves "a" to the end of "abc"; returns the order of the keys on the server and on two clients. */
function moveToEnd(patchBetween) {
  const server = new State();
  const encoder = new Encoder(server);
  const early = new State();
  const decoder = new Decoder(early);
  const patch = () => {
    decoder.decode(encoder.encode());
    encoder.discardChanges();
  };
  decoder.decode(encoder.encodeAll());
  for (const key of "abc") server.scores.set(key, 1);
  patch();
  server.scores.delete("a");
  if (patchBetween) patch();
  server.scores.set("a", 2);
  patch();
  const late = new State();
  new Decoder(late).decode(encoder.encodeAll());
  assert.equal(early.scores.get("a"), 2);
  return { server: order(server), earlyClient: order(early), lateClient: order(late) };
}

const together = moveToEnd(false);
const apart = moveToEnd(true);
console.log("both calls in one patch:", together);
console.log("a patch between them:   ", apart);
assert.deepEqual(together, { server: "bca", earlyClient: "abc", lateClient: "abc" });
assert.deepEqual(apart, { server: "bca", earlyClient: "bca", lateClient: "bca" });
JS
node run.mjs
echo "As described."
