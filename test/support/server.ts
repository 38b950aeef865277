// Starts the real server on a free port inside the test's own process, with its log in hand, and stops it again.
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
import { Tokens } from "../../src/auth/tokens.ts";
import { listen } from "../../src/listen.ts";
import { loadMaps } from "../../src/maps.ts";
import { shutDown } from "../../src/shutdown.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { WriteBehind } from "../../src/store/write-behind.ts";
import { until } from "./until.ts";

/** Where the maps of this repository are. */
const MAPS = new URL("../../maps", import.meta.url).pathname;

export const MONITOR = { user: "admin", password: "open sesame, please" };

/** The secrets that the tokens of the tests are signed with, the current one and the one before. */
export const SECRETS = { current: "the secret of the tests, long enough", old: "the secret before that: just as long" };

/** A running server and what tests ask of it. */
export interface TestServer {
  app: App;
  port: number;
  /** `http://127.0.0.1:port` */
  url: string;
  /** `ws://127.0.0.1:port` */
  wsUrl: string;
  /** The framework's own test harness: rooms as the server holds them. */
  colyseus: ColyseusTestServer;
  /** Signs the tokens that the server takes. */
  tokens: Tokens;
  /** An SDK client that shares nothing with others; without a token it is a guest. */
  client(token?: string): Client;
  /** The room that a player is in. */
  roomOf(sessionId: string): Promise<WorldRoom>;
  /** Announces a warning or an error that the log will hold: whatever was not announced fails the test. */
  expectLog(pattern: RegExp): void;
  /** The value of one series as `/metrics` has it, such as `sabang_rooms{map="plaza"}`; undefined if there is none. */
  metric(series: string): Promise<number | undefined>;
}

export interface TestSettings {
  maps?: ReadonlyMap<string, WorldMap>;
  reconnectionSeconds?: number;
  seed?: number;
  playground?: boolean;
  metricsToken?: string;
  /** Off by default, as the other limits: tests run on machines that do much else. */
  maxDelayMs?: number;
  maxPlayers?: number;
  idleSeconds?: number;
  /** What the edge limits; without it nothing is. */
  edge?: Partial<EdgeSettings>;
  /** Puts the page at `/`; without it there is a word in its place. */
  page?: (app: Application) => void;
  /** Milliseconds that the store may take before it counts as away; by default so many that only a hang reaches it. */
  patienceMs?: number;
  /** Stands in front of the store, to fail in its place. */
  store?: (store: Store) => Store;
}

/**
 * Starts a server before the tests of a file and stops it after the last one. One per file: the matchmaker is a module.
 * @returns the server, which hooks and tests may use. It is empty while the file is loaded, and stays so in a run that skips
 * all its tests: jest runs no hook then, so a server started at load time would never be stopped.
 */
export function startServer(settings: TestSettings = {}): TestServer {
  const server = {} as TestServer;
  const lines: string[] = [];
  const announced: RegExp[] = [];
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const started = await start(settings, logInto(lines), (pattern) => announced.push(pattern));
    stop = started.stop;
    Object.assign(server, started.server);
  });
  afterEach(async () => {
    await server.colyseus.cleanup();
    const unannounced = lines.filter((line) => !announced.some((pattern) => pattern.test(line)));
    const unseen = announced.filter((pattern) => !lines.some((line) => pattern.test(line)));
    lines.length = 0;
    announced.length = 0;
    expect({ unannounced, unseen }).toEqual({ unannounced: [], unseen: [] });
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
    patienceMs: settings.patienceMs ?? 30_000,
  });
  writeBehind.start();
  const tokens = new Tokens(SECRETS.current, SECRETS.old);
  const app = createApp({
    tokens,
    store: writeBehind,
    maxDelayMs: settings.maxDelayMs ?? 0,
    rooms: {
      maps: settings.maps ?? loadMaps(MAPS),
      reconnectionSeconds: settings.reconnectionSeconds ?? 20,
      maxPlayers: settings.maxPlayers ?? 0,
      idleSeconds: settings.idleSeconds ?? 0,
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
      ...settings.edge,
    },
    http: {
      monitorUser: MONITOR.user,
      monitorPassword: MONITOR.password,
      mapsFolder: MAPS,
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
  // The harness asks the server for the port it was told to listen on, which was 0.
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
      // All SDK clients of one process share a token store: nobody is to join as somebody else.
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
  const keep = (...values: unknown[]) => {
    const words = values.map((value) => {
      const error = value instanceof Error ? value : (value as { err?: unknown } | undefined)?.err;
      return error instanceof Error ? `${error.name}: ${error.message}` : typeof value === "string" ? value : "";
    });
    lines.push(words.join(" ").trim());
  };
  const drop = () => {};
  return { trace: drop, debug: drop, info: drop, warn: keep, error: keep };
}
