// A socket.io server as in the documentation of socket.io, with WebSockets only. Once per tick it sends all changes to
// all clients with io.emit, which encodes the changes once for all clients.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { clamp, type Direction, MOVE, TICK_MS } from "../harness/arena.ts";
import { randomStart } from "../harness/crowd.ts";
import { listen } from "./listen.ts";

type Position = [x: number, y: number];

const players = new Map<string, Position>();
const changed = new Set<string>();

const httpServer = createServer();
const io = new Server(httpServer, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  const { x, y } = randomStart();
  const position: Position = [Math.round(x), Math.round(y)];
  players.set(socket.id, position);
  changed.add(socket.id);
  socket.emit("players", Object.fromEntries(players));
  socket.on("move", (direction: Direction) => {
    const move = MOVE[direction];
    if (!move) return;
    position[0] = clamp(position[0] + move.x);
    position[1] = clamp(position[1] + move.y);
    changed.add(socket.id);
  });
  socket.on("disconnect", () => {
    players.delete(socket.id);
    changed.delete(socket.id);
    io.emit("gone", socket.id);
  });
});

setInterval(() => {
  if (changed.size === 0) return;
  const positions: Record<string, Position> = {};
  for (const id of changed) positions[id] = players.get(id)!;
  changed.clear();
  io.emit("players", positions);
}, TICK_MS);

listen(httpServer);
