// A server without a game. Once per tick it writes the same frame, with a payload of 62 bytes, to the file descriptor
// of each client's socket. It reads no messages. Its cost is the minimal cost of a server in Node.
import { writeSync } from "node:fs";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { ARENA, TICK_MS } from "../harness/arena.ts";
import { listen } from "./listen.ts";

const CENTRE = ARENA / 2;

/**
 * Ten equal records of one player: id, x and y. The payload has the form of the first message of ws-binary.ts: the
 * client's own id, then the records. All clients get the id 1, the id of that player.
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
      // The client has disconnected. A paused socket emits no close event, so only a failed write shows this.
      descriptors.delete(descriptor);
    }
  }
}, TICK_MS);

listen(httpServer);
