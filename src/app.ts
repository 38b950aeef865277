// Assembles the server from its parts. src/listen.ts makes it listen.
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { createRouter, defineServer, type Server, WebSocketTransport } from "colyseus";
import type { Application } from "express";
import { RecordedWorld, type Recordings } from "../replay/recorded-world.ts";
import { defineWorldRoom, type WorldRoomSettings } from "../rooms/define-world-room.ts";
import { Sessions } from "../rooms/player-session.ts";
import { BLANK_INPUT } from "../schema/move-input.ts";
import type { Tokens } from "./auth/tokens.ts";
import { Admission } from "./edge/admission.ts";
import { EdgeServer } from "./edge/edge-server.ts";
import { completeRefusal, refuseWhileStopping, watchMatchmaking } from "./edge/matchmaking.ts";
import { EdgeFilter, type EdgeFilterSettings, PLAIN_PATH, refuseUpgrade } from "./edge/request-filter.ts";
import { type HttpSettings, httpRoutes } from "./http/routes.ts";
import { keepClientShape } from "./sockets/client-shape.ts";
import { demoteClientErrors, GuardedSocket } from "./sockets/frame-guard.ts";
import { Heartbeat } from "./sockets/heartbeat.ts";
import { PlainSockets } from "./sockets/plain-sockets.ts";
import { Seats } from "./sockets/seats.ts";
import { type SocketSettings, socketOptions } from "./sockets/socket-options.ts";
import type { WriteBehind } from "./store/write-behind.ts";
import { EdgeCounters } from "./telemetry/edge-counters.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { RefusalLog } from "./telemetry/refusal-log.ts";
import { RoomTelemetry } from "./telemetry/room-telemetry.ts";

/** The parts of a server that are needed to run and to stop it. */
export interface App {
  server: Server;
  httpServer: HttpServer;
  plainSockets: PlainSockets;
  admission: Admission;
  store: WriteBehind;
  edgeCounters: EdgeCounters;
}

/** The settings of a server, and the parts that are made before it. */
export interface AppSettings {
  rooms: Omit<
    WorldRoomSettings,
    "identify" | "store" | "admission" | "observer" | "sessions" | "createWorld" | "seatsOf"
  >;
  edge: EdgeSettings;
  http: Omit<HttpSettings, "tokens" | "isStoreHealthy" | "admission" | "metrics" | "filter">;
  /** The p99 tick delay in ms above which a busy process refuses new players; 0 for no limit. */
  maxDelayMs: number;
  tokens: Tokens;
  /** The caller must have started it. `shutDown` closes it with the app. */
  store: WriteBehind;
  /** Receives recordings of the worlds. By default worlds are not recorded. */
  recordings?: Recordings;
  logger: Pick<Console, "debug" | "error" | "info" | "trace" | "warn">;
}

/** Protects the process from its clients. */
export interface EdgeSettings extends EdgeFilterSettings, SocketSettings {
  /** Milliseconds within which a request must arrive; 10 seconds by default. */
  timeoutMs?: number;
  /** Milliseconds between two checks for silent connections; 2000 by default. */
  heartbeatMs?: number;
  /** Scales the windows of src/edge/admission.ts, so that a test does not wait for seconds. */
  admissionSliceMs?: number;
}

/** Milliseconds within which the head of a request, and also the whole request, must arrive. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The upgrades that the framework handles: `/process/room` for a seat in a room, `/` for the SDK's latency probe. */
const ROOM_PATH = /^\/(?:[\w-]+\/([\w-]+))?$/;

/** Whether the framework should handle a path. It would log an error for a room with a name such as `constructor`. */
function isRoomPath(path: string): boolean {
  const match = ROOM_PATH.exec(path);
  return match !== null && !(match[1] !== undefined && match[1] in Object.prototype);
}

/** Assembles the only server of a process: the framework keeps the state of its matchmaker in a module. */
export function createApp(settings: AppSettings): App {
  const { tokens, store, edge, recordings } = settings;
  const admission = new Admission(settings.maxDelayMs, edge.admissionSliceMs);
  const refusalLog = new RefusalLog(settings.logger);
  const edgeCounters = new EdgeCounters(refusalLog);
  const metrics = new Metrics({ maps: [...settings.rooms.maps.keys()], store, tokens, admission, edgeCounters });
  const telemetry = new RoomTelemetry(metrics, admission, settings.logger, refusalLog);
  const onRefused = telemetry.refusedAtDoor.bind(telemetry);
  watchMatchmaking(onRefused);

  const filter = new EdgeFilter(edge, edgeCounters);
  const httpServer = new EdgeServer(filter, edge.timeoutMs ?? REQUEST_TIMEOUT_MS);
  const sockets = socketOptions(edge, filter.addresses, edgeCounters);
  const heartbeat = new Heartbeat(edgeCounters.sockets, edge.heartbeatMs);
  httpServer.on("close", () => heartbeat.stop());
  const plainSockets = new PlainSockets(sockets, (request) => filter.admitPlain(request), onRefused);
  keepClientShape();
  const transport = new WebSocketTransport({
    ...sockets,
    // The framework pings every client, and counts only pongs as signs of life. src/sockets/heartbeat.ts replaces this.
    pingInterval: 0,
    WebSocket: GuardedSocket,
  });
  transport.attachToServer(httpServer, { filter: (request) => isRoomPath(pathOf(request)) });
  httpServer.on("upgrade", (request, socket, head) => {
    const path = pathOf(request);
    if (path === PLAIN_PATH) plainSockets.upgrade(request, socket, head);
    else if (!isRoomPath(path)) refuseUpgrade(socket, "notFound");
  });

  const rooms: WorldRoomSettings = {
    ...settings.rooms,
    store,
    admission,
    observer: telemetry,
    identify: (token) => tokens.read(token),
    sessions: new Sessions(),
    seatsOf: (room) => new Seats(room),
    createWorld: (map, seed, room) =>
      new RecordedWorld(map, seed, { room, recordings, startedAt: Date.now(), blankInput: BLANK_INPUT }),
  };
  const server = defineServer({
    transport,
    rooms: {
      world: defineWorldRoom(rooms),
    },
    routes: createRouter(
      {},
      { onRequest: (request) => refuseWhileStopping(request, onRefused), onResponse: completeRefusal },
    ),
    express: (app: Application) =>
      httpRoutes(app, { ...settings.http, tokens, admission, metrics, filter, isStoreHealthy: () => store.healthy }),
    logger: demoteClientErrors(settings.logger),
    greet: false,
    // The process handles signals and uncaught exceptions itself: src/run.ts.
    gracefullyShutdown: false,
  });
  return { server, httpServer, plainSockets, admission, store, edgeCounters };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0]!;
}
