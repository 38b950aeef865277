#!/usr/bin/env bash
# nginx: proxy_read_timeout does not end a WebSocket whose server is silent, as long as the client sends something.
#
# A guess, from the directive's documentation: the connection is closed when the proxied server sends nothing for that
# long.
# Instead: after the upgrade, traffic in either direction starts the timeout again. With 2 s, a client that sends twice
# per second stays connected to a server that never answers; only a connection without any traffic is closed. So the
# timeout does not detect a server that hangs, and a client that keeps sending stays connected without answers.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
apt-get download -qq nginx=1.22.1-9+deb12u11 2>apt.log || { cat apt.log && exit 1; }
dpkg-deb -x nginx_*.deb root
npm install --silent --ignore-scripts --no-audit --no-fund ws@8.18.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket, WebSocketServer } from "ws";

const nginx = "root/usr/sbin/nginx";
console.log(execFileSync("sh", ["-c", `${nginx} -v 2>&1`], { encoding: "utf8" }).trim());

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** A server that never sends anything of its own. */
const upstream = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(upstream, "listening");
const port = await freePort();
const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`).join(" ");
writeFileSync("nginx.conf", `daemon off; pid nginx.pid; error_log error.log; events {}
http {
  access_log off; ${temp}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${upstream.address().port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 2s;
    }
  }
}`);
const proxy = spawn(nginx, ["-p", process.cwd(), "-c", "nginx.conf", "-e", "error.log"], { stdio: "ignore" });
try {
  for (let tries = 0; !(await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)); tries++) {
    assert.ok(tries < 100, "nginx did not start");
    await delay(100);
  }
  const seen = {};
  await Promise.all(["silent", "sending"].map(async (kind) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(client, "open");
    const timer = setInterval(() => kind === "sending" && client.send("up"), 500);
    const closed = once(client, "close").then(([code]) => `closed with ${code}`);
    seen[kind] = await Promise.race([closed, delay(8000, "open after 8 s")]);
    clearInterval(timer);
    client.terminate();
  }));
  console.log(seen);
  assert.deepEqual(seen, { silent: "closed with 1006", sending: "open after 8 s" });
} finally {
  proxy.kill();
  upstream.close();
}
JS
timeout 60 node run.mjs
echo "As described."
