// Assembles the server out of its parts. It never listens: that is src/listen.ts.
import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import { defineServer, type Server, WebSocketTransport } from "colyseus";
import type { Application } from "express";
import { defineWorldRoom, type WorldRoomSettings } from "../rooms/world-room.ts";
import { GuardedSocket } from "./frame-guard.ts";
import { type HttpSettings, httpRoutes } from "./http.ts";
import { PLAIN_PATH, PlainSockets } from "./plain-sockets.ts";
import { MAX_MISSED_PINGS, PING_INTERVAL_MS, SOCKET_OPTIONS } from "./sockets.ts";
import type { WriteBehind } from "./store/write-behind.ts";
import type { Tokens } from "./tokens.ts";

/** What the server is made of: all that is needed to run it and to stop it. */
export interface App {
  server: Server;
  httpServer: HttpServer;
  plainSockets: PlainSockets;
  /** The places on their way to the store; it counts what it does. */
  places: WriteBehind;
}

/** What an app is told: settings of the rooms, of HTTP, who is who, where places are kept, and who takes its log lines. */
export interface AppSettings {
  rooms: Omit<WorldRoomSettings, "identify" | "places">;
  http: Omit<HttpSettings, "tokens" | "isStoreHealthy">;
  tokens: Tokens;
  /** Started already. It is closed with the app. */
  places: WriteBehind;
  logger: Pick<Console, "debug" | "error" | "info" | "trace" | "warn">;
}

/** `/process/room` for a seat in a room, and `/` for the SDK's own latency probe. All else is not upgraded. */
const ROOM_PATH = /^\/([\w-]+\/[\w-]+)?$/;

/** Makes the server. One per process: the framework's matchmaker keeps its state in a module. */
export function createApp(settings: AppSettings): App {
  const { tokens, places } = settings;
  const httpServer = createServer();
  const plainSockets = new PlainSockets();
  const transport = new WebSocketTransport({
    ...SOCKET_OPTIONS,
    pingInterval: PING_INTERVAL_MS,
    pingMaxRetries: MAX_MISSED_PINGS,
    WebSocket: GuardedSocket,
  });
  transport.attachToServer(httpServer, { filter: (request) => ROOM_PATH.test(pathOf(request)) });
  httpServer.on("upgrade", (request, socket, head) => {
    const path = pathOf(request);
    if (path === PLAIN_PATH) plainSockets.upgrade(request, socket, head);
    else if (!ROOM_PATH.test(path))
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });

  const server = defineServer({
    transport,
    rooms: {
      world: defineWorldRoom({ ...settings.rooms, places, identify: (token) => tokens.read(token) }),
    },
    express: (app: Application) => httpRoutes(app, { ...settings.http, tokens, isStoreHealthy: () => places.healthy }),
    logger: settings.logger,
    greet: false,
    // Signals and faults are the process's business: src/run.ts.
    gracefullyShutdown: false,
  });
  return { server, httpServer, plainSockets, places };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0]!;
}
