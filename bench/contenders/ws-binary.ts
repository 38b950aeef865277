// A minimal server that uses only the package `ws`. A move is one byte. Once per tick it sends all clients the same
// buffer, with six bytes for each changed player. This server is the baseline of the comparison, because it does little
// more than send data.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { clamp, DIRECTIONS, MOVE, TICK_MS } from "../harness/arena.ts";
import { randomStart } from "../harness/crowd.ts";
import { listen } from "./listen.ts";

/** The length of a record: id, x and y of a player as 16-bit numbers, little-endian. */
const RECORD_BYTES = 6;

/** The x in the record of a player that has left. It is outside the arena. */
const GONE = 0xffff;

interface Player {
  id: number;
  x: number;
  y: number;
}

const players = new Map<number, Player>();
/** Players that have moved, joined or left since the last tick. A player that has left has GONE as its x. */
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
  const { x, y } = randomStart();
  const player = { id: ++lastId, x: Math.round(x), y: Math.round(y) };
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
