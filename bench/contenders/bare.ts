// A server without a game. It writes the same 62 bytes per tick directly to each client's socket descriptor, and does
// not read messages. It shows the minimal cost of a server in Node.
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { ARENA, TICK_MS } from "../harness/arena.ts";
import { listen } from "./listen.ts";

const CENTRE = ARENA / 2;

/**
 * A welcome of ws-binary: the client's own id, then ten times the same player's id, x and y. All clients are that
 * player.
 */
const RECORDS = Array.from({ length: 10 }, () => [1, CENTRE, CENTRE]).flat();
const payload = Buffer.from(Uint16Array.from([1, ...RECORDS]).buffer);
const frame = Buffer.concat([Buffer.of(0x82, payload.length), payload]);

const httpServer = createServer();
const sockets = new WebSocketServer({ server: httpServer, perMessageDeflate: false });
const descriptors = new Set<number>();

sockets.on("connection", (socket: WebSocket) => {
  socket.pause();
  const { _handle: handle } = (socket as unknown as { _socket: Socket & { _handle: { fd: number } } })._socket;
  descriptors.add(handle.fd);
});

setInterval(() => {
  for (const descriptor of descriptors) {
    try {
      writeSync(descriptor, frame, 0, frame.length);
    } catch {
      // The client has gone. The socket is paused, so it emits no close event.
      descriptors.delete(descriptor);
    }
  }
}, TICK_MS);

listen(httpServer);
