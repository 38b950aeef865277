// Tests the server as a process: its start, its error messages if the start fails, and its stop.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Client } from "@colyseus/sdk";
import { afterEach, describe, expect, test } from "@jest/globals";
import { upgradeRequest } from "../../bench/harness/upgrade-request.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { openSocket } from "../support/raw.ts";
import { pathOf, takeSeat } from "../support/seat.ts";
import { until } from "../support/until.ts";

const PASSWORD = "open sesame, please";
const SECRET = "a secret of our own, for the tests alone";
const PRODUCTION = { NODE_ENV: "production", MONITOR_PASSWORD: PASSWORD, JWT_SECRET: SECRET };

/** Milliseconds before `docker stop` kills a container. Other supervisors wait longer. */
const GRACE_MS = 10_000;

/** Functions to call after each test, even if it fails. */
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** The two signals that end a server. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

test("a server without settings prints URLs and a password, keeps its secret after a restart, and closes sockets with code 4001", async () => {
  const DATA_DIR = join(dataFolder(), "new");
  const starts: { secret: string; password: string; user: unknown }[] = [];
  let token: string | undefined;
  for (const signal of SIGNALS) {
    const server = startProcess({ DATA_DIR });
    const port = await server.listening();
    expect(server.stdout().match(/https?:\/\/[^\s"]+/g)).toEqual([
      `http://localhost:${port}/`,
      `http://localhost:${port}/monitor`,
      `http://localhost:${port}/playground`,
      `http://localhost:${port}`,
    ]);
    expect(server.stdout()).toContain(`ws://localhost:${port}/websocket`);
    for (const path of ["/", "/playground", "/healthz", "/readyz"]) {
      expect([path, await status(port, path)]).toEqual([path, 200]);
    }
    const password = /password until the next start: (\S+)/.exec(server.stdout())?.[1] ?? "";
    expect(await status(port, "/monitor", `admin:${password}`)).toBe(200);
    expect(await status(port, "/monitor", `admin:not-${password}`)).toBe(401);
    expect(await status(port, "/monitor")).toBe(401);

    const client = guest(port);
    if (token === undefined) await client.auth.signInAnonymously();
    else client.auth.token = token;
    token = client.auth.token!;
    const { user } = (await client.auth.getUserData()) as { user: unknown };
    const file = join(DATA_DIR, "jwt-secret");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secret = readFileSync(file, "utf8");
    starts.push({ secret, password, user });

    const room = await client.joinOrCreate("world", { name: "하나" });
    const closeCode = new Promise((resolve) => room.onLeave(resolve));
    const plain = await joinPlain(port);
    const took = await stop(server, signal);
    expect(await closeCode).toBe(4001);
    const { code, reason, wasClean } = await plain.closed;
    expect({ code, wasClean }).toEqual({ code: 4001, wasClean: true });
    expect(reason).toMatch(/^The server is shutting down\. /);
    expect(await server.ended()).toBe(0);
    expect(took).toBeLessThan(GRACE_MS);
    expect(server.stdout()).toMatch(/stopped\s*$/);
    expect(server.stderr()).toBe("");
    expect(server.stdout()).not.toContain(secret.trim());
  }
  const [first, second] = starts;
  expect(second).toMatchObject({ secret: first!.secret, user: first!.user });
  expect(second!.password).not.toBe(first!.password);
});

test("a server in production has no playground, prints no password, and logs one JSON object per line", async () => {
  const server = startProcess({ ...PRODUCTION, LOG_LEVEL: "debug" });
  const port = await server.listening();
  expect(await status(port, "/playground")).toBe(404);
  expect(await status(port, "/monitor", `admin:${PASSWORD}`)).toBe(200);
  expect(await status(port, "/monitor")).toBe(401);
  const announced = server.stdout();
  expect(announced).not.toMatch(/playground|password until/);
  expect(announced).toContain("METRICS_TOKEN is not set");
  const player = await joinPlain(port);
  server.signal("SIGTERM");
  await player.closed;
  expect(await server.ended()).toBe(0);
  const lines = server.stdout().slice(announced.length).trimEnd().split("\n");
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages.at(-1)).toBe("stopped");
  expect(server.stderr()).toBe("");
});

// These tests check one error of each kind. The tests of src/config.ts, src/maps/, src/auth/secret.ts and src/store/
// check all errors.
describe("a server that cannot start", () => {
  test("prints all invalid settings, but no secret", async () => {
    const message = await startError({ NODE_ENV: "production", PORT: "abc", MONITOR_PASSWORD: "hunter2" });
    expect(message).toMatch(/^sabang cannot start:\n {2}PORT: got "abc"; expected a whole number from 0 to 65535/);
    expect(message).toContain("MONITOR_PASSWORD: got a value that is not accepted");
    expect(message).toContain("JWT_SECRET: not set; expected 32 or more");
    expect(message).not.toContain("hunter2");
  });

  test("prints the name of the invalid map, and the setting MAPS_DIR", async () => {
    const folder = dataFolder();
    const message = await startError({ MAPS_DIR: folder });
    const expected = `there is no file plaza.tmj, plaza.tmx or plaza.json in ${folder}; see MAPS_DIR`;
    expect(message).toContain(`map "plaza" cannot be used: ${expected}`);
  });

  test("prints that the secret in the data folder is invalid", async () => {
    const DATA_DIR = dataFolder();
    writeFileSync(join(DATA_DIR, "jwt-secret"), "");
    expect(await startError({ DATA_DIR })).toMatch(
      /^ {2}DATA_DIR: .*jwt-secret does not contain a secret; restore it/m,
    );
  });

  test("prints the host of the other server that uses the data folder, even if that server has another port", async () => {
    const DATA_DIR = dataFolder();
    const first = startProcess({ DATA_DIR });
    await first.listening();
    expect(await startError({ DATA_DIR })).toMatch(
      /^ {2}DATA_DIR: .*sabang\.sqlite cannot be used: a server on the host \S+, started at \S+Z, is using it; stop that/m,
    );
    first.signal("SIGKILL");
    await first.ended();
    await startProcess({ DATA_DIR }).listening();
  });

  test("prints the address of the database that does not answer, but no password", async () => {
    const message = await startError({ DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/world" });
    expect(message).toMatch(/DATABASE_URL: PostgreSQL at 127\.0\.0\.1:1\/world cannot be used: .*; start it/);
    expect(message).not.toContain("hunter2");
  });

  test("prints the port that is already in use, and what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    const message = await startError({ PORT: String(port) });
    expect(message).toContain(`cannot listen on 127.0.0.1:${port}`);
    expect(message).toContain("stop the program on that port, or set another PORT");
  });
});

describe("a server that stops", () => {
  test("does not wait for unresponsive clients, an incomplete request, or an unclaimed seat", async () => {
    const server = startProcess();
    const port = await server.listening();
    await unresponsiveClient(port, "/websocket");
    await unresponsiveClient(port, await seatPath(port));
    await seatPath(port);
    const slowRequest = await openSocket(port);
    slowRequest.write("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    expect(await stop(server, "SIGTERM")).toBeLessThan(GRACE_MS);
    expect(await server.ended()).toBe(0);
  });

  test("exits at once with code 1 on a second signal", async () => {
    const server = startProcess();
    const port = await server.listening();
    await unresponsiveClient(port, "/websocket");
    server.signal("SIGTERM");
    await until(() => /stopping/.test(server.stdout()));
    await until(() => {
      server.signal("SIGTERM");
      return server.hasEnded();
    });
    expect(await server.ended()).toBe(1);
    expect(server.stdout()).not.toMatch(/stopped/);
  });
});

/** Returns an SDK client without a token. Also removes the token that all SDK clients of this process share. */
function guest(port: number): Client {
  const client = new Client(`http://127.0.0.1:${port}`);
  client.auth.token = undefined as unknown as string;
  return client;
}

/** Requests a path and returns the status of the response. Follows redirects. */
async function status(port: number, path: string, user?: string): Promise<number> {
  const headers: Record<string, string> = { connection: "close" };
  if (user !== undefined) headers.authorization = `Basic ${Buffer.from(user).toString("base64")}`;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

/** Starts a server that must exit with code 1 without listening. @returns its standard error, without a stack trace. */
async function startError(environment: Record<string, string>): Promise<string> {
  const server = startProcess(environment);
  expect(await server.ended()).toBe(1);
  expect(server.stdout()).not.toContain("listening");
  // Expected errors have no stack trace.
  expect(server.stderr()).not.toMatch(/^\s+at .*[:(]/m);
  return server.stderr();
}

/** Joins by plain WebSocket and waits for the first frame. `closed` resolves when the connection ends. */
async function joinPlain(port: number): Promise<{ closed: Promise<CloseEvent> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket`);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve, { once: true }));
  await new Promise((resolve, reject) => {
    socket.addEventListener("message", resolve, { once: true });
    socket.addEventListener("close", reject, { once: true });
  });
  return { closed };
}

/** Signals a server. @returns the milliseconds until it has ended. */
async function stop(server: ServerProcess, signal: NodeJS.Signals): Promise<number> {
  const start = performance.now();
  server.signal(signal);
  await server.ended();
  return performance.now() - start;
}

/** Reserves a seat in a room. @returns the WebSocket path of the seat. */
async function seatPath(port: number): Promise<string> {
  return pathOf(await takeSeat(`http://127.0.0.1:${port}`));
}

/** Opens a raw WebSocket that receives its first frame, and then no longer reads, answers or closes. */
async function unresponsiveClient(port: number, path: string): Promise<void> {
  const socket = await openSocket(port);
  let received = Buffer.alloc(0);
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
  });
  socket.write(upgradeRequest(path));
  await until(() => {
    const text = received.toString("latin1");
    const headEnd = text.indexOf("\r\n\r\n");
    return text.startsWith("HTTP/1.1 101") && headEnd > 0 && received.length > headEnd + 4;
  });
  socket.pause();
}
