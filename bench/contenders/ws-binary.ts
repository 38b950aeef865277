// A server written by hand on `ws` alone, as lean as it gets: one byte in for a move; out, once per tick, one buffer
// with six bytes for each player that changed, the same for everybody. The yardstick: it does little but send.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { anywhere, clamp, DIRECTIONS, MOVE, TICK_MS } from "../harness/arena.ts";
import { listen } from "./listen.ts";

/** id, x, y: sixteen bits each, little end first. */
const RECORD_BYTES = 6;

/** An x that nobody has: the player is gone. */
const GONE = 0xffff;

interface Player {
  id: number;
  x: number;
  y: number;
}

const players = new Map<number, Player>();
/** Those whose place is new in this tick; those who left it have GONE as their x. */
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
  const player = { id: ++lastId, x: Math.round(anywhere()), y: Math.round(anywhere()) };
  players.set(player.id, player);
  changed.add(player);
  // The welcome: the own id, then everybody.
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
