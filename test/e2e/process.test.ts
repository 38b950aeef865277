// The server as a process: how it starts, what it says when it cannot, how it stops.
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

/** Milliseconds that `docker stop` waits before it kills; other supervisors wait longer. */
const GRACE_MS = 10_000;

/** What is to be undone after a test, whatever became of it. */
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** The two signals that end a server. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

test("a start without settings prints URLs that all answer, and a monitor password; its secret lasts, its stop tells clients to come back", async () => {
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
    const left = new Promise((resolve) => room.onLeave(resolve));
    const plain = await joinPlain(port);
    const took = await stop(server, signal);
    expect(await left).toBe(4001);
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

test("a start in production shows no playground and no password, and logs one JSON object a line", async () => {
  const server = startProcess({ ...PRODUCTION, LOG_LEVEL: "debug" });
  const port = await server.listening();
  expect(await status(port, "/playground")).toBe(404);
  expect(await status(port, "/monitor", `admin:${PASSWORD}`)).toBe(200);
  expect(await status(port, "/monitor")).toBe(401);
  const announced = server.stdout();
  expect(announced).not.toMatch(/playground|its password/);
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

// Which settings, maps and stores are refused, and with which sentence, is in the tests of src/config.ts, src/maps.ts,
// src/auth/secret.ts and src/store/.
describe("a start that is refused", () => {
  test("names every bad setting, and repeats no secret", async () => {
    const complaint = await refusal({ NODE_ENV: "production", PORT: "abc", MONITOR_PASSWORD: "hunter2" });
    expect(complaint).toMatch(/^sabang cannot start:\n {2}PORT: got "abc"; expected a whole number from 0 to 65535/);
    expect(complaint).toContain("MONITOR_PASSWORD: got a value that is not accepted");
    expect(complaint).toContain("JWT_SECRET: not set; expected 32 or more");
    expect(complaint).not.toContain("hunter2");
  });

  test("names the map that cannot be used", async () => {
    const folder = dataFolder();
    const complaint = await refusal({ MAPS_DIR: folder });
    expect(complaint).toContain(`map "plaza" cannot be used: there is no file plaza.tmj in ${folder}; see MAPS_DIR`);
  });

  test("names the data folder whose secret cannot be read", async () => {
    const DATA_DIR = dataFolder();
    writeFileSync(join(DATA_DIR, "jwt-secret"), "");
    expect(await refusal({ DATA_DIR })).toMatch(/^ {2}DATA_DIR: .*jwt-secret does not contain a secret; restore it/m);
  });

  test("names the database that does not answer, and repeats no password", async () => {
    const complaint = await refusal({ DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/world" });
    expect(complaint).toMatch(/DATABASE_URL: PostgreSQL at 127\.0\.0\.1:1\/world cannot be used: .*; start it/);
    expect(complaint).not.toContain("hunter2");
  });

  test("names the port that is in use, and says what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    const complaint = await refusal({ PORT: String(port) });
    expect(complaint).toContain(`cannot listen on 127.0.0.1:${port}`);
    expect(complaint).toContain("stop what uses the port, or set PORT to another one");
  });
});

describe("a stop", () => {
  test("does not wait for clients that never answer, for half a request, nor for a seat that was not taken", async () => {
    const server = startProcess();
    const port = await server.listening();
    await deafClient(port, "/websocket");
    await deafClient(port, await seatPath(port));
    await seatPath(port);
    const slowRequest = await openSocket(port);
    slowRequest.write("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    expect(await stop(server, "SIGTERM")).toBeLessThan(GRACE_MS);
    expect(await server.ended()).toBe(0);
  });

  test("ends at once after a second signal", async () => {
    const server = startProcess();
    const port = await server.listening();
    await deafClient(port, "/websocket");
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

/** An SDK client without a token: all of one process share those that they were given. */
function guest(port: number): Client {
  const client = new Client(`http://127.0.0.1:${port}`);
  client.auth.token = undefined as unknown as string;
  return client;
}

/** The status of an answer, redirects followed. */
async function status(port: number, path: string, user?: string): Promise<number> {
  const headers: Record<string, string> = { connection: "close" };
  if (user !== undefined) headers.authorization = `Basic ${Buffer.from(user).toString("base64")}`;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

/** What a server that must not start says: on stderr, in sentences, with exit code 1, and nothing was listening. */
async function refusal(environment: Record<string, string>): Promise<string> {
  const server = startProcess(environment);
  expect(await server.ended()).toBe(1);
  expect(server.stdout()).not.toContain("listening");
  // A stack trace is for faults that nobody foresaw.
  expect(server.stderr()).not.toMatch(/^\s+at .*[:(]/m);
  return server.stderr();
}

/** A player on the plain WebSocket who was welcomed; `closed` is the end of the connection. */
async function joinPlain(port: number): Promise<{ closed: Promise<CloseEvent> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/websocket`);
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve, { once: true }));
  await new Promise((resolve, reject) => {
    socket.addEventListener("message", resolve, { once: true });
    socket.addEventListener("close", reject, { once: true });
  });
  return { closed };
}

/** Signals a server; how many milliseconds it then took to end. */
async function stop(server: ServerProcess, signal: NodeJS.Signals): Promise<number> {
  const start = performance.now();
  server.signal(signal);
  await server.ended();
  return performance.now() - start;
}

/** Where a seat in a room waits to be taken, as the SDK asks for it. */
async function seatPath(port: number): Promise<string> {
  return pathOf(await takeSeat(`http://127.0.0.1:${port}`));
}

/** A WebSocket made by hand that got its first frame, and from then on reads nothing, answers nothing, closes nothing. */
async function deafClient(port: number, path: string): Promise<void> {
  const socket = await openSocket(port);
  let heard = Buffer.alloc(0);
  socket.on("data", (data) => {
    heard = Buffer.concat([heard, data]);
  });
  socket.write(upgradeRequest(path));
  await until(() => {
    const text = heard.toString("latin1");
    const headEnd = text.indexOf("\r\n\r\n");
    return text.startsWith("HTTP/1.1 101") && headEnd > 0 && heard.length > headEnd + 4;
  });
  socket.pause();
}
