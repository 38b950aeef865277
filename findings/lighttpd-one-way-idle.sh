#!/usr/bin/env bash
# lighttpd 1.4.69: a WebSocket through mod_proxy must carry data in both directions, or it is closed.
#
# A guess: an open WebSocket counts as idle only when nothing passes in either direction, as with nginx and HAProxy.
# Instead: server.max-read-idle (2 s here, 60 s by default) closes a client that sends nothing, although the server sends
# to it all the time. server.max-write-idle (4 s here) closes a client that sends all the time and gets nothing. A page that
# only watches a game needs a server that sends pings, which the browser answers.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
apt-get download -qq lighttpd=1.4.69-1 2>apt.log || { cat apt.log && exit 1; }
dpkg-deb -x lighttpd_*.deb root
npm install --silent --ignore-scripts --no-audit --no-fund ws@8.18.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket, WebSocketServer } from "ws";

const lighttpd = "root/usr/sbin/lighttpd";
console.log(execFileSync(lighttpd, ["-v"], { encoding: "utf8" }).split("\n")[0]);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

const upstream = new WebSocketServer({ host: "127.0.0.1", port: 0 });
/** Sends twice per second until the socket closes. */
function keepSending(socket) {
  const timer = setInterval(() => socket.send("data"), 500);
  socket.on("close", () => clearInterval(timer));
}
upstream.on("connection", (socket, { url }) => ["/down", "/both"].includes(url) && keepSending(socket));
await once(upstream, "listening");
const port = await freePort();
writeFileSync("lighttpd.conf", `server.document-root = "${process.cwd()}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ("mod_proxy")
server.max-read-idle = 2
server.max-write-idle = 4
proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${upstream.address().port})))
proxy.header = ("upgrade" => "enable")
`);
const proxy = spawn(lighttpd, ["-D", "-f", "lighttpd.conf", "-m", "root/usr/lib/lighttpd"], { stdio: "ignore" });
try {
  for (let tries = 0; !(await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)); tries++) {
    assert.ok(tries < 100, "lighttpd did not start");
    await delay(100);
  }
  const seen = {};
  await Promise.all(["down", "up", "both"].map(async (data) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/${data}`);
    await once(client, "open");
    if (data !== "down") keepSending(client);
    const closed = once(client, "close").then(([code]) => `closed with ${code}`);
    seen[data] = await Promise.race([closed, delay(12_000, "open after 12 s")]);
    client.terminate();
  }));
  console.log("data sent twice per second:", seen);
  assert.deepEqual(seen, { down: "closed with 1006", up: "closed with 1006", both: "open after 12 s" });
} finally {
  proxy.kill();
  upstream.close();
}
JS
timeout 60 node run.mjs
echo "As described."
