// Tests the log of a real server process: one line per event, with ids, and never a token.
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { request } from "node:http";
import { Client } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { hideTokens } from "../../src/telemetry/logger.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { PlainPlayer } from "../support/plain.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const SECRET = "correct horse battery staple, and more";
const PASSWORD = "open sesame, please";
const PRODUCTION = { NODE_ENV: "production", MONITOR_PASSWORD: PASSWORD, JWT_SECRET: SECRET };

/** Returns a JSON Web Token, signed with a secret. */
function sign(payload: object, secret: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part(payload)}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** Sends a request with exactly this path, which `fetch` would normalise. @returns the status of the response. */
function send(port: number, path: string, headers: Record<string, string> = {}, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const sent = request({ host: "127.0.0.1", port, path, method, headers: { connection: "close", ...headers } });
    sent.on("response", (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode!));
    });
    sent.on("upgrade", (_answer, socket) => {
      socket.destroy();
      resolve(101);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

test.each<[string, Record<string, string>]>([
  ["in production", PRODUCTION],
  ["in development", { JWT_SECRET: SECRET }],
])(
  "%s, the log contains no token, even at level trace and no matter how a client sends it",
  async (_where, environment) => {
    const server = startProcess({ ...environment, LOG_LEVEL: "trace", DATA_DIR: dataFolder() });
    const port = await server.listening();
    const url = `http://127.0.0.1:${port}`;
    const soon = Math.floor(Date.now() / 1000) + 3600;
    const signIn = async () =>
      ((await (await fetch(`${url}/auth/anonymous`, { method: "POST" })).json()) as { token: string }).token;
    const tokens = {
      good: await signIn(),
      forSockets: await signIn(),
      forged: sign({ id: "x".repeat(22), exp: soon }, "some other secret, which is not the server's"),
      expired: sign({ id: "x".repeat(22), exp: 1 }, SECRET),
      foreign: sign({ sub: "another", exp: soon }, SECRET),
      garbage: "no-token-at-all-but-still-secret",
    };

    for (const token of Object.values(tokens)) {
      const client = new Client(url);
      client.auth.token = token;
      const room = await client.joinOrCreate("world").catch(() => undefined);
      await room?.leave();
      const plain = new PlainPlayer(`${url.replace("http", "ws")}/websocket?token=${token}`);
      await until(() => plain.closed ?? plain.players.size > 0);
      plain.socket.close();
      const bearer = { authorization: `Bearer ${token}` };
      await send(port, "/auth/userdata", bearer);
      await send(port, "/metrics", bearer);
      await send(
        port,
        `/matchmake/joinOrCreate/world`,
        { ...bearer, "content-type": "application/json" },
        `{"token":"${token}"`,
      );
      const upgrade = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
      for (const path of [
        `/%?token=${token}`,
        `/maps/%2e%2e/%?token=${token}`,
        `/x/y?_authToken=${token}&sessionId=1`,
      ]) {
        await send(port, path, bearer).catch(() => {});
        await send(port, path, { ...upgrade, "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" }).catch(() => {});
      }
    }
    await until(() => server.stdout().match(/joined/g)?.length === 4 && server.stdout().match(/left/g)?.length === 4);
    server.signal("SIGTERM");
    expect(await server.ended()).toBe(0);
    const printed = server.stdout() + server.stderr();
    expect(printed.match(/refused/g)!.length).toBeGreaterThanOrEqual(8);
    for (const [kind, token] of Object.entries(tokens)) {
      // The log contains neither the token nor its signature, which is the secret part.
      for (const part of [token, token.split(".").at(-1)!])
        expect([kind, printed.includes(part)]).toEqual([kind, false]);
    }
    expect(printed).not.toContain(SECRET);
  },
);

/** Starts a server in production. `lines` returns the lines that the server has logged since it began to listen. */
async function startLogging(environment: Record<string, string> = {}) {
  const server = startProcess({ ...PRODUCTION, DATA_DIR: dataFolder(), ...environment });
  const port = await server.listening();
  const announced = server.stdout().length;
  const lines = () =>
    server
      .stdout()
      .slice(announced)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { server, port, url: `http://127.0.0.1:${port}`, lines };
}

test("the log has one line for each join, refusal and leave, with ids and without players' names", async () => {
  const { server, url, lines } = await startLogging();
  const client = new Client(url);
  client.auth.token = undefined as unknown as string;
  const { user } = (await client.auth.signInAnonymously()) as unknown as { user: { id: string } };
  const known = await client.joinOrCreate("world", { name: "Ada Lovelace" });
  const plain = await PlainPlayer.join(url, "?name=Grace");
  await client.joinOrCreate("world", { map: "nowhere" }).catch(() => {});
  plain.socket.close();
  await until(() => lines().some(({ msg }) => msg === "left"));
  await known.leave();
  await until(() => lines().filter(({ msg }) => msg === "left").length === 2);
  const ids = { room: known.roomId, map: "plaza" };
  const line = (msg: string, fields: object) => ({
    level: 30,
    time: expect.any(Number),
    pid: expect.any(Number),
    hostname: expect.any(String),
    msg,
    ...fields,
  });
  // More lines may follow, because the room closes soon after the last player has left.
  expect(lines().slice(0, 6)).toEqual([
    line("room opened", ids),
    line("joined", { ...ids, session: known.sessionId, player: user.id, transport: "sdk", address: "127.0.0.1" }),
    line("joined", { ...ids, session: plain.id, transport: "plain", address: "127.0.0.1" }),
    line("refused", { reason: "unknownMap", code: 404, address: "127.0.0.1" }),
    line("left", { ...ids, session: plain.id, reason: "consented", code: 4000, seconds: expect.any(Number) }),
    line("left", { ...ids, session: known.sessionId, reason: "consented", code: 4000, seconds: expect.any(Number) }),
  ]);
  expect(server.stdout()).not.toMatch(/Ada|Grace/);
});

test("the log has a line for each refusal, with the address that a trusted proxy sent in X-Forwarded-For", async () => {
  const { server, port, url, lines } = await startLogging({ TRUST_PROXY: "127.0.0.1", MAX_JOINS_PER_MINUTE: "2" });
  const by = (address: string, more = {}) => ({ "x-forwarded-for": address, "x-real-ip": "192.0.2.99", ...more });
  const json = { "content-type": "application/json" };
  const join = (headers: Record<string, string>, body = "{}") =>
    send(port, "/matchmake/joinOrCreate/world", { ...json, ...headers }, body);
  const sdk = await new Client(url, { headers: by("203.0.113.1") }).joinOrCreate("world");
  const plain = new PlainPlayer(`${url.replace("http", "ws")}/websocket`, { headers: by("203.0.113.2") });
  await until(() => plain.players.size > 0);
  // Each part must log what it refuses: the checks in src/edge, the framework's matchmaking, the sockets, the monitor.
  for (let i = 0; i < 3; i++) await join(by("203.0.113.3"));
  await join(by("203.0.113.4"), '{"map":"nowhere"}');
  await join(by("203.0.113.5"), `{"name":"${"x".repeat(20_000)}"}`).catch(() => {});
  await join(by("203.0.113.6"), "{");
  const lost = new PlainPlayer(`${url.replace("http", "ws")}/websocket?map=nowhere`, { headers: by("203.0.113.7") });
  await until(() => lost.closed);
  const authorization = `Basic ${Buffer.from("admin:a guess").toString("base64")}`;
  await send(port, "/monitor/api", by("203.0.113.8", { authorization, "sec-fetch-site": "none" }));
  (sdk.connection as unknown as { transport: { ws: WebSocket } }).transport.ws.send("text");
  await until(() => lines().some(({ reason }) => reason === "badFrame"));

  const logged = (message: string) => lines().filter(({ msg }) => msg === message);
  expect(logged("joined").map(({ transport, address }) => [transport, address])).toEqual([
    ["sdk", "203.0.113.1"],
    ["plain", "203.0.113.2"],
  ]);
  expect(logged("refused").map(({ reason, code, address }) => [reason, code, address])).toEqual([
    ["tooManyJoins", 429, "203.0.113.3"],
    ["unknownMap", 404, "203.0.113.4"],
    ["tooLarge", 413, "203.0.113.5"],
    ["badRequest", 400, "203.0.113.6"],
    ["unknownMap", 404, "203.0.113.7"],
    ["passwordInvalid", 401, "203.0.113.8"],
    ["badFrame", 4310, "203.0.113.1"],
  ]);
  expect(server.stdout()).not.toContain("192.0.2.99");
  plain.socket.close();
});

test("a stopping server still logs refused joins, and warns only once about an untrusted proxy", async () => {
  // The server refuses joins for a second before it ends its rooms.
  const { server, port, lines } = await startLogging({ MAX_JOINS_PER_MINUTE: "0", DRAIN_SECONDS: "1" });
  const headers = { "content-type": "application/json", "x-forwarded-for": "203.0.113.9" };
  const statuses: number[] = [];
  const keepJoining = async () => {
    try {
      for (;;) {
        statuses.push(await send(port, "/matchmake/joinOrCreate/world", headers, "{}"));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } catch {
      // The request has failed, because the server has stopped.
    }
  };
  const joining = keepJoining();
  await until(() => statuses.length > 0);
  server.signal("SIGTERM");
  await joining;
  expect(await server.ended()).toBe(0);
  expect(statuses).toContain(503);
  expect(lines().find(({ reason }) => reason === "stopping")).toMatchObject({
    msg: "refused",
    code: 503,
    address: "127.0.0.1",
  });
  // The warning is logged once, although there were several requests.
  expect(lines().filter(({ level }) => level === 40)).toMatchObject([
    {
      msg:
        "X-Forwarded-For comes from 127.0.0.1, which is not in TRUST_PROXY: all clients behind it share one address; " +
        "add it to TRUST_PROXY if it is your proxy",
    },
  ]);
});

test.each([
  ['GET /websocket?token=abc.def&map=plaza "x"', 'GET /websocket?token=[hidden]&map=plaza "x"'],
  ["/p/r?_authToken=abc", "/p/r?_authToken=[hidden]"],
  ['{"authorization":"Bearer abc","host":"x"}', '{"authorization":"Bearer [hidden]","host":"x"}'],
  ['{"body":"{\\"token\\":\\"abc\\"}"}', '{"body":"{\\"token\\":\\"[hidden]\\"}"}'],
  ["authorization: Basic YTpi", "authorization: Basic [hidden]"],
  ["it said eyJhbGciOi.eyJpZCI6.c2ln and closed", "it said [hidden] and closed"],
  ['{"msg":"This token has expired. Sign in again."}', '{"msg":"This token has expired. Sign in again."}'],
])("hideTokens hides the tokens in a line, and nothing else: %s", (line, hidden) => {
  expect(hideTokens(line)).toBe(hidden);
});

test.each([true, false])("the logger hides tokens in fields and messages (production: %s)", (production) => {
  const program = `
    import { createLogger } from ${JSON.stringify(new URL("../../src/telemetry/logger.ts", import.meta.url).href)};
    const logger = createLogger("info", ${production});
    logger.info({ url: "/websocket?token=abc.def" }, "asked with Bearer eyJhbGciOi.eyJpZCI6.c2ln");
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...COMPILE_CACHE, PATH: process.env.PATH, NODE_NO_WARNINGS: "1" } as unknown as NodeJS.ProcessEnv,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(stdout).toContain("/websocket?token=[hidden]");
  expect(stdout).toContain("asked with Bearer [hidden]");
});
