// Assembles the server from its parts. src/listen.ts makes it listen.
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRouter, defineServer, type Server, WebSocketTransport } from "colyseus";
import type { Application } from "express";
import { RecordedWorld, type Recordings } from "../replay/recorded-world.ts";
import { defineWorldRoom, type WorldRoomSettings } from "../rooms/define-world-room.ts";
import { Sessions } from "../rooms/player-session.ts";
import { nameOfError } from "../schema/errors.ts";
import { BLANK_INPUT } from "../schema/move-input.ts";
import type { Arrivals } from "./auth/arrivals.ts";
import type { Tokens } from "./auth/tokens.ts";
import type { Cluster, ClusterParts } from "./cluster/cluster.ts";
import { Admission } from "./edge/admission.ts";
import { EdgeServer } from "./edge/edge-server.ts";
import {
  completeRefusal,
  type IsTakeover,
  isConnected,
  type OnRefused,
  refuseWhileStopping,
  watchMatchmaking,
} from "./edge/matchmaking.ts";
import { EdgeFilter, type EdgeFilterSettings, refuseUpgrade } from "./edge/request-filter.ts";
import { isRoomPath, PLAIN_PATH, pathOf } from "./edge/socket-paths.ts";
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
import { addressOf } from "./telemetry/transports.ts";

/** The parts of a server that are needed to run and to stop it. */
export interface App {
  server: Server;
  httpServer: HttpServer;
  plainSockets: PlainSockets;
  admission: Admission;
  store: WriteBehind;
  edgeCounters: EdgeCounters;
  /** The cluster that the process is part of, if there is one. */
  cluster: Cluster | undefined;
}

/** The settings of a server, and the parts that the caller creates before it calls `createApp`. */
export interface AppSettings {
  rooms: Omit<
    WorldRoomSettings,
    "arrivals" | "identify" | "store" | "admission" | "observer" | "sessions" | "createWorld" | "seatsOf"
  >;
  edge: EdgeSettings;
  http: Omit<HttpSettings, "tokens" | "isStoreHealthy" | "admission" | "metrics" | "filter" | "cluster">;
  /** Makes the process a part of a cluster. Without this function, the process runs alone. */
  joinCluster?: ((parts: ClusterParts) => Cluster) | undefined;
  /** The p99 tick delay in ms above which a busy process refuses new players; 0 for no limit. */
  maxDelayMs: number;
  tokens: Tokens;
  arrivals: Arrivals;
  /** Saves player records. The caller must have called its `start` method. `shutDown` closes the store. */
  store: WriteBehind;
  /** Receives recordings of the worlds. By default worlds are not recorded. */
  recordings?: Recordings;
  logger: Pick<Console, "debug" | "error" | "info" | "trace" | "warn">;
}

/** The limits and timeouts that protect the process from its clients. */
export interface EdgeSettings extends EdgeFilterSettings, SocketSettings {
  /** Milliseconds within which a request must arrive; 10,000 by default. */
  timeoutMs?: number;
  /** Seconds for which an idle connection is kept for the next request. */
  keepAliveSeconds: number;
  /** Milliseconds between two checks for silent connections; 2000 by default. */
  heartbeatMs?: number;
  /** Milliseconds per slice of load measurements, see src/edge/admission.ts. Tests use short slices to wait less. */
  admissionSliceMs?: number;
}

/** The default of `timeoutMs`: a whole request must arrive within this many milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Assembles a server. Call this function once per process, because the framework keeps its matchmaker in a module
 * variable.
 */
export function createApp(settings: AppSettings): App {
  const { tokens, arrivals, store, edge, recordings } = settings;
  const sessions = new Sessions();
  const playerCount = (): number => Math.max(sessions.size, cluster?.connectionCount ?? 0);
  const admission = new Admission(settings.maxDelayMs, playerCount, edge.admissionSliceMs);
  const refusalLog = new RefusalLog(settings.logger);
  const edgeCounters = new EdgeCounters(refusalLog);
  const maps = [...settings.rooms.maps.keys()];
  const metrics = new Metrics({ maps, store, tokens, admission, edgeCounters, cluster: () => cluster?.figures });
  const telemetry = new RoomTelemetry(metrics, admission, settings.logger, refusalLog);

  const isTakeover: IsTakeover = async (token, address) => {
    const id = token && (await tokens.read(token).catch(() => undefined));
    const client = id ? sessions.clientOf(id) : undefined;
    return client !== undefined && addressOf(client) === address;
  };
  // Clients that replace a connection have a higher limit. A process of a cluster does not know which clients do so. It
  // gives all clients the higher limit. The authority knows the players, and applies the exact limits to all joins.
  const replaced = settings.joinCluster
    ? { isTakeover: async () => true, isConnected: () => true }
    : { isTakeover, isConnected };
  const filter = new EdgeFilter(edge, edgeCounters, replaced);
  const onRefused: OnRefused = (error, address = "") => {
    const name = nameOfError(error);
    // The authority of a cluster applies these limits, too. Its refusals count as refusals of the filter.
    if (name === "tooManyConnections" || name === "tooManyJoins") filter.countRefusal(name, address);
    else telemetry.refusedAtDoor(error, address);
  };
  const sockets = socketOptions(edge, filter.addresses, edgeCounters);
  const admitPlain: EdgeFilter["admitPlain"] = (...join) => filter.admitPlain(...join);
  const cluster: Cluster | undefined = settings.joinCluster?.({
    sockets,
    admitPlain,
    onRefused,
    isTakeover,
    refusal: () => admission.refusal(false),
    address: () => httpServer.address() as AddressInfo,
    onRoundTrip: (milliseconds) => metrics.cluster.roundTrip(milliseconds),
  });
  watchMatchmaking(onRefused, filter, replaced);
  const httpServer = new EdgeServer(filter, {
    requestMs: edge.timeoutMs ?? REQUEST_TIMEOUT_MS,
    keepAliveMs: 1000 * edge.keepAliveSeconds,
  });
  const heartbeat = new Heartbeat(edgeCounters.sockets, edge.heartbeatMs);
  httpServer.on("close", () => heartbeat.stop());
  const plainSockets = new PlainSockets(sockets, admitPlain, onRefused);
  keepClientShape();
  const transport = new WebSocketTransport({
    ...sockets,
    // The framework pings every client, and counts only pongs as signs of life. src/sockets/heartbeat.ts replaces these
    // pings.
    pingInterval: 0,
    WebSocket: GuardedSocket,
  });
  transport.attachToServer(httpServer, { filter: (request) => !cluster && isRoomPath(pathOf(request)) });
  httpServer.on("upgrade", (request, socket, head) => {
    const path = pathOf(request);
    if (path !== PLAIN_PATH && !isRoomPath(path)) refuseUpgrade(socket, "notFound");
    else if (cluster) cluster.upgrade(request, socket, head);
    else if (path === PLAIN_PATH) plainSockets.upgrade(request, socket, head);
  });

  const ownRooms: WorldRoomSettings = {
    ...settings.rooms,
    arrivals,
    store,
    admission,
    observer: telemetry,
    identify: (token) => tokens.read(token),
    sessions,
    seatsOf: (room) => new Seats(room),
    createWorld: (map, seed, room) =>
      new RecordedWorld(map, seed, { room, recordings, startedAt: Date.now(), blankInput: BLANK_INPUT }),
  };
  const rooms = cluster?.roomSettings(ownRooms) ?? ownRooms;
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
      httpRoutes(app, {
        ...settings.http,
        tokens,
        admission,
        metrics,
        filter,
        cluster,
        isStoreHealthy: () => store.healthy,
      }),
    logger: demoteClientErrors(settings.logger),
    greet: false,
    // src/run.ts handles signals and uncaught exceptions.
    gracefullyShutdown: false,
  });
  return { server, httpServer, plainSockets, admission, store, edgeCounters, cluster };
}
