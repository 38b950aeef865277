// Tests the table of proxies in docs/operating.md: whether a reload keeps WebSockets open, and how many WebSockets each
// proxy holds with Debian's defaults. Also tests that each proxy stops reusing an idle connection before the server
// closes it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { readConfig } from "../../src/config.ts";
import { startProcess } from "../support/process.ts";
import { PROXIES, type RunningProxy, startProxy } from "../support/proxies.ts";
import { describeWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const PRODUCTION = {
  NODE_ENV: "production",
  TRUST_PROXY: "loopback",
  MONITOR_PASSWORD: "open sesame, please",
  JWT_SECRET: "correct horse battery staple, and more",
};

/**
 * Maximum number of WebSockets that a test opens through a proxy. Apache holds fewer, and so does nginx on two cores.
 */
const MANY = 800;

/**
 * Debian's nginx has one worker per core, and each worker has 768 connections. Each WebSocket takes two connections.
 */
const NGINX_MOST = (768 / 2) * availableParallelism();

/**
 * The table in docs/operating.md: whether a reload keeps WebSockets open, and the maximum number of WebSockets that the
 * proxy holds; infinite if the maximum is MANY or more.
 */
const TABLE = {
  nginx: { keepsOpen: true, most: NGINX_MOST },
  haproxy: { keepsOpen: true, most: Number.POSITIVE_INFINITY },
  apache2: { keepsOpen: true, most: 150 },
  caddy: { keepsOpen: false, most: Number.POSITIVE_INFINITY },
};

/**
 * A proxy may hold fewer WebSockets than TABLE says. The difference must be less than this number. There is a
 * difference if the proxy needs connections of its own, or if a full worker refuses some WebSockets.
 */
const RESERVE = 20;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Opens WebSockets through a proxy, ten at a time, until all ten fail or MANY are open. Returns the number of open
 * WebSockets.
 */
async function openMany(proxy: RunningProxy): Promise<number> {
  const ca = readFileSync(proxy.authority);
  const open = new Set<WebSocket>();
  cleanups.push(() => {
    for (const socket of open) socket.terminate();
  });
  const openOne = () =>
    new Promise<void>((resolve) => {
      const socket = new WebSocket(`wss://localhost:${proxy.port}/websocket`, { ca, handshakeTimeout: 10_000 });
      socket.on("error", () => {});
      socket.on("close", () => resolve());
      socket.on("open", () => {
        open.add(socket);
        resolve();
      });
    });
  for (let before = -1; before < open.size && open.size < MANY; ) {
    before = open.size;
    await Promise.all(Array.from({ length: 10 }, openOne));
  }
  return open.size;
}

/** The results of `connectionsAfterPause`, by proxy. */
const afterPause = new Map<(typeof PROXIES)[number], Promise<number>>();

/**
 * Returns the number of connections to the server that a proxy opens for a request after a pause. The pause is 5 s
 * shorter than KEEP_ALIVE_SECONDS. The first call measures all proxies at the same time, because the pause is long.
 */
async function connectionsAfterPause(name: (typeof PROXIES)[number]): Promise<number> {
  if (afterPause.size === 0) for (const proxy of PROXIES) afterPause.set(proxy, pauseAndAsk(proxy));
  // The end of a test stops all proxies, so the first test waits until all proxies are measured.
  await Promise.allSettled(afterPause.values());
  return afterPause.get(name)!;
}

async function pauseAndAsk(name: (typeof PROXIES)[number]): Promise<number> {
  const sockets = new Set<Socket>();
  const upstream = createServer((request, response) => {
    sockets.add(request.socket);
    response.end("ok");
  });
  upstream.keepAliveTimeout = 600_000;
  const proxy = await startProxy(name, await listening(upstream));
  // These requests follow each other immediately. They open the connections that the proxy then keeps.
  for (let i = 0; i < 3; i++) await proxy.ask("/");
  const before = sockets.size;
  await delay(1000 * readConfig({}).KEEP_ALIVE_SECONDS - 5000);
  await proxy.ask("/");
  return sockets.size - before;
}

describe.each(PROXIES)("%s:", (name) => {
  describeWith(name, "with the package from Debian,", () => {
    test("the proxy keeps SDK players in their rooms when it reloads its configuration", async () => {
      const server = startProcess(PRODUCTION);
      const proxy = await startProxy(name, await server.listening());
      const survivor = spawn(process.execPath, ["test/deploy/survivor.ts", proxy.url], {
        cwd: ROOT,
        stdio: ["pipe", "pipe", "inherit"],
        env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: proxy.authority } as unknown as NodeJS.ProcessEnv,
      });
      cleanups.push(() => survivor.kill("SIGKILL"));
      let printed = "";
      survivor.stdout.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
      });
      await until(() => printed.includes("playing"), 30_000);
      proxy.reload();
      survivor.stdin.write("reloaded\n");
      const [line] = await until(() => /^\{.*\}$/m.exec(printed), 30_000);
      const { sdk, plain } = JSON.parse(line) as { sdk: { closes: number[]; left?: number }; plain?: number };
      expect(sdk.left).toBeUndefined();
      expect({ keepsOpen: sdk.closes.length === 0 && plain === undefined }).toEqual({
        keepsOpen: TABLE[name].keepsOpen,
      });
    });

    test("the proxy keeps as many WebSockets open at once as docs/operating.md says for Debian's defaults", async () => {
      const upstream = createServer((_request, response) => response.end("ok"));
      // When Caddy closes a WebSocket, it sends an unmasked frame. `ws` reports this frame as an error.
      new WebSocketServer({ server: upstream }).on("connection", (socket) => socket.on("error", () => {}));
      const proxy = await startProxy(name, await listening(upstream));
      const count = await openMany(proxy);
      const most = Math.min(MANY, TABLE[name].most);
      expect(count).toBeLessThanOrEqual(most);
      expect(count).toBeGreaterThan(most - RESERVE);
    }, 120_000);

    test("the proxy stops reusing an idle connection before the server would close the connection", async () => {
      expect(await connectionsAfterPause(name)).toBe(1);
    }, 120_000);
  });
});
