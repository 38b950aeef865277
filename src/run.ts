// Runs the server process: reads the environment, starts the server, handles signals, and stops. src/app.ts assembles
// the server itself.
import { join } from "node:path";
import { MapError } from "../sim/map.ts";
import { loadOrCreateSecret, SecretError } from "./auth/secret.ts";
import { ConfigError, readConfig } from "./config.ts";
import type { ClusterPlace, enterCluster } from "./enter-cluster.ts";
import type { HttpSettings } from "./http/routes.ts";
import { listen } from "./listen.ts";
import { drain, shutDown } from "./shutdown.ts";
import { openServerStore } from "./store/open.ts";
import { RecordingsFolder } from "./store/recordings.ts";
import { StoreError } from "./store/store.ts";
import { WriteBehind } from "./store/write-behind.ts";
import { createLogger } from "./telemetry/logger.ts";

/** Seconds for which the server holds the seat (the place in the room) of a player whose connection was lost. */
const RECONNECTION_SECONDS = 20;

/** Runs the server until a signal stops it. `page` adds the demo page to the routes. */
export async function run(page: HttpSettings["page"]): Promise<void> {
  // Handle signals from the start. Linux ignores SIGTERM and SIGINT for the first process of a container, unless that
  // process has handlers.
  let onSignal: (signal: string) => void = () => process.exit(0);
  for (const signal of SIGNALS) process.on(signal, () => onSignal(signal));

  const config = await orExit(() => readConfig(process.env), ConfigError);
  // Import these modules after the configuration is read. They load the framework, which adds the variables of .env
  // files to the environment.
  process.env.DOTENV_CONFIG_QUIET = "true";
  const [{ createApp }, { loadMaps }, { Arrivals }, { Tokens }] = await Promise.all([
    import("./app.ts"),
    import("./maps/load-maps.ts"),
    import("./auth/arrivals.ts"),
    import("./auth/tokens.ts"),
  ]);
  const mapFolder = await orExit(() => loadMaps(config.MAPS_DIR), MapError);
  const secret = await orExit(() => config.JWT_SECRET ?? loadOrCreateSecret(config.DATA_DIR), SecretError);
  const store = await orExit(
    () => openServerStore({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL }),
    StoreError,
  );
  const logger = createLogger(config.LOG_LEVEL, config.production);
  for (const error of mapFolder.errors) logger.error(`${error.message}\nThe server starts without this map.`);
  for (const warning of mapFolder.warnings) logger.warn(warning);
  const writeBehind = new WriteBehind(store, logger);
  writeBehind.start();
  const cluster =
    config.REDIS_URL === undefined
      ? undefined
      : await placeInCluster({ config, maps: mapFolder.maps, store, writeBehind, logger });
  const app = createApp({
    rooms: {
      maps: mapFolder.maps,
      reconnectionSeconds: RECONNECTION_SECONDS,
      maxPlayers: config.MAX_PLAYERS_PER_ROOM,
      idleSeconds: config.MAX_IDLE_SECONDS,
      maxBytesPerClient: config.MAX_BYTES_PER_CLIENT,
    },
    edge: {
      trustedProxies: config.TRUST_PROXY,
      allowedOrigins: config.ALLOWED_ORIGINS,
      maxConnectionsPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
      maxJoinsPerMinute: config.MAX_JOINS_PER_MINUTE,
      maxMessagesPerSecond: config.MAX_MESSAGES_PER_SECOND,
      maxFrameBytes: config.MAX_FRAME_BYTES,
      maxSendBufferBytes: config.MAX_SEND_BUFFER_BYTES,
      keepAliveSeconds: config.KEEP_ALIVE_SECONDS,
    },
    maxDelayMs: config.ADMISSION_MAX_DELAY_MS,
    http: {
      monitorUser: config.MONITOR_USER,
      monitorPassword: config.MONITOR_PASSWORD,
      mapFolder,
      metricsToken: config.METRICS_TOKEN,
      playground: !config.production,
      page,
    },
    tokens: new Tokens(secret, config.JWT_SECRET_OLD),
    arrivals: new Arrivals(secret),
    store: writeBehind,
    joinCluster: cluster?.create,
    recordings: new RecordingsFolder(join(config.DATA_DIR, "recordings"), config.RECORD, logger),
    logger,
  });

  let isStopping = false;
  const stop = async (exitCode: number) => {
    // An uncaught exception may stop the server while it drains. The end of draining must not stop it again.
    if (isStopping) return;
    isStopping = true;
    onSignal = onSecondSignal(() => process.exit(1));
    const { ended, lost } = await shutDown(app, exitCode !== 0);
    await cluster?.leave();
    if (!ended) logger.error("some rooms did not end in time; stopping without them");
    logger.info("stopped");
    process.exit(ended && lost === 0 ? exitCode : 1);
  };
  onSignal = async (signal) => {
    const draining = drain(app, config.DRAIN_SECONDS);
    if (config.DRAIN_SECONDS > 0) logger.info({ signal }, `stopping in ${config.DRAIN_SECONDS} s: no new players`);
    onSignal = onSecondSignal(draining.cutShort);
    await draining.over;
    const clients = cluster ? "move to the other processes" : "are told to reconnect later";
    logger.info({ signal }, `stopping: no new players; clients ${clients}`);
    await stop(0);
  };
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "uncaught exception; shutting down, because the state may be inconsistent");
    stop(1);
  });
  process.on("unhandledRejection", (error) => logger.error({ err: error }, "unhandled promise rejection"));

  if (config.production && !config.METRICS_TOKEN) {
    logger.warn("METRICS_TOKEN is not set: any client that can reach the port can read /metrics");
  }
  if (config.ALLOWED_ORIGINS.includes("null")) {
    logger.warn(
      "ALLOWED_ORIGINS contains null, which any site can send from a sandboxed frame: pages of every site may join and " +
        "sign in; the monitor stays closed to them",
    );
  }
  try {
    const port = await listen(app, config.PORT, config.HOST);
    app.cluster?.start();
    announce(port, config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hint = code === "EADDRINUSE" ? "stop the program on that port, or set another PORT" : "check HOST and PORT";
    console.error(`cannot listen on ${config.HOST}:${config.PORT}: ${message}; ${hint}`);
    process.exit(1);
  }
}

/** A signal within this many milliseconds after the first one is ignored as a duplicate. */
const SAME_SIGNAL_MS = 500;

/**
 * Returns a handler that calls `act` at the second signal. It ignores a duplicate of the first signal: npm sends the
 * signal once more when an operator presses Ctrl-C.
 */
function onSecondSignal(act: () => void): () => void {
  const startedAt = performance.now();
  return () => {
    if (performance.now() - startedAt > SAME_SIGNAL_MS) act();
  };
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Prints the server's addresses to the console, not to the log, because they are for people to read. */
function announce(port: number, config: ReturnType<typeof readConfig>): void {
  const host = `localhost:${port}`;
  const rows = [
    ["the game", `http://${host}/`],
    ["the monitor", `http://${host}/monitor`],
    ...(config.production ? [] : [["the playground", `http://${host}/playground`]]),
    ["Colyseus SDK", `new Client("http://${host}").joinOrCreate("world")`],
    ["WebSocket", `ws://${host}/websocket`],
  ];
  console.log(`sabang is listening on port ${port}\n`);
  for (const [name, address] of rows) console.log(`  ${name!.padEnd(16)}${address}`);
  if (config.monitorPasswordIsRandom) {
    console.log(`\n  Monitor user: ${config.MONITOR_USER}; password until the next start: ${config.MONITOR_PASSWORD}`);
  }
  console.log("");
}

/** Makes this process a part of the cluster. The cluster modules are loaded only here. */
async function placeInCluster(parts: Parameters<typeof enterCluster>[0]): Promise<ClusterPlace> {
  const { enterCluster, ClusterError } = await import("./enter-cluster.ts");
  const place = await orExit(() => enterCluster(parts), ClusterError);
  parts.logger.info({ prefix: parts.config.REDIS_PREFIX }, "this process is part of a cluster");
  return place;
}

/** Returns the result of `read`. Prints the error's message and ends the process if `read` throws an expected error. */
async function orExit<T>(read: () => T | Promise<T>, expected: new (...values: never[]) => Error): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof expected)) throw error;
    console.error(`sabang cannot start:\n${error.message.replace(/^/gm, "  ")}`);
    process.exit(1);
  }
}
