#!/usr/bin/env bash
# Caddy 2.6.2: a reload ends proxied WebSockets in a way that the server behind the proxy sees as a protocol error.
#
# A guess: a graceful reload leaves WebSockets open, or closes both sides with 1001.
# Instead: only the client sees 1001. Caddy sends the close frame to the server without the mask that RFC 6455, section 5.1
# demands of clients. The package ws therefore emits an error and reports 1006. A server that counts errors, or holds a seat
# for abnormal closes only, takes a planned reload for a failure.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
apt-get download -qq caddy=2.6.2-5 2>apt.log || { cat apt.log && exit 1; }
dpkg-deb -x caddy_*.deb root
npm install --silent --ignore-scripts --no-audit --no-fund ws@8.18.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket, WebSocketServer } from "ws";

const caddy = "root/usr/bin/caddy";
const env = { ...process.env, HOME: process.cwd(), XDG_DATA_HOME: process.cwd(), XDG_CONFIG_HOME: process.cwd() };
console.log(`Caddy ${execFileSync(caddy, ["version"], { env })}`.trim());
console.log(`ws ${JSON.parse(readFileSync("node_modules/ws/package.json", "utf8")).version}, Node ${process.version}`);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

const upstream = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await once(upstream, "listening");
const [port, admin] = [await freePort(), await freePort()];
const configure = (version) =>
  writeFileSync(
    "Caddyfile",
    `{\n admin 127.0.0.1:${admin}\n auto_https off\n}\nhttp://127.0.0.1:${port} {\n header version ${version}\n` +
      ` reverse_proxy 127.0.0.1:${upstream.address().port}\n}\n`,
  );
const OPTIONS = ["--config", "Caddyfile", "--adapter", "caddyfile"];

configure(1);
const proxy = spawn(caddy, ["run", ...OPTIONS], { env, stdio: "ignore" });
try {
  for (let tries = 0; !(await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)); tries++) {
    assert.ok(tries < 100, "Caddy did not start");
    await delay(100);
  }
  const connected = once(upstream, "connection");
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const [server, request] = await connected;
  let lastBytes;
  request.socket.prependListener("data", (bytes) => { lastBytes = bytes.toString("hex"); });
  const error = once(server, "error");
  const serverClose = new Promise((resolve) => { server.on("close", resolve); });
  const clientClose = once(client, "close");
  if (client.readyState !== WebSocket.OPEN) await once(client, "open");

  configure(2);
  execFileSync(caddy, ["reload", ...OPTIONS, "--address", `127.0.0.1:${admin}`], { env, stdio: "ignore" });
  const seen = {
    clientSees: (await clientClose)[0],
    serverReceives: lastBytes,
    serverError: (await error)[0].code,
    serverSees: await serverClose,
  };
  console.log(seen);
  // 88: a close frame; 02: two bytes without a mask (it would be 82); 03e9: 1001.
  assert.deepEqual(seen, {
    clientSees: 1001,
    serverReceives: "880203e9",
    serverError: "WS_ERR_EXPECTED_MASK",
    serverSees: 1006,
  });
} finally {
  proxy.kill();
  upstream.close();
}
JS
timeout 60 node run.mjs
echo "As described."
