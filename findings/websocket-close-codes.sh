#!/usr/bin/env bash
# websocket (WebSocket-Node): it answers a close frame with 1000, and takes one without a code for a lost connection.
#
# A guess: an endpoint echoes the close code that it received, as RFC 6455 says, so that both sides report the same.
# Instead: if a server closes with 4001, the client of this package answers with 1000, which the server then reports.
# The client's own close event has wasClean false. The server of this package, too, answers a client's 4002 with 1000. A
# close frame without a code is a regular close, but both report 1006 for it.
# cspell:words cwebsocket onclose
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund websocket@1.0.35 ws@8.23.0

cat > run.cjs <<'JS'
const assert = require("node:assert/strict");
const { once } = require("node:events");
const { createServer } = require("node:http");
const websocket = require("websocket");
const ws = require("ws");
console.log(`websocket ${websocket.version}, ws ${require("ws/package.json").version}, Node ${process.version}`);

/** Each server calls `onConnection` with the connection, and knows the code that a closed connection reports. */
const servers = {
  ws(server, onConnection) {
    new ws.WebSocketServer({ server }).on("connection", onConnection);
  },
  websocket(httpServer, onConnection) {
    new websocket.server({ httpServer, autoAcceptConnections: true }).on("connect", onConnection);
  },
};
const clients = { ws: ws.WebSocket, websocket: websocket.w3cwebsocket };

/** Opens a connection, closes it at one end, and returns the code that each end reports. */
async function closeCodes(server, client, closer, ...args) {
  const httpServer = createServer().listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  const connected = new Promise((resolve) => servers[server](httpServer, resolve));
  const page = new clients[client](`ws://127.0.0.1:${httpServer.address().port}`);
  const opened = new Promise((resolve) => (page.onopen = resolve));
  const pageClosed = new Promise((resolve) => (page.onclose = ({ code, wasClean }) => resolve({ code, wasClean })));
  const connection = await connected;
  await opened;
  const serverClosed = once(connection, "close");
  (closer === "client" ? page : connection).close(...args);
  const [{ code, wasClean }, [serverCode]] = await Promise.all([pageClosed, serverClosed]);
  httpServer.close();
  return `client ${code}${wasClean ? "" : " not clean"}, server ${serverCode}`;
}

(async () => {
  const seen = {};
  for (const [server, client] of [["ws", "ws"], ["ws", "websocket"], ["websocket", "ws"]]) {
    seen[`server ${server}, client ${client}`] = {
      "server closes with 4001": await closeCodes(server, client, "server", 4001, "why"),
      "client closes with 4002": await closeCodes(server, client, "client", 4002, "bye"),
      // The server of `websocket` and its client fill in 1000, so only a `ws` end closes without a code.
      "ws end closes without code": await closeCodes(server, client, server === "ws" ? "server" : "client"),
    };
  }
  console.log(seen);
  assert.deepEqual(seen, {
    "server ws, client ws": {
      "server closes with 4001": "client 4001, server 4001",
      "client closes with 4002": "client 4002, server 4002",
      "ws end closes without code": "client 1005, server 1005",
    },
    "server ws, client websocket": {
      "server closes with 4001": "client 4001 not clean, server 1000",
      "client closes with 4002": "client 4002 not clean, server 4002",
      "ws end closes without code": "client 1006 not clean, server 1000",
    },
    "server websocket, client ws": {
      "server closes with 4001": "client 4001, server 4001",
      "client closes with 4002": "client 1000, server 4002",
      "ws end closes without code": "client 1000, server 1006",
    },
  });
})();
JS
timeout 60 node run.cjs
echo "As described."
