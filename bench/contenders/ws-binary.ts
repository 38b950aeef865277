// A minimal server on `ws` alone. A move is one byte. Once per tick it sends all clients the same buffer, with six
// bytes for each changed player. It is the baseline of the comparison, because it does little except sending.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { clamp, DIRECTIONS, MOVE, randomCoordinate, TICK_MS } from "../harness/arena.ts";
import { listen } from "./listen.ts";

/** A record is id, x and y as 16-bit numbers, little-endian. */
const RECORD_BYTES = 6;

/** An x outside the arena. It means that the player is gone. */
const GONE = 0xffff;

interface Player {
  id: number;
  x: number;
  y: number;
}

const players = new Map<number, Player>();
/** Players that have moved, joined or left in this tick. Players that left have GONE as their x. */
const changed = new Set<Player>();
let lastId = 0;

function records(of: Iterable<Player>, count: number, before = 0): Buffer {
  const buffer = Buffer.allocUnsafe(before + count * RECORD_BYTES);
  let at = before;
  for (const { id, x, y } of of) {
    buffer.writeUInt16LE(id, at);
    buffer.writeUInt16LE(x, at + 2);
    buffer.writeUInt16LE(y, at + 4);
    at += RECORD_BYTES;
  }
  return buffer;
}

const httpServer = createServer();
const sockets = new WebSocketServer({ server: httpServer, perMessageDeflate: false, maxPayload: 1024 });

sockets.on("connection", (socket) => {
  const player = { id: ++lastId, x: Math.round(randomCoordinate()), y: Math.round(randomCoordinate()) };
  players.set(player.id, player);
  changed.add(player);
  // The welcome: the client's own id, then all players.
  const welcome = records(players.values(), players.size, 2);
  welcome.writeUInt16LE(player.id, 0);
  socket.send(welcome);
  socket.on("message", (message: Buffer) => {
    const move = MOVE[DIRECTIONS[message[0]!]!];
    if (!move) return;
    player.x = clamp(player.x + move.x);
    player.y = clamp(player.y + move.y);
    changed.add(player);
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    players.delete(player.id);
    player.x = GONE;
    changed.add(player);
  });
});

setInterval(() => {
  if (changed.size === 0) return;
  const buffer = records(changed, changed.size);
  changed.clear();
  for (const socket of sockets.clients) socket.send(buffer);
}, TICK_MS);

listen(httpServer);
