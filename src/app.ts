// Assembles the server out of its parts. It never listens: that is src/listen.ts.
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { createRouter, defineServer, type Server, WebSocketTransport } from "colyseus";
import type { Application } from "express";
import { defineWorldRoom, type WorldRoomSettings } from "../rooms/define-world-room.ts";
import { Sessions } from "../rooms/sessions.ts";
import type { Tokens } from "./auth/tokens.ts";
import { Admission, refuseWhileStopping, sayingWhen } from "./edge/admission.ts";
import { EdgeServer } from "./edge/edge-server.ts";
import { EdgeFilter, type EdgeFilterSettings, PLAIN_PATH, refuseUpgrade } from "./edge/request-filter.ts";
import { type HttpSettings, httpRoutes } from "./http/routes.ts";
import { keepClientShape } from "./sockets/client-shape.ts";
import { demoteClientErrors, GuardedSocket } from "./sockets/frame-guard.ts";
import { Heartbeat } from "./sockets/heartbeat.ts";
import { PlainSockets } from "./sockets/plain-sockets.ts";
import { type SocketSettings, socketOptions } from "./sockets/socket-options.ts";
import type { WriteBehind } from "./store/write-behind.ts";
import { EdgeCounters } from "./telemetry/edge-counters.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { RefusalLog } from "./telemetry/refusal-log.ts";
import { RoomTelemetry } from "./telemetry/room-telemetry.ts";

/** What the server is made of: all that is needed to run it and to stop it. */
export interface App {
  server: Server;
  httpServer: HttpServer;
  plainSockets: PlainSockets;
  /** Lets players in, or not; it knows how late the ticks are. */
  admission: Admission;
  /** The places on their way to the store; it counts what it does. */
  places: WriteBehind;
  /** What the edge has refused and sent. */
  edgeCounters: EdgeCounters;
}

/** What an app is told: settings of the rooms, of the edge, of HTTP, who is who, where places are kept, and who takes its log lines. */
export interface AppSettings {
  rooms: Omit<WorldRoomSettings, "identify" | "places" | "admission" | "observer" | "sessions">;
  edge: EdgeSettings;
  http: Omit<HttpSettings, "tokens" | "isStoreHealthy" | "admission" | "metrics" | "gate">;
  /** The p99 of the ticks' delay above which a busy process refuses new players, in ms; 0 turns that off. */
  maxDelayMs: number;
  tokens: Tokens;
  /** Started already. It is closed with the app. */
  places: WriteBehind;
  logger: Pick<Console, "debug" | "error" | "info" | "trace" | "warn">;
}

/** What protects the process from who connects to it. */
export interface EdgeSettings extends EdgeFilterSettings, SocketSettings {
  /** Milliseconds within which a request has to arrive; 10 seconds by default. */
  timeoutMs?: number;
  /** Milliseconds between two looks at connections that are silent; 2000 by default. */
  heartbeatMs?: number;
  /** Scales the windows of src/edge/admission.ts, so that a test need not wait for seconds. */
  admissionSliceMs?: number;
}

/** Milliseconds within which a request has to arrive, its head as well as all of it. */
const REQUEST_TIMEOUT_MS = 10_000;

/** `/process/room` for a seat in a room, and `/` for the SDK's own latency probe. All else is not upgraded. */
const ROOM_PATH = /^\/(?:[\w-]+\/([\w-]+))?$/;

/** Whether a path is one of those. The framework logs an error if the room has the name of a member of all objects. */
function isRoomPath(path: string): boolean {
  const match = ROOM_PATH.exec(path);
  return match !== null && !(match[1] !== undefined && match[1] in Object.prototype);
}

/** Makes the server. One per process: the framework's matchmaker keeps its state in a module. */
export function createApp(settings: AppSettings): App {
  const { tokens, places, edge } = settings;
  const admission = new Admission(settings.maxDelayMs, edge.admissionSliceMs);
  const refusals = new RefusalLog(settings.logger);
  const edgeCounters = new EdgeCounters(refusals);
  const gate = new EdgeFilter(edge, edgeCounters);
  const httpServer = new EdgeServer(gate, edge.timeoutMs ?? REQUEST_TIMEOUT_MS);
  const metrics = new Metrics({ maps: [...settings.rooms.maps.keys()], places, tokens, admission, edgeCounters });
  const observer = new RoomTelemetry(metrics, admission, settings.logger, refusals);
  observer.watchMatchmaking();
  const sockets = socketOptions(edge, gate.addresses, edgeCounters);
  const heartbeat = new Heartbeat(edgeCounters.sockets, edge.heartbeatMs);
  httpServer.on("close", () => heartbeat.stop());
  const plainSockets = new PlainSockets(sockets, (request) => gate.admitPlain(request), observer);
  keepClientShape();
  const transport = new WebSocketTransport({
    ...sockets,
    // Its pings go to everybody, and only an answer to them is a sign of life: src/sockets/heartbeat.ts is in their place.
    pingInterval: 0,
    WebSocket: GuardedSocket,
  });
  transport.attachToServer(httpServer, { filter: (request) => isRoomPath(pathOf(request)) });
  httpServer.on("upgrade", (request, socket, head) => {
    const path = pathOf(request);
    if (path === PLAIN_PATH) plainSockets.upgrade(request, socket, head);
    else if (!isRoomPath(path)) refuseUpgrade(socket, { code: 404, sentence: "There is no WebSocket here." });
  });

  const rooms: WorldRoomSettings = {
    ...settings.rooms,
    places,
    admission,
    observer,
    identify: (token) => tokens.read(token),
    sessions: new Sessions(),
  };
  const server = defineServer({
    transport,
    rooms: {
      world: defineWorldRoom(rooms),
    },
    routes: createRouter(
      {},
      {
        onRequest: (request) => refuseWhileStopping(request, (...refusal) => observer.refusedAtDoor(...refusal)),
        onResponse: sayingWhen,
      },
    ),
    express: (app: Application) =>
      httpRoutes(app, { ...settings.http, tokens, admission, metrics, gate, isStoreHealthy: () => places.healthy }),
    logger: demoteClientErrors(settings.logger),
    greet: false,
    // Signals and faults are the process's business: src/run.ts.
    gracefullyShutdown: false,
  });
  return { server, httpServer, plainSockets, admission, places, edgeCounters };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0]!;
}
