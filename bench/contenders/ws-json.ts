// The same by hand on `ws`, with JSON: readable on the wire, as most first servers are. What changed is put into text
// once per tick and sent to everybody as the same bytes.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { anywhere, clamp, type Direction, MOVE, TICK_MS } from "../harness/arena.ts";
import { listen } from "./listen.ts";

type Place = [x: number, y: number];

const players = new Map<string, Place>();
const changed = new Set<string>();
const gone = new Set<string>();
let lastId = 0;

const httpServer = createServer();
const sockets = new WebSocketServer({ server: httpServer, perMessageDeflate: false, maxPayload: 1024 });

sockets.on("connection", (socket) => {
  const id = `p${++lastId}`;
  const place: Place = [Math.round(anywhere()), Math.round(anywhere())];
  players.set(id, place);
  changed.add(id);
  socket.send(JSON.stringify({ id, players: Object.fromEntries(players) }));
  socket.on("message", (message: Buffer) => {
    const move = MOVE[(JSON.parse(message.toString()) as { move: Direction }).move];
    if (!move) return;
    place[0] = clamp(place[0] + move.x);
    place[1] = clamp(place[1] + move.y);
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
  const places: Record<string, Place> = {};
  for (const id of changed) places[id] = players.get(id)!;
  const text = Buffer.from(JSON.stringify({ players: places, gone: [...gone] }));
  changed.clear();
  gone.clear();
  for (const socket of sockets.clients) socket.send(text, { binary: false });
}, TICK_MS);

listen(httpServer);
