#!/usr/bin/env bash
# @colyseus/sdk with ws: messages of a connection arrive after the SDK has reported its end.
#
# A guess: after onDrop, the next message comes from the new connection.
# Instead: when the client closes with 4010, as the SDK itself does when a browser goes offline, the SDK calls onDrop at
# once and then closes the socket. A socket of ws delivers messages until the server has answered the close, and they
# still reach onMessage, onStateChange and the inputs' acknowledgements, which the SDK has just reset for the new
# connection. Node's global WebSocket, which the SDK prefers if there is one, drops them, as browsers do.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund @colyseus/core@0.18.17 @colyseus/ws-transport@0.18.4 \
  @colyseus/schema@5.0.34 @colyseus/sdk@0.18.4 ws@8.23.0

cat > run.mjs <<'JS'
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket as WsSocket } from "ws";

const versionOf = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
const socket = process.argv[2];
if (socket === "ws") globalThis.WebSocket = WsSocket;
console.info = () => {};
const { Client } = await import("@colyseus/sdk");
const { Room, Server } = await import("@colyseus/core");
const { WebSocketTransport } = await import("@colyseus/ws-transport");

/** Sends each client a number every millisecond. */
class Counting extends Room {
  onCreate() {
    let count = 0;
    setInterval(() => this.broadcast("count", count++), 1);
  }
  async onDrop(client) {
    await this.allowReconnection(client, 10);
  }
}

const server = new Server({ greet: false, transport: new WebSocketTransport() });
server.define("counting", Counting);
await server.listen(0);
const { port } = server.transport.server.address();
const room = await new Client(`http://127.0.0.1:${port}`).joinOrCreate("counting");
room.reconnection.minUptime = 0;
let state = "connected";
const late = [];
room.onDrop(() => (state = "dropped"));
room.onReconnect(() => (state = "back"));
room.onMessage("count", (count) => state === "dropped" && late.push(count));
await delay(300);
for (let time = 0; time < 10; time++) {
  room.connection.close(4010);
  while (state !== "back") await delay(5);
  await delay(100);
}
console.log(`@colyseus/sdk ${versionOf("@colyseus/sdk")}, Node ${process.version}, ${socket}: ${late.length} late messages`);
assert.equal(late.length > 0, socket === "ws");
process.exit(0);
JS
timeout 60 node run.mjs ws
if node -e 'process.exit(globalThis.WebSocket ? 0 : 1)'; then timeout 60 node run.mjs global; fi
echo "As described."
