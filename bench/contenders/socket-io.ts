// A socket.io server as its docs have it, on WebSockets alone: what changed goes to everybody with io.emit, which
// encodes it once.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { anywhere, clamp, type Direction, MOVE, TICK_MS } from "../harness/arena.ts";
import { listen } from "./listen.ts";

type Place = [x: number, y: number];

const players = new Map<string, Place>();
const changed = new Set<string>();

const httpServer = createServer();
const io = new Server(httpServer, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  const place: Place = [Math.round(anywhere()), Math.round(anywhere())];
  players.set(socket.id, place);
  changed.add(socket.id);
  socket.emit("players", Object.fromEntries(players));
  socket.on("move", (direction: Direction) => {
    const move = MOVE[direction];
    if (!move) return;
    place[0] = clamp(place[0] + move.x);
    place[1] = clamp(place[1] + move.y);
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
  const places: Record<string, Place> = {};
  for (const id of changed) places[id] = players.get(id)!;
  changed.clear();
  io.emit("players", places);
}, TICK_MS);

listen(httpServer);
