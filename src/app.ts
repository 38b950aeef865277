// Assembles the server out of its parts. It never listens: that is src/listen.ts.
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { defineServer, type Server, WebSocketTransport } from "colyseus";
import type { Application } from "express";
import { defineWorldRoom, type WorldRoomSettings } from "../rooms/world-room.ts";
import { GuardedSocket } from "./frame-guard.ts";
import { Gate, type GateSettings, PLAIN_PATH, refuseUpgrade } from "./gate.ts";
import { GatedServer } from "./gated-server.ts";
import { type HttpSettings, httpRoutes } from "./http.ts";
import { PlainSockets } from "./plain-sockets.ts";
import { MAX_MISSED_PINGS, PING_INTERVAL_MS, type SocketSettings, socketOptions } from "./sockets.ts";
import type { WriteBehind } from "./store/write-behind.ts";
import { Tally } from "./tally.ts";
import type { Tokens } from "./tokens.ts";

/** What the server is made of: all that is needed to run it and to stop it. */
export interface App {
  server: Server;
  httpServer: HttpServer;
  plainSockets: PlainSockets;
  /** The places on their way to the store; it counts what it does. */
  places: WriteBehind;
  /** What the edge has refused and sent. */
  tally: Tally;
}

/** What an app is told: settings of the rooms, of the edge, of HTTP, who is who, where places are kept, and who takes its log lines. */
export interface AppSettings {
  rooms: Omit<WorldRoomSettings, "identify" | "places">;
  edge: EdgeSettings;
  http: Omit<HttpSettings, "tokens" | "isStoreHealthy" | "gate">;
  tokens: Tokens;
  /** Started already. It is closed with the app. */
  places: WriteBehind;
  logger: { [level in "debug" | "error" | "info" | "trace" | "warn"]: (...values: unknown[]) => void };
}

/** What protects the process from who connects to it. */
export interface EdgeSettings extends GateSettings, SocketSettings {
  /** Milliseconds within which a request has to arrive; 10 seconds by default. */
  patienceMs?: number;
}

/** Milliseconds within which a request has to arrive, its head as well as all of it. */
const PATIENCE_MS = 10_000;

/** `/process/room` for a seat in a room, and `/` for the SDK's own latency probe. All else is not upgraded. */
const ROOM_PATH = /^\/([\w-]+\/[\w-]+)?$/;

/** Makes the server. One per process: the framework's matchmaker keeps its state in a module. */
export function createApp(settings: AppSettings): App {
  const { tokens, places, edge } = settings;
  const tally = new Tally();
  const gate = new Gate(edge, tally);
  const httpServer = new GatedServer(gate, edge.patienceMs ?? PATIENCE_MS);
  const plainSockets = new PlainSockets(socketOptions(edge, tally), (request) => gate.admitPlain(request));
  const transport = new WebSocketTransport({
    ...socketOptions(edge, tally),
    pingInterval: PING_INTERVAL_MS,
    pingMaxRetries: MAX_MISSED_PINGS,
    WebSocket: GuardedSocket,
  });
  transport.attachToServer(httpServer, { filter: (request) => ROOM_PATH.test(pathOf(request)) });
  httpServer.on("upgrade", (request, socket, head) => {
    const path = pathOf(request);
    if (path === PLAIN_PATH) plainSockets.upgrade(request, socket, head);
    else if (!ROOM_PATH.test(path)) refuseUpgrade(socket, { code: 404, sentence: "There is no WebSocket here." });
  });

  const server = defineServer({
    transport,
    rooms: {
      world: defineWorldRoom({ ...settings.rooms, places, identify: (token) => tokens.read(token) }),
    },
    express: (app: Application) =>
      httpRoutes(app, { ...settings.http, tokens, isStoreHealthy: () => places.healthy, gate }),
    logger: settings.logger,
    greet: false,
    // Signals and faults are the process's business: src/run.ts.
    gracefullyShutdown: false,
  });
  return { server, httpServer, plainSockets, places, tally };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0]!;
}
