// The server as a process: how it starts, what it says when it cannot, how it stops.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@colyseus/sdk";
import { afterEach, describe, expect, test } from "@jest/globals";
import { upgradeRequest } from "../../bench/upgrade-request.ts";
import { tiledMap } from "../support/maps.ts";
import { dataFolder, type ServerProcess, startProcess, UNPRIVILEGED } from "../support/process.ts";
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

describe("a start", () => {
  test("prints where to go, and every address of it answers", async () => {
    const server = startProcess();
    const port = await server.listening();
    const addresses = server.stdout().match(/https?:\/\/[^\s"]+/g);
    expect(addresses).toEqual([
      `http://localhost:${port}/`,
      `http://localhost:${port}/monitor`,
      `http://localhost:${port}/playground`,
      `http://localhost:${port}`,
    ]);
    expect(server.stdout()).toContain(`ws://localhost:${port}/websocket`);
    expect(await status(port, "/")).toBe(200);
    expect(await status(port, "/monitor")).toBe(401);
    expect(await status(port, "/playground")).toBe(200);
    expect(await status(port, "/healthz")).toBe(200);
    expect(await status(port, "/readyz")).toBe(200);
    expect(server.stderr()).toBe("");
  });

  test("without a password makes one up that opens the monitor, another one at every start", async () => {
    const passwords = await Promise.all(
      [startProcess(), startProcess()].map(async (server) => {
        const port = await server.listening();
        const password = /password until the next start: (\S+)/.exec(server.stdout())?.[1] ?? "";
        expect(await status(port, "/monitor", `admin:${password}`)).toBe(200);
        expect(await status(port, "/monitor", `admin:not-${password}`)).toBe(401);
        expect(await status(port, "/monitor")).toBe(401);
        return password;
      }),
    );
    expect(passwords[0]).not.toBe(passwords[1]);
  });

  test("in production shows no playground and no password, and logs one JSON object a line", async () => {
    const server = startProcess({ ...PRODUCTION, LOG_LEVEL: "debug" });
    const port = await server.listening();
    expect(await status(port, "/playground")).toBe(404);
    expect(await status(port, "/monitor", `admin:${PASSWORD}`)).toBe(200);
    expect(await status(port, "/monitor")).toBe(401);
    const announced = server.stdout();
    expect(announced).not.toMatch(/playground|password/);
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
});

describe("a start that cannot be", () => {
  test("names every setting at fault, what it holds and what is accepted", async () => {
    const complaint = await refusal({ PORT: "abc", LOG_LEVEL: "loud" });
    expect(complaint).toContain('PORT: got "abc"; expected a whole number from 0 to 65535');
    expect(complaint).toContain('LOG_LEVEL: got "loud"; expected trace, debug, info, warn, error, fatal, silent');
  });

  test("asks for secrets of one's own in production, and repeats none that is too weak", async () => {
    const missing = await refusal({ NODE_ENV: "production" });
    expect(missing).toContain("MONITOR_PASSWORD: not set; expected 12 or more");
    expect(missing).toContain("JWT_SECRET: not set; expected 32 or more");
    const short = await refusal({ ...PRODUCTION, JWT_SECRET: "hunter2" });
    expect(short).toContain("JWT_SECRET: got a value that is not accepted");
    expect(short).not.toContain("hunter2");
    const weak = await refusal({ NODE_ENV: "production", MONITOR_PASSWORD: "hunter2" });
    expect(weak).toContain("MONITOR_PASSWORD");
    expect(weak).not.toContain("hunter2");
  });

  test("names the map that is no JSON", async () => {
    const complaint = await refusal({ MAPS_DIR: mapsFolder({ plaza: '{ "type": "map",' }) });
    expect(complaint).toMatch(/map "plaza" cannot be used: the file is not JSON/);
  });

  test("names the map that cannot be played on, though the others can", async () => {
    const plaza = tiledMap(["s."]);
    const folder = mapsFolder({ plaza: JSON.stringify(plaza), cave: JSON.stringify({ ...plaza, tilewidth: 16 }) });
    const complaint = await refusal({ MAPS_DIR: folder });
    expect(complaint).toContain('map "cave" cannot be used: its tiles are 16 x 32 units; expected 32 x 32');
  });

  test("names the folder that is not there, or has no plaza", async () => {
    const empty = mapsFolder({});
    expect(await refusal({ MAPS_DIR: empty })).toContain(`there is no file plaza.tmj in ${empty}; see MAPS_DIR`);
    const missing = join(empty, "missing");
    expect(await refusal({ MAPS_DIR: missing })).toMatch(/folder cannot be read .*missing.*; see MAPS_DIR/);
  });

  test.each([
    ["for the places", { ...PRODUCTION }],
    ["for the secret, outside production", {}],
  ])("names the data folder that is none, or cannot be written to: %s", async (_what, environment) => {
    const file = join(dataFolder(), "file");
    writeFileSync(file, "");
    expect(await refusal({ ...environment, DATA_DIR: file })).toMatch(/^ {2}DATA_DIR: .*cannot be used: /m);
    const locked = dataFolder();
    chmodSync(locked, 0o555);
    const complaint = await refusal({ ...environment, DATA_DIR: locked }, UNPRIVILEGED);
    expect(complaint).toMatch(/^ {2}DATA_DIR: .* cannot be used: .*; let the user that runs the server write to /m);
  });

  test("names the database that does not answer, and no password", async () => {
    const complaint = await refusal({ DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/world" });
    expect(complaint).toMatch(/DATABASE_URL: PostgreSQL at 127\.0\.0\.1:1\/world cannot be used: .*; start it/);
    expect(complaint).not.toContain("hunter2");
  });

  test("says which port is taken, and how to mend it", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    const complaint = await refusal({ PORT: String(port) });
    expect(complaint).toContain(`cannot listen on 127.0.0.1:${port}`);
    expect(complaint).toContain("stop what uses the port, or set PORT to another one");
  });
});

describe("the secret of a server that was given none", () => {
  test("is made once, kept for its user alone, and is the same after a restart", async () => {
    const folder = join(dataFolder(), "new");
    const first = startProcess({ DATA_DIR: folder });
    const client = guest(await first.listening());
    const { user } = await client.auth.signInAnonymously();
    const file = join(folder, "jwt-secret");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secret = readFileSync(file, "utf8");
    expect(first.stdout() + first.stderr()).not.toContain(secret.trim());
    await stop(first, "SIGTERM");
    const second = startProcess({ DATA_DIR: folder });
    const answer = await fetch(`http://127.0.0.1:${await second.listening()}/auth/userdata`, {
      headers: { authorization: `Bearer ${client.auth.token}` },
    });
    expect(await answer.json()).toEqual({ user });
    expect(readFileSync(file, "utf8")).toBe(secret);
  });

  test("is one for two servers that start at once", async () => {
    const DATA_DIR = dataFolder();
    const servers = [startProcess({ DATA_DIR }), startProcess({ DATA_DIR })];
    const [one, other] = (await Promise.all(servers.map((server) => server.listening()))) as [number, number];
    const signIn = await fetch(`http://127.0.0.1:${one}/auth/anonymous`, { method: "POST" });
    const { user, token } = (await signIn.json()) as { user: object; token: string };
    const headers = { authorization: `Bearer ${token}` };
    expect(await (await fetch(`http://127.0.0.1:${other}/auth/userdata`, { headers })).json()).toEqual({ user });
  });

  test("is not made anew over a file that holds none", async () => {
    const DATA_DIR = dataFolder();
    writeFileSync(join(DATA_DIR, "jwt-secret"), "");
    expect(await refusal({ DATA_DIR })).toMatch(/DATA_DIR: .*jwt-secret holds no secret; remove it/);
  });
});

describe("a stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("by %s tells every client to come back later", async (signal) => {
    const server = startProcess();
    const port = await server.listening();
    const room = await guest(port).joinOrCreate("world", { name: "하나" });
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
  });

  test("does not wait for clients that never answer, nor for half a request", async () => {
    const server = startProcess();
    const port = await server.listening();
    await deafClient(port, "/websocket");
    await deafClient(port, await seatPath(port));
    const slowRequest = await openSocket(port);
    slowRequest.write("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    expect(await stop(server, "SIGTERM")).toBeLessThan(GRACE_MS);
    expect(await server.ended()).toBe(0);
  });

  test("waits no longer than the grace period for a seat that nobody took", async () => {
    const server = startProcess();
    const port = await server.listening();
    await joinPlain(port);
    await seatPath(port);
    expect(await stop(server, "SIGTERM")).toBeLessThan(GRACE_MS);
    expect(await server.ended()).toBe(0);
  });

  test("is over at once for who signals again", async () => {
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
async function refusal(environment: Record<string, string>, user?: typeof UNPRIVILEGED): Promise<string> {
  const server = startProcess(environment, user);
  expect(await server.ended()).toBe(1);
  expect(server.stdout()).not.toContain("listening");
  // A stack trace is for faults that nobody foresaw.
  expect(server.stderr()).not.toMatch(/^\s+at .*[:(]/m);
  return server.stderr();
}

/** A folder of maps, by name and content. */
function mapsFolder(maps: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "sabang-maps-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(maps)) writeFileSync(join(folder, `${name}.tmj`), content);
  return folder;
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
