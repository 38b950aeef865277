// Tests HTTP connections that a client, such as a proxy, keeps open between two requests.
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { readConfig } from "../../../src/config.ts";
import { shutDown } from "../../../src/shutdown.ts";
import { RawConnection } from "../../support/raw.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";

const CONNECTIONS = 2;
/** The timeout of a request in milliseconds. It is shorter than the time for which an idle connection stays open. */
const REQUEST_MS = 400;
const KEEP_ALIVE_SECONDS = 2;

const server = startServer({
  edge: { timeoutMs: REQUEST_MS, keepAliveSeconds: KEEP_ALIVE_SECONDS, maxConnectionsPerAddress: CONNECTIONS },
});

/** Sends a request, and returns the head of its answer. */
async function ask(connection: RawConnection): Promise<string> {
  connection.received = "";
  connection.head("GET /healthz HTTP/1.1", "Host: x");
  return connection.headers();
}

test("by default, the server closes idle connections after 75 seconds, later than common proxies do", () => {
  expect(readConfig({}).KEEP_ALIVE_SECONDS).toBe(75);
});

test("an idle connection stays open until the keep-alive timeout, even if the request timeout is shorter", async () => {
  const connection = new RawConnection(server.port);
  expect(await ask(connection)).toContain(`keep-alive: timeout=${KEEP_ALIVE_SECONDS}`);
  await delay(3 * REQUEST_MS);
  expect(connection.closed).toBe(false);
  expect(await ask(connection)).toMatch(/^http\/1\.1 200/);
  await until(() => connection.closed);
});

test("a slow request on a reused connection is answered with 408, and the connection is closed", async () => {
  const connection = new RawConnection(server.port);
  await ask(connection);
  connection.received = "";
  connection.socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ");
  const drip = setInterval(() => connection.socket.write("a"), 50);
  try {
    expect(await connection.status()).toBe(408);
    await until(() => connection.closed);
  } finally {
    clearInterval(drip);
  }
});

test("idle connections count towards the limit of HTTP connections of their address", async () => {
  const idle = Array.from({ length: CONNECTIONS * 6 }, () => new RawConnection(server.port, "127.0.0.2"));
  for (const connection of idle) expect(await ask(connection)).toMatch(/^http\/1\.1 200/);
  const next = new RawConnection(server.port, "127.0.0.2");
  await until(() => next.closed);
  expect(idle.filter(({ closed }) => closed)).toEqual([]);
  expect(await ask(new RawConnection(server.port, "127.0.0.3"))).toMatch(/^http\/1\.1 200/);
});

test("a stopping server closes idle connections before the deadline of the stop", async () => {
  const { httpServer } = server.app;
  const connection = new RawConnection(server.port, "127.0.0.4");
  await ask(connection);
  const connections = promisify(httpServer.getConnections.bind(httpServer));
  expect(await connections()).toBeGreaterThan(0);
  // The server calls this function at the deadline, to close the connections that are still open.
  let left: Promise<number> | undefined;
  httpServer.closeAllConnections = () => {
    left = connections();
  };
  await shutDown(server.app);
  expect(await left).toBe(0);
  await until(() => connection.closed);
});
