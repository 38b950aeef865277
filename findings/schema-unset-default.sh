#!/usr/bin/env bash
# @colyseus/schema: a field that was set to undefined has its default again on clients that join later.
#
# A guess: undefined is a value of the state like any other, so that all clients agree that the field is empty.
# Instead: the full state of a joining client leaves the field out. A client with the classes of the server then keeps
# what its constructor made: the default of a number, an empty array, or a whole instance for a reference without
# default. The server and the earlier clients have undefined. References with optional() stay undefined everywhere.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund @colyseus/schema@5.0.34

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Decoder, Encoder, schema, t } from "@colyseus/schema";

const { version } = JSON.parse(readFileSync("node_modules/@colyseus/schema/package.json", "utf8"));
console.log(`@colyseus/schema ${version}, Node ${process.version}`);

const Item = schema({ durability: t.uint8().default(100) }, "Item");
const FIELDS = {
  health: t.uint8().default(100),
  tags: t.array("string"),
  weapon: t.ref(Item),
  pet: t.ref(Item).optional(),
};
const Player = schema(FIELDS, "Player");

const server = new Player();
const encoder = new Encoder(server);
const early = new Player();
const decoder = new Decoder(early);
const patch = () => {
  decoder.decode(encoder.encode());
  encoder.discardChanges();
};
decoder.decode(encoder.encodeAll());
server.assign({ health: 7, weapon: new Item(), pet: new Item() });
server.tags.push("new");
patch();
for (const field of Object.keys(FIELDS)) server[field] = undefined;
patch();
const late = new Player();
new Decoder(late).decode(encoder.encodeAll());

const fields = (player) => Object.fromEntries(Object.keys(FIELDS).map((name) => [name, JSON.stringify(player[name])]));
const seen = { server: fields(server), earlyClient: fields(early), lateClient: fields(late) };
console.table(seen);
const empty = { health: undefined, tags: undefined, weapon: undefined, pet: undefined };
assert.deepEqual(seen, {
  server: empty,
  earlyClient: empty,
  lateClient: { health: "100", tags: "[]", weapon: '{"durability":100}', pet: undefined },
});
JS
node run.mjs
echo "As described."
