#!/usr/bin/env bash
# Firefox: the WebSockets of a page are closed before the page's pagehide handlers run.
#
# A guess: pagehide, the event recommended for the end of a page, is early enough to send a last message.
# Instead: when the user follows a link, Firefox closes the page's WebSockets with 1001 after beforeunload. In pagehide,
# visibilitychange and unload they are CLOSED (readyState 3), and a message sent there is dropped silently. A message
# sent in beforeunload arrives. A beacon arrives from all four events.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
apt-get download -qq firefox-esr=153.8.0esr-1~deb12u1 2>apt.log || { cat apt.log && exit 1; }
dpkg-deb -x firefox-esr_*.deb root
npm install --silent --ignore-scripts --no-audit --no-fund ws@8.18.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const firefox = `${process.cwd()}/root/usr/lib/firefox-esr/firefox-esr`;
const env = { ...process.env, HOME: process.cwd() };
console.log(String(execFileSync(firefox, ["--version"], { env })).trim());

const EVENTS = ["beforeunload", "pagehide", "visibilitychange", "unload"];
const page = `<!doctype html><title>page</title><script>
  const socket = new WebSocket("ws://" + location.host);
  socket.onopen = () => setTimeout(() => { location.href = "/next"; }, 500);
  for (const name of ${JSON.stringify(EVENTS)}) {
    (name === "visibilitychange" ? document : window).addEventListener(name, () => {
      navigator.sendBeacon("/beacon/" + name + "/" + socket.readyState);
      socket.send(name);
    });
  }
</script>`;

const seen = { messages: [], closeCode: undefined, readyStates: {} };
let check;
const complete = new Promise((resolve) => {
  check = () => {
    if (seen.closeCode !== undefined && Object.keys(seen.readyStates).length === EVENTS.length) resolve();
  };
});
const server = createServer((request, response) => {
  const [, kind, name, state] = request.url.split("/");
  if (kind === "beacon") seen.readyStates[name] = Number(state);
  response.setHeader("content-type", "text/html").end(request.url === "/" ? page : "<title>next</title>");
  check();
});
new WebSocketServer({ server }).on("connection", (socket) => {
  socket.on("message", (data) => seen.messages.push(String(data)));
  socket.on("close", (code) => {
    seen.closeCode = code;
    check();
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
mkdirSync("profile");
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = spawn(firefox, ["--headless", "--no-remote", "--profile", "profile", url], { env, stdio: "ignore" });
try {
  await complete;
  console.log(seen);
  assert.deepEqual(seen, {
    messages: ["beforeunload"],
    closeCode: 1001,
    readyStates: { beforeunload: 1, pagehide: 3, visibilitychange: 3, unload: 3 },
  });
} finally {
  browser.kill();
  await once(browser, "exit");
  server.closeAllConnections();
  server.close();
}
JS
timeout 120 node run.mjs
echo "As described."
