// The limits per address on connections and joins of a real server, for all transports.
import { Client } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS, errorBody, taggedMessage } from "../../../schema/errors.ts";
import { PlainPlayer, plainError } from "../../support/plain.ts";
import { RawConnection, request } from "../../support/raw.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const CONNECTIONS = 3;
const JOINS = 6;

// 127.0.0.1 is a trusted proxy here, so each test can use its own client address.
const server = startServer({
  edge: {
    trustedProxies: ["127.0.0.1"],
    maxConnectionsPerAddress: CONNECTIONS,
    maxJoinsPerMinute: JOINS,
    timeoutMs: 500,
  },
});

/** Creates an SDK client with an address. */
function clientOf(address: string): Client {
  const client = new Client(server.url, { headers: { "x-forwarded-for": address } });
  client.auth.token = undefined as unknown as string;
  return client;
}

/** Upgrades a connection. Returns the HTTP status and the connection. */
async function upgradeStatus(address: string, path = "/"): Promise<[number, RawConnection]> {
  const connection = new RawConnection(server.port);
  connection.upgrade(path, [`X-Forwarded-For: ${address}`]);
  return [await connection.status(), connection];
}

const plainUrl = () => `${server.wsUrl}/websocket`;
const plainOf = (address: string) => new PlainPlayer(plainUrl(), { headers: { "x-forwarded-for": address } });

test("refuses a WebSocket beyond the limit of its address with 429 and the error message", async () => {
  const address = "203.0.113.1";
  const open: RawConnection[] = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const [status, connection] = await upgradeStatus(address, "/process/room?sessionId=x");
    expect(status).toBe(101);
    open.push(connection);
  }
  for (const connection of open) connection.socket.pause();
  const before = server.app.edgeCounters.refused.tooManyConnections;
  const [status, refused] = await upgradeStatus(address, "/process/room?sessionId=x");
  expect(status).toBe(429);
  await until(() => refused.closed);
  expect(refused.received).toContain(ERRORS.tooManyConnections.message);
  expect(server.app.edgeCounters.refused.tooManyConnections).toBe(before + 1);
  // Other addresses are not affected.
  expect((await upgradeStatus("203.0.113.2"))[0]).toBe(101);
  for (const { socket } of open) socket.destroy();
});

test("stops counting a WebSocket when it closes, is terminated, or sends a frame that is too large", async () => {
  const address = "203.0.113.3";
  for (const end of [
    (player: PlainPlayer) => player.socket.close(),
    (player: PlainPlayer) => player.socket.terminate(),
    (player: PlainPlayer) => player.socket.send("x".repeat(100_000)),
  ]) {
    const players = Array.from({ length: CONNECTIONS }, () => plainOf(address));
    await until(() => players.every(({ frames }) => frames.length > 0));
    for (const player of players) end(player);
    await until(() => players.every(({ closed }) => closed));
    await until(async () => {
      const [status, { socket }] = await upgradeStatus(address);
      socket.destroy();
      return status === 101;
    });
  }
});

test("sends an error frame to a plain WebSocket beyond the limit, then closes it", async () => {
  const address = "203.0.113.4";
  const players = Array.from({ length: CONNECTIONS }, () => plainOf(address));
  await until(() => players.every(({ frames }) => frames.length > 0));
  const refused = plainOf(address);
  await until(() => refused.closed);
  expect(refused.errors).toEqual([plainError("tooManyConnections")]);
  expect(refused.closed?.code).toBe(ERRORS.joinRefused.code);

  // The server disconnects clients that do not answer the close frame, and accepts only a few of them at a time.
  const unresponsive = await Promise.all(Array.from({ length: 20 }, () => upgradeStatus(address, "/websocket")));
  expect(unresponsive.filter(([status]) => status === 429).length).toBeGreaterThanOrEqual(12);
  await until(() => unresponsive.every(([, { closed }]) => closed));
  for (const { socket } of players) socket.close();
});

test("counts all addresses of an IPv6 /64 network as one address", async () => {
  const open = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, i) => upgradeStatus(`2001:db8:1:2::${i + 1}`)),
  );
  expect(open.map(([status]) => status)).toEqual(Array(CONNECTIONS).fill(101));
  expect((await upgradeStatus("2001:db8:1:2:ffff::9"))[0]).toBe(429);
  expect((await upgradeStatus("2001:db8:1:3::9"))[0]).toBe(101);
  for (const [, { socket }] of open) socket.destroy();
});

test("ignores X-Forwarded-For and X-Real-IP of a client that is not a trusted proxy", async () => {
  // 127.0.0.2 is not a trusted proxy. The operator may have forgotten it, so the server logs a warning, once.
  server.expectLog(/X-Forwarded-For comes from 127\.0\.0\.2, which is not in TRUST_PROXY/);
  const open = Array.from({ length: CONNECTIONS + 1 }, (_, i) => {
    const connection = new RawConnection(server.port, "127.0.0.2");
    connection.upgrade("/", [`X-Forwarded-For: 203.0.113.${100 + i}`, `X-Real-IP: 203.0.113.${100 + i}`]);
    return connection;
  });
  const statuses = await Promise.all(open.map((connection) => connection.status()));
  expect(statuses.sort()).toEqual([...Array(CONNECTIONS).fill(101), 429]);
  for (const { socket } of open) socket.destroy();
});

test("limits idle connections per address, and closes them after a timeout", async () => {
  const idle = Array.from({ length: CONNECTIONS * 6 + 5 }, () => new RawConnection(server.port, "127.0.0.3"));
  // Connections beyond the limit are closed at once, the others after the timeout.
  await until(() => idle.filter(({ closed }) => closed).length >= 5);
  await until(() => idle.every(({ closed }) => closed));
  expect((await request(server.port, ["GET /healthz HTTP/1.1"], "127.0.0.3")).status).toBe(200);
});

test("closes connections that send the head or the body of a request too slowly", async () => {
  const slow = [
    "G",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ",
    "POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  ];
  const connections = slow.map((text) => {
    const connection = new RawConnection(server.port, "127.0.0.4");
    connection.socket.write(text);
    const drip = setInterval(() => connection.socket.write(" "), 100);
    connection.socket.on("close", () => clearInterval(drip));
    connection.socket.on("end", () => clearInterval(drip));
    return connection;
  });
  await until(() => connections.every(({ closed }) => closed));
});

test("refuses a join beyond the limit of its address with 429, and the SDK throws a MatchMakeError", async () => {
  const client = clientOf("203.0.113.20");
  const join = async () => {
    const room = await client.joinOrCreate("world");
    await room.leave();
  };
  for (let i = 0; i < JOINS; i++) await join();
  await expect(join()).rejects.toMatchObject({
    name: "MatchMakeError",
    code: ERRORS.tooManyJoins.code,
    message: taggedMessage("tooManyJoins"),
  });
  const answer = await fetch(`${server.url}/matchmake/joinOrCreate/world`, {
    method: "POST",
    headers: { "x-forwarded-for": "203.0.113.20", origin: "https://elsewhere.example" },
  });
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  // A page of another site can read the answer too.
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://elsewhere.example");
  // Other addresses can join.
  await (await clientOf("203.0.113.21").joinOrCreate("world")).leave();
});

test("counts sign-ins and plain joins against the same limit as SDK joins", async () => {
  const address = "203.0.113.22";
  const headers = { "x-forwarded-for": address };
  for (let i = 0; i < JOINS; i++) {
    if (i % 2) await fetch(`${server.url}/auth/anonymous`, { method: "POST", headers });
    else {
      const player = plainOf(address);
      await until(() => player.frames.length > 0);
      player.socket.close();
      await until(() => player.closed);
    }
  }
  for (const path of [
    "/auth/anonymous",
    "/AUTH/Anonymous/",
    "/matchmake/joinOrCreate/world/",
    "/matchmake/join/world",
  ]) {
    const answer = await fetch(server.url + path, { method: "POST", headers });
    expect([path, answer.status]).toEqual([path, 429]);
    expect(await answer.json()).toEqual(errorBody("tooManyJoins"));
  }
  const refused = plainOf(address);
  await until(() => refused.closed);
  expect(refused.errors).toEqual([plainError("tooManyJoins")]);
});

test("limits reconnections of an address separately from its joins", async () => {
  const address = "203.0.113.23";
  const headers = { "x-forwarded-for": address, "content-type": "application/json" };
  const post = async (path: string, body = {}) =>
    (await fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) })).status;
  const client = clientOf(address);
  const room = await client.joinOrCreate("world");
  room.reconnection.enabled = false;
  for (let i = 0; i < JOINS; i++) await post("/matchmake/joinOrCreate/world");
  expect(await post("/matchmake/joinOrCreate/world")).toBe(429);
  const token = room.reconnectionToken;
  const held = await server.roomOf(room.sessionId);
  room.connection.close();
  await until(() => held.clients.length === 0);
  const back = await client.reconnect(token);
  expect(back.sessionId).toBe(room.sessionId);
  await back.leave();
  const statuses: number[] = [];
  for (let i = 0; i < JOINS; i++)
    statuses.push(await post(`/matchmake/reconnect/${room.roomId}`, { reconnectionToken: "guess" }));
  expect(statuses.at(-1)).toBe(429);
});

test("accepts an SDK client and a plain WebSocket within the limits", async () => {
  const [sdk, plain] = [await joinWithSdk(server), new WebSocket(plainUrl())];
  await new Promise((resolve) => plain.once("message", resolve));
  plain.close();
  await sdk.leave();
});
