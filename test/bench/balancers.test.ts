// Tests the balancers of a local cluster with small HTTP servers behind them.
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { type BalancerKind, startBalancer } from "../../bench/cluster/balancer.ts";
import { haproxyConfig } from "../../bench/cluster/haproxy.ts";
import { stop } from "../../bench/harness/children.ts";
import { freePort } from "../../bench/harness/free-port.ts";
import { describeWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

/** A server behind the balancer. */
interface Backend {
  name: string;
  port: number;
  /** The status of `/readyz`. */
  ready: number;
  requests: IncomingMessage[];
  server: Server;
  sockets: WebSocketServer;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startBackend(name: string): Promise<Backend> {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const backend: Backend = { name, port: 0, ready: 200, requests: [], server, sockets };
  backend.server.on("request", (request, response) => {
    if (!/z$/.test(request.url!)) backend.requests.push(request);
    response.writeHead(request.url === "/readyz" ? backend.ready : 200).end(name);
  });
  sockets.on("connection", (socket) => {
    socket.send(name);
    socket.on("message", (data) => socket.send(`${data} back`));
  });
  backend.server.listen(0, "127.0.0.1");
  await once(backend.server, "listening");
  backend.port = (backend.server.address() as AddressInfo).port;
  cleanups.push(() => endBackend(backend));
  return backend;
}

function endBackend({ server, sockets }: Backend): void {
  for (const socket of sockets.clients) socket.terminate();
  server.close();
  server.closeAllConnections();
}

async function startWith(kind: BalancerKind, backends: Backend[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sabang-balancer-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const child = await startBalancer(kind, folder, port, backends);
  cleanups.push(() => stop(child));
  return `http://127.0.0.1:${port}`;
}

test("docs/operating.md shows the HAProxy configuration that the tests use", () => {
  const page = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");
  const backends = [2567, 2568, 2569].map((port, index) => ({ name: `process-${index + 1}`, port }));
  expect(page).toContain(`\`\`\`haproxy\n${haproxyConfig(2560, backends)}\`\`\``);
});

const answer = async (url: string, options?: RequestInit) => (await fetch(url, options)).text();

describeWith("haproxy", "HAProxy", () => {
  commonTests("HAProxy");

  test("HAProxy sends joins only to ready processes, or to all processes if none is ready", async () => {
    const backends = [await startBackend("one"), await startBackend("two")];
    const url = await startWith("HAProxy", backends);
    const join = () => answer(`${url}/matchmake/joinOrCreate/world`, { method: "POST", body: "{}" });
    const names = async () => new Set(await Promise.all(Array.from({ length: 8 }, join)));
    await until(async () => (await names()).size === 2);
    backends[0]!.ready = 503;
    await until(async () => [...(await names())].join() === "two");
    // Requests for pages still reach both servers.
    expect(new Set([await answer(url), await answer(url)])).toEqual(new Set(["one", "two"]));
    backends[1]!.ready = 503;
    await until(async () => (await names()).size === 2);
  });
});

commonTests("round robin of bench/");

function commonTests(kind: BalancerKind): void {
  test(`${kind} sends a client's requests to both processes in turn, and sets X-Forwarded-For`, async () => {
    const backends = [await startBackend("one"), await startBackend("two")];
    const url = await startWith(kind, backends);
    const forged = { headers: { "X-Forwarded-For": "192.0.2.1" } };
    const answers: string[] = [];
    for (let i = 0; i < 6; i++) answers.push(await answer(`${url}/page`, forged));
    expect(answers.filter((name) => name === "one")).toHaveLength(3);
    expect(answers.filter((name) => name === "two")).toHaveLength(3);
    for (const { requests } of backends) {
      expect(requests.map(({ headers }) => headers["x-forwarded-for"])).toEqual(Array(3).fill("127.0.0.1"));
      expect(requests[0]!.headers["x-forwarded-host"]).toBe(new URL(url).host);
    }
  });

  test(`${kind} forwards WebSocket messages in both directions`, async () => {
    const url = await startWith(kind, [await startBackend("one")]);
    const socket = new WebSocket(url.replace("http", "ws"));
    cleanups.push(() => socket.terminate());
    const received: string[] = [];
    socket.on("message", (data) => received.push(String(data)));
    await once(socket, "open");
    socket.send("there and");
    await until(() => received.length === 2);
    expect(received).toEqual(["one", "there and back"]);
  });

  test(`${kind} closes the client's WebSocket when the process closes it`, async () => {
    const backend = await startBackend("one");
    const url = await startWith(kind, [backend]);
    const socket = new WebSocket(url.replace("http", "ws"));
    await once(socket, "open");
    const closed = once(socket, "close");
    endBackend(backend);
    expect((await closed)[0]).toBe(1006);
  });

  test(`${kind} forwards requests to the other process if one process does not answer`, async () => {
    const backends = [await startBackend("one"), await startBackend("two")];
    const url = await startWith(kind, backends);
    endBackend(backends[0]!);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => answer(`${url}/join`, { method: "POST", body: "{}" })),
    );
    expect(new Set(answers)).toEqual(new Set(["two"]));
  });
}
