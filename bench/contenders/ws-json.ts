// A minimal server like ws-binary.ts, but with messages in JSON. Beginners often write such a server. Once per tick it
// serializes all changes once, and sends the same bytes to all clients.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { clamp, type Direction, MOVE, TICK_MS } from "../harness/arena.ts";
import { randomStart } from "../harness/crowd.ts";
import { listen } from "./listen.ts";

type Position = [x: number, y: number];

const players = new Map<string, Position>();
const changed = new Set<string>();
const gone = new Set<string>();
let lastId = 0;

const httpServer = createServer();
const sockets = new WebSocketServer({ server: httpServer, perMessageDeflate: false, maxPayload: 1024 });

sockets.on("connection", (socket) => {
  const id = `p${++lastId}`;
  const { x, y } = randomStart();
  const position: Position = [Math.round(x), Math.round(y)];
  players.set(id, position);
  changed.add(id);
  socket.send(JSON.stringify({ id, players: Object.fromEntries(players) }));
  socket.on("message", (message: Buffer) => {
    const move = MOVE[(JSON.parse(message.toString()) as { move: Direction }).move];
    if (!move) return;
    position[0] = clamp(position[0] + move.x);
    position[1] = clamp(position[1] + move.y);
    changed.add(id);
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    players.delete(id);
    changed.delete(id);
    gone.add(id);
  });
});

setInterval(() => {
  if (changed.size === 0 && gone.size === 0) return;
  const positions: Record<string, Position> = {};
  for (const id of changed) positions[id] = players.get(id)!;
  const text = Buffer.from(JSON.stringify({ players: positions, gone: [...gone] }));
  changed.clear();
  gone.clear();
  for (const socket of sockets.clients) socket.send(text, { binary: false });
}, TICK_MS);

listen(httpServer);
