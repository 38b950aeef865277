// The life of the process: environment, start, signals, end. What it runs is put together in src/app.ts.
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

/** Seconds for which a dropped connection keeps its place. */
const RECONNECTION_SECONDS = 20;

/** Runs the server with a page until it is told to stop. */
export async function run(page: HttpSettings["page"]): Promise<void> {
  // From the first moment on: as the first process of a container it would not hear a signal that nobody handles.
  let onSignal: (signal: string) => void = () => process.exit(0);
  for (const signal of SIGNALS) process.on(signal, () => onSignal(signal));

  const config = await orExit(() => readConfig(process.env), ConfigError);
  // Only now: these import the framework, which reads .env files and puts what they say into the environment.
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
    // A fault while the server drains: it stops for that, and not once more when the time is over.
    if (isStopping) return;
    isStopping = true;
    onSignal = onceMore(() => process.exit(1));
    const { ended, lost } = await shutDown(app);
    if (!ended) logger.error("not every room ended in time; stopping without them");
    logger.info("stopped");
    process.exit(ended && lost === 0 ? exitCode : 1);
  };
  onSignal = async (signal) => {
    const draining = drain(app, config.DRAIN_SECONDS);
    if (config.DRAIN_SECONDS > 0) logger.info({ signal }, `stopping in ${config.DRAIN_SECONDS} s: no new players`);
    onSignal = onceMore(draining.cutShort);
    await draining.over;
    logger.info({ signal }, "stopping: no new players, everybody is told to come back later");
    await stop(0);
  };
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "a fault that nobody caught; the state cannot be trusted any more");
    stop(1);
  });
  process.on("unhandledRejection", (error) => logger.error({ err: error }, "a promise was rejected and nobody asked"));

  if (config.production && !config.METRICS_TOKEN) {
    logger.warn("METRICS_TOKEN is not set: everybody who reaches the port may read /metrics");
  }
  try {
    const port = await listen(app, config.PORT, config.HOST);
    announce(port, config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const hint = code === "EADDRINUSE" ? "stop what uses the port, or set PORT to another one" : "see HOST and PORT";
    console.error(`cannot listen on ${config.HOST}:${config.PORT}: ${message}; ${hint}`);
    process.exit(1);
  }
}

/** Milliseconds within which signals are one and the same. */
const SECOND_SIGNAL_MS = 500;

/** What a second signal does. It is from somebody who will not wait; but npm sends the one of Ctrl-C twice, at once. */
function onceMore(act: () => void): () => void {
  const since = performance.now();
  return () => {
    if (performance.now() - since > SECOND_SIGNAL_MS) act();
  };
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Prints where to go. It is for people, so it is no log line. */
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
  for (const [what, where] of rows) console.log(`  ${what!.padEnd(16)}${where}`);
  if (config.monitorPasswordIsRandom) {
    console.log(
      `\n  The monitor's user is ${config.MONITOR_USER}, its password until the next start: ${config.MONITOR_PASSWORD}`,
    );
  }
  console.log("");
}

/** The value, or the end of the process with the sentence of an error that was foreseen. */
async function orExit<T>(read: () => T | Promise<T>, foreseen: new (...values: never[]) => Error): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof foreseen)) throw error;
    console.error(`sabang cannot start:\n${error.message.replace(/^/gm, "  ")}`);
    process.exit(1);
  }
}
