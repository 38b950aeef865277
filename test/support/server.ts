// Starts the real server on a free port in the test's own process, checks its log, and stops it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@colyseus/sdk";
import { ColyseusTestServer } from "@colyseus/testing";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { matchMaker } from "colyseus";
import type { Application } from "express";
import type { WorldRoom } from "../../rooms/world-room.ts";
import type { WorldMap } from "../../sim/map.ts";
import { type App, type AppSettings, createApp, type EdgeSettings } from "../../src/app.ts";
import { Arrivals } from "../../src/auth/arrivals.ts";
import { Tokens } from "../../src/auth/tokens.ts";
import { listen } from "../../src/listen.ts";
import { loadMaps, type MapFolder } from "../../src/maps/load-maps.ts";
import { shutDown } from "../../src/shutdown.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { WriteBehind } from "../../src/store/write-behind.ts";
import { until } from "./until.ts";

/** The folder of this repository's maps. */
const MAPS = new URL("../../maps", import.meta.url).pathname;

export const MONITOR = { user: "admin", password: "open sesame, please" };

/** The secrets that sign the tokens of the tests: the current one and the previous one. */
export const SECRETS = { current: "the secret of the tests, long enough", old: "the secret before that: just as long" };

/** A running server, with helpers for tests. */
export interface TestServer {
  app: App;
  port: number;
  /** `http://127.0.0.1:port` */
  url: string;
  /** `ws://127.0.0.1:port` */
  wsUrl: string;
  /** The framework's own test harness, which gives access to the server's room objects. */
  colyseus: ColyseusTestServer;
  /** Signs tokens that the server accepts. */
  tokens: Tokens;
  /** Creates an SDK client. Without a token it is a guest. All clients of a process share the SDK's token store. */
  client(token?: string): Client;
  /** Returns the room of a player. */
  roomOf(sessionId: string): Promise<WorldRoom>;
  /**
   * Expects a warning or an error in the log. The test fails if no such line is logged, or if another warning or error
   * is logged.
   */
  expectLog(pattern: RegExp): void;
  /** Returns the value of one series in `/metrics`, such as `sabang_rooms{map="plaza"}`; undefined if it is missing. */
  metric(series: string): Promise<number | undefined>;
}

export interface TestSettings {
  /** The maps of the rooms. By default they are the maps of `mapFolder`. */
  maps?: ReadonlyMap<string, WorldMap>;
  /** The loaded folder of maps. By default it has the maps of this repository. */
  mapFolder?: MapFolder;
  reconnectionSeconds?: number;
  seed?: number;
  playground?: boolean;
  metricsToken?: string;
  /**
   * The server refuses joins if ticks are late by more than this many milliseconds. By default it does not check the
   * delay of ticks, because the machines of the tests are busy.
   */
  maxDelayMs?: number;
  maxPlayers?: number;
  oneRoomPerMap?: boolean;
  idleSeconds?: number;
  maxBytesPerClient?: number;
  /** The limits of src/edge, such as joins per minute. A limit that is not given is off. */
  edge?: Partial<EdgeSettings>;
  /** Serves the page at `/`. By default `/` answers with a short text. */
  page?: (app: Application) => void;
  /**
   * Milliseconds after which a store that does not answer is treated as unavailable. The default is so long that only
   * a store that hangs exceeds it.
   */
  timeoutMs?: number;
  /** Wraps the store, e.g. to simulate failures. */
  store?: (store: Store) => Store;
  /** A warning that every test of the file may cause. */
  ignoredLog?: RegExp;
}

/**
 * Starts a server before the tests of a file and stops it after the last one. A test file can start only one server,
 * because the matchmaker keeps its state in a module.
 * @returns the server, for hooks and tests. The object is empty until `beforeAll` has started the server. The server
 * does not start while jest loads the file. Otherwise it would never stop after a run that skips all tests, because
 * jest runs no hooks in that case.
 */
export function startServer(settings: TestSettings = {}): TestServer {
  const server = {} as TestServer;
  const lines: string[] = [];
  const expected: RegExp[] = [];
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const started = await start(settings, logInto(lines), (pattern) => expected.push(pattern));
    stop = started.stop;
    Object.assign(server, started.server);
  });
  afterEach(async () => {
    await server.colyseus.cleanup();
    const allowed = [...expected, ...(settings.ignoredLog ? [settings.ignoredLog] : [])];
    const unexpected = lines.filter((line) => !allowed.some((pattern) => pattern.test(line)));
    const missing = expected.filter((pattern) => !lines.some((line) => pattern.test(line)));
    lines.length = 0;
    expected.length = 0;
    expect({ unexpected, missing }).toEqual({ unexpected: [], missing: [] });
  });
  afterAll(() => stop?.());

  return server;
}

async function start(
  settings: TestSettings,
  logger: AppSettings["logger"],
  expectLog: TestServer["expectLog"],
): Promise<{ server: TestServer; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "sabang-server-"));
  const store = await openStore({ dataDir: folder });
  const writeBehind = new WriteBehind(settings.store?.(store) ?? store, logger, {
    periodMs: 100,
    timeoutMs: settings.timeoutMs ?? 30_000,
  });
  writeBehind.start();
  const tokens = new Tokens(SECRETS.current, SECRETS.old);
  const mapFolder = settings.mapFolder ?? loadMaps(MAPS);
  const maps = settings.maps ?? mapFolder.maps;
  const app = createApp({
    tokens,
    arrivals: new Arrivals(SECRETS.current),
    store: writeBehind,
    maxDelayMs: settings.maxDelayMs ?? 0,
    rooms: {
      maps,
      reconnectionSeconds: settings.reconnectionSeconds ?? 20,
      maxPlayers: settings.maxPlayers ?? 0,
      oneRoomPerMap: settings.oneRoomPerMap ?? false,
      idleSeconds: settings.idleSeconds ?? 0,
      maxBytesPerClient: settings.maxBytesPerClient,
      seed: settings.seed,
    },
    edge: {
      trustedProxies: [],
      allowedOrigins: [],
      maxConnectionsPerAddress: 0,
      maxJoinsPerMinute: 0,
      maxMessagesPerSecond: 0,
      maxFrameBytes: 4096,
      maxSendBufferBytes: 1_048_576,
      keepAliveSeconds: 75,
      ...settings.edge,
    },
    http: {
      monitorUser: MONITOR.user,
      monitorPassword: MONITOR.password,
      mapFolder: { ...mapFolder, maps },
      playground: settings.playground ?? false,
      metricsToken: settings.metricsToken,
      page:
        settings.page ??
        ((express) => {
          express.get("/", (_request, response) => {
            response.send("the page");
          });
        }),
    },
    logger,
  });
  const port = await listen(app, 0, "127.0.0.1");
  // The harness connects to the port in the server's settings, which is 0 before this line.
  Object.assign(app.server, { port });
  const colyseus = new ColyseusTestServer(app.server);
  const url = `http://127.0.0.1:${port}`;
  const server: TestServer = {
    app,
    port,
    url,
    wsUrl: `ws://127.0.0.1:${port}`,
    colyseus,
    tokens,
    client: (token) => {
      const client = new Client(url);
      // All SDK clients of a process share a token store. The next line stores this client's token. For a guest, it
      // removes the token that another client stored.
      client.auth.token = token as string;
      return client;
    },
    roomOf: async (sessionId) => {
      const rooms = (await matchMaker.query({})).map(({ roomId }) => colyseus.getRoomById<WorldRoom>(roomId));
      return until(() => rooms.find((room) => room.state.players.has(sessionId)));
    },
    expectLog,
    metric: async (series) => {
      const authorization = `Bearer ${settings.metricsToken}`;
      const text = await (await fetch(`${url}/metrics`, { headers: { authorization } })).text();
      const line = text.split("\n").find((line) => line.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
  };
  const stop = async () => {
    if (app.httpServer.listening) await shutDown(app);
    rmSync(folder, { recursive: true });
  };
  return { server, stop };
}

function logInto(lines: string[]): AppSettings["logger"] {
  const record = (...values: unknown[]) => {
    const words = values.map((value) => {
      const error = value instanceof Error ? value : (value as { err?: unknown } | undefined)?.err;
      return error instanceof Error ? `${error.name}: ${error.message}` : typeof value === "string" ? value : "";
    });
    lines.push(words.join(" ").trim());
  };
  const ignore = () => {};
  return { trace: ignore, debug: ignore, info: ignore, warn: record, error: record };
}
