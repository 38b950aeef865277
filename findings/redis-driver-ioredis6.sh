#!/usr/bin/env bash
# @colyseus/redis-driver, @colyseus/redis-presence: a client of ioredis 6 is taken for options, and its server ignored.
#
# A guess: both take an ioredis client, as documented, and use its connection.
# Instead: they test for the class of the ioredis 5 that they depend on. `npm install ioredis` adds version 6 beside it,
# and its client counts as an object of options without host and port. The driver and the presence then connect to
# localhost:6379, whatever server the client is connected to. A client of their own version is used as it is.
# cspell:words ioredis
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund \
  @colyseus/redis-driver@0.18.3 @colyseus/redis-presence@0.18.5 @colyseus/core@0.18.17 ioredis@6.0.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const [name, whose] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const load = whose === "own" ? createRequire(require.resolve(name)) : require;
const { RedisDriver, RedisPresence } = await import(name);
const Part = RedisDriver ?? RedisPresence;
const { Redis } = load("ioredis");

/** Accepts the connections of the client, and never answers. */
const server = createServer(() => {}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();

const targets = new Set();
subscribe("net.client.socket", ({ socket }) => {
  socket.once("connectionAttempt", (_, to) => targets.add(to === port ? "the client's server" : String(to)));
});
// Without a server at port 6379 the connections are refused, and each refusal is reported.
console.error = console.warn = () => {};
new Part(new Redis({ host: "127.0.0.1", port }));
await delay(1000);

const seen = [...targets].sort();
console.log(`${name}, ${whose} ioredis ${load("ioredis/package.json").version}: ${seen.join(" and ")}`);
assert.deepEqual(seen, whose === "own" ? ["the client's server"] : ["6379", "the client's server"]);
process.exit();
JS
node --version
for part in @colyseus/redis-driver @colyseus/redis-presence; do
  for whose in own installed; do timeout 60 node run.mjs "$part" "$whose"; done
done
echo "As described."
