// The life cycle of the process: environment, start, signals, end. src/app.ts assembles the server itself.
import { join } from "node:path";
import { MapError } from "../sim/map.ts";
import { loadOrCreateSecret, SecretError } from "./auth/secret.ts";
import { ConfigError, readConfig } from "./config.ts";
import type { HttpSettings } from "./http/routes.ts";
import { listen } from "./listen.ts";
import { drain, shutDown } from "./shutdown.ts";
import { openStore } from "./store/open.ts";
import { RecordingsFolder } from "./store/recordings.ts";
import { StoreError } from "./store/store.ts";
import { WriteBehind } from "./store/write-behind.ts";
import { createLogger } from "./telemetry/logger.ts";

/** Seconds for which the seat of a lost connection is held. */
const RECONNECTION_SECONDS = 20;

/** Runs the server with a page until a signal stops it. */
export async function run(page: HttpSettings["page"]): Promise<void> {
  // Handle signals from the start: the first process of a container ignores signals that it has no handler for.
  let onSignal: (signal: string) => void = () => process.exit(0);
  for (const signal of SIGNALS) process.on(signal, () => onSignal(signal));

  const config = await orExit(() => readConfig(process.env), ConfigError);
  // Imported after the configuration is read, because the framework loads .env files into the environment.
  process.env.DOTENV_CONFIG_QUIET = "true";
  const [{ createApp }, { loadMaps }, { Tokens }] = await Promise.all([
    import("./app.ts"),
    import("./maps.ts"),
    import("./auth/tokens.ts"),
  ]);
  const maps = await orExit(() => loadMaps(config.MAPS_DIR), MapError);
  const secret = await orExit(() => config.JWT_SECRET ?? loadOrCreateSecret(config.DATA_DIR), SecretError);
  const store = await orExit(
    () => openStore({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL }),
    StoreError,
  );
  const logger = createLogger(config.LOG_LEVEL, config.production);
  const writeBehind = new WriteBehind(store, logger);
  writeBehind.start();
  const app = createApp({
    rooms: {
      maps,
      reconnectionSeconds: RECONNECTION_SECONDS,
      maxPlayers: config.MAX_PLAYERS_PER_ROOM,
      idleSeconds: config.MAX_IDLE_SECONDS,
    },
    edge: {
      trustedProxies: config.TRUST_PROXY,
      allowedOrigins: config.ALLOWED_ORIGINS,
      maxConnectionsPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
      maxJoinsPerMinute: config.MAX_JOINS_PER_MINUTE,
      maxMessagesPerSecond: config.MAX_MESSAGES_PER_SECOND,
      maxFrameBytes: config.MAX_FRAME_BYTES,
      maxSendBufferBytes: config.MAX_SEND_BUFFER_BYTES,
    },
    maxDelayMs: config.ADMISSION_MAX_DELAY_MS,
    http: {
      monitorUser: config.MONITOR_USER,
      monitorPassword: config.MONITOR_PASSWORD,
      mapsFolder: config.MAPS_DIR,
      metricsToken: config.METRICS_TOKEN,
      playground: !config.production,
      page,
    },
    tokens: new Tokens(secret, config.JWT_SECRET_OLD),
    store: writeBehind,
    recordings: new RecordingsFolder(join(config.DATA_DIR, "recordings"), config.RECORD, logger),
    logger,
  });

  let isStopping = false;
  const stop = async (exitCode: number) => {
    // An uncaught exception may stop the server while it drains. The end of draining must not stop it again.
    if (isStopping) return;
    isStopping = true;
    onSignal = onSecondSignal(() => process.exit(1));
    const { ended, lost } = await shutDown(app);
    if (!ended) logger.error("some rooms did not end in time; stopping without them");
    logger.info("stopped");
    process.exit(ended && lost === 0 ? exitCode : 1);
  };
  onSignal = async (signal) => {
    const draining = drain(app, config.DRAIN_SECONDS);
    if (config.DRAIN_SECONDS > 0) logger.info({ signal }, `stopping in ${config.DRAIN_SECONDS} s: no new players`);
    onSignal = onSecondSignal(draining.cutShort);
    await draining.over;
    logger.info({ signal }, "stopping: no new players; clients are told to reconnect later");
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
  try {
    const port = await listen(app, config.PORT, config.HOST);
    announce(port, config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hint = code === "EADDRINUSE" ? "stop the program on that port, or set another PORT" : "check HOST and PORT";
    console.error(`cannot listen on ${config.HOST}:${config.PORT}: ${message}; ${hint}`);
    process.exit(1);
  }
}

/** Milliseconds within which repeated signals count as one. */
const SAME_SIGNAL_MS = 500;

/** Returns the handler of a second signal, which speeds up the stop. It ignores the duplicate of Ctrl-C from npm. */
function onSecondSignal(act: () => void): () => void {
  const startedAt = performance.now();
  return () => {
    if (performance.now() - startedAt > SAME_SIGNAL_MS) act();
  };
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Prints the addresses of the server. The output is for people, so it does not go to the log. */
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

/** Returns the result of `read`. If `read` throws an expected error, prints the message and ends the process. */
async function orExit<T>(read: () => T | Promise<T>, expected: new (...values: never[]) => Error): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof expected)) throw error;
    console.error(`sabang cannot start:\n${error.message.replace(/^/gm, "  ")}`);
    process.exit(1);
  }
}
