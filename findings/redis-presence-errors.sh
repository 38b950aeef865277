#!/usr/bin/env bash
# @colyseus/redis-presence: set(), setex() and sadd() resolve with the error when Redis refuses the command.
#
# A guess: the promise rejects, as with the other methods of the presence, so that `await` throws.
# Instead: with a Redis whose memory is full, hset(), incr() and rpush() reject, but set(), setex() and sadd() resolve:
# with null after success, and with the error otherwise. A room that awaits them continues as if the value was stored.
# cspell:words incr libatomic libjemalloc liblzf rpush
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
apt-get download -qq redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10 liblzf1=3.6-3 \
  libjemalloc2=5.3.0-1 libatomic1=12.2.0-14+deb12u1 2>apt.log || { cat apt.log && exit 1; }
for package in *.deb; do dpkg-deb -x "$package" root; done
npm install --silent --ignore-scripts --no-audit --no-fund @colyseus/redis-presence@0.18.5 @colyseus/core@0.18.17

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { RedisPresence } from "@colyseus/redis-presence";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts a Redis without files; `memory` is the limit above which it refuses to store more, with 0 for none. */
async function startRedis(memory) {
  const port = await freePort();
  const args = ["--bind", "127.0.0.1", "--port", port, "--save", "", "--maxmemory", memory];
  const server = spawn("root/usr/bin/redis-server", args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, LD_LIBRARY_PATH: process.env.REDIS_LIBRARIES },
  });
  let log = "";
  server.stdout.on("data", (text) => (log += text));
  for (let tries = 0; !log.includes("Ready to accept connections"); tries++) {
    assert.ok(tries < 100, `Redis did not start: ${log}`);
    await delay(100);
  }
  return { port, server, version: /Redis version=([\d.]+)/.exec(log)[1] };
}

const METHODS = {
  set: (presence) => presence.set("key", "value"),
  setex: (presence) => presence.setex("key", "value", 60),
  sadd: (presence) => presence.sadd("set", "value"),
  hset: (presence) => presence.hset("hash", "field", "value"),
  incr: (presence) => presence.incr("count"),
  rpush: (presence) => presence.rpush("list", "value"),
};
const short = (value) => (value instanceof Error ? value.message.slice(0, 19) : JSON.stringify(value));

async function outcomes({ port }) {
  const presence = new RedisPresence({ host: "127.0.0.1", port });
  const seen = {};
  for (const [name, call] of Object.entries(METHODS)) {
    seen[name] = await call(presence).then(
      (value) => `resolves: ${short(value)}`,
      (error) => `rejects: ${short(error)}`,
    );
  }
  presence.shutdown();
  return seen;
}

const roomy = await startRedis(0);
const full = await startRedis(1);
try {
  const { version } = JSON.parse(readFileSync("node_modules/@colyseus/redis-presence/package.json", "utf8"));
  console.log(`@colyseus/redis-presence ${version}, Redis ${full.version}, Node ${process.version}`);
  const seen = { roomy: await outcomes(roomy), full: await outcomes(full) };
  console.log(seen);
  const REFUSED = "OOM command not all";
  assert.deepEqual(seen, {
    roomy: {
      set: "resolves: null",
      setex: "resolves: null",
      sadd: "resolves: null",
      hset: "resolves: true",
      incr: "resolves: 1",
      rpush: "resolves: 1",
    },
    full: {
      set: `resolves: ${REFUSED}`,
      setex: `resolves: ${REFUSED}`,
      sadd: `resolves: ${REFUSED}`,
      hset: `rejects: ${REFUSED}`,
      incr: `rejects: ${REFUSED}`,
      rpush: `rejects: ${REFUSED}`,
    },
  });
} finally {
  roomy.server.kill();
  full.server.kill();
}
JS
REDIS_LIBRARIES="$PWD/root/usr/lib/$(uname -m)-linux-gnu" timeout 60 node run.mjs
echo "As described."
