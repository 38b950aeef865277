// The limits per address on connections and joins of a real server, for all transports.
import { Client } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { ClientState } from "colyseus";
import { ERRORS, errorBody, taggedMessage } from "../../../schema/errors.ts";
import { PlainPlayer, plainError } from "../../support/plain.ts";
import { RawConnection, request } from "../../support/raw.ts";
import { pathOf, type Seat, takeSeat } from "../../support/seat.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";

const CONNECTIONS = 3;
const JOINS = 6;

// 127.0.0.1 is a trusted proxy, so each test can choose a client address with the `X-Forwarded-For` header.
const server = startServer({
  edge: {
    trustedProxies: ["127.0.0.1"],
    maxConnectionsPerAddress: CONNECTIONS,
    maxJoinsPerMinute: JOINS,
    timeoutMs: 500,
  },
  // This warning is tested in test/src/edge/shared-address.test.ts.
  ignoredLog: /connections come from the private address 127\.0\.0\.2/,
});

/** Creates an SDK client. To the server, the client's requests appear to come from this address. */
function clientOf(address: string): Client {
  const client = new Client(server.url, { headers: { "x-forwarded-for": address } });
  client.auth.token = undefined as unknown as string;
  return client;
}

/** Opens a WebSocket connection. Returns the HTTP status and the connection. */
async function upgradeStatus(address: string, path = "/"): Promise<[number, RawConnection]> {
  const connection = new RawConnection(server.port);
  connection.upgrade(path, [`X-Forwarded-For: ${address}`]);
  return [await connection.status(), connection];
}

const plainUrl = () => `${server.wsUrl}/websocket`;
const plainOf = (address: string) => new PlainPlayer(plainUrl(), { headers: { "x-forwarded-for": address } });

test("a WebSocket beyond the connection limit of its address is refused with 429", async () => {
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

test("reserved seats count as connections of an address, so an HTTP join beyond the address's limit is refused", async () => {
  const address = "203.0.113.30";
  const headers = { "x-forwarded-for": address };
  const seats: Seat[] = [];
  for (let i = 0; i < CONNECTIONS; i++) seats.push(await takeSeat(server.url, {}, headers));
  const before = server.app.edgeCounters.refused.tooManyConnections;
  await expect(clientOf(address).joinOrCreate("world")).rejects.toMatchObject({
    name: "MatchMakeError",
    code: ERRORS.tooManyConnections.code,
    message: taggedMessage("tooManyConnections"),
  });
  expect(server.app.edgeCounters.refused.tooManyConnections).toBe(before + 1);
  const answer = await fetch(`${server.url}/matchmake/joinOrCreate/world`, { method: "POST", headers });
  expect([answer.status, await answer.json()]).toEqual([429, errorBody("tooManyConnections")]);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  // Each reserved seat counts as a connection. So the server refuses a WebSocket without a seat, and accepts the
  // WebSockets of the reserved seats.
  expect((await upgradeStatus(address))[0]).toBe(429);
  const open = await Promise.all(seats.map((seat) => upgradeStatus(address, pathOf(seat))));
  expect(open.map(([status]) => status)).toEqual(Array(CONNECTIONS).fill(101));
  expect((await upgradeStatus(address))[0]).toBe(429);
  // When a connection closes, the server accepts another one.
  open[0]![1].socket.destroy();
  await until(async () => (await upgradeStatus(address))[0] === 101);
  for (const [, { socket }] of open) socket.destroy();
});

test("a join that fails does not count as a connection", async () => {
  const headers = { "x-forwarded-for": "203.0.113.31" };
  for (let i = 0; i < CONNECTIONS + 1; i++)
    expect(await takeSeat(server.url, { map: "moon" }, headers)).toMatchObject({ name: "unknownMap" });
});

test("at the connection limit of an address, a player can reconnect even while the lost connection still counts", async () => {
  const address = "203.0.113.32";
  const headers = { "x-forwarded-for": address, "content-type": "application/json" };
  /** Opens a WebSocket that acknowledges the join, but does not answer close frames. Returns the reconnection token. */
  const open = async (path: string): Promise<string> => {
    const [status, connection] = await upgradeStatus(address, path);
    expect(status).toBe(101);
    const [, token] = await until(() => /\n\t([\w-]{9})/.exec(connection.received));
    connection.socket.write(Buffer.of(0x82, 0x81, 0, 0, 0, 0, 10));
    return token!;
  };
  const seats = await Promise.all(Array.from({ length: CONNECTIONS }, () => takeSeat(server.url, {}, headers)));
  const tokens = await Promise.all(seats.map((seat) => open(pathOf(seat))));
  const room = await server.roomOf(seats[0]!.sessionId);
  await until(() => [...room.clients].every(({ state }) => state === ClientState.JOINED));

  // The first client reconnects as the SDK does, without a matchmaking request. The second client reconnects as the
  // page does, after a matchmaking request.
  const first = `${pathOf(seats[0]!)}&reconnectionToken=`;
  const next = await open(first + tokens[0]);
  await until(() => room.clients.get(seats[0]!.sessionId)?.state === ClientState.JOINED);
  const answer = await fetch(`${server.url}/matchmake/reconnect/${room.roomId}`, {
    method: "POST",
    headers,
    body: JSON.stringify({ reconnectionToken: tokens[1] }),
  });
  expect(answer.status).toBe(200);
  const other = await open(`${pathOf(seats[1]!)}&reconnectionToken=${tokens[1]}`);
  expect([next, other]).not.toEqual([tokens[0], tokens[1]]);

  // Above the limit, the server accepts only a WebSocket that has the current token of a connected player.
  for (const token of ["guess", tokens[0]]) expect((await upgradeStatus(address, first + token))[0]).toBe(429);
  expect((await upgradeStatus(address))[0]).toBe(429);
});

/** Opens a WebSocket that acknowledges its join when the server's handshake arrives. */
async function openSeat(address: string, seat: Seat): Promise<RawConnection> {
  const [status, connection] = await upgradeStatus(address, pathOf(seat));
  expect(status).toBe(101);
  await until(() => connection.received.includes("schema"));
  connection.socket.write(Buffer.of(0x82, 0x81, 0, 0, 0, 0, 10));
  return connection;
}

const TAKEN_OVER = String.fromCharCode(ERRORS.takenOver.code >> 8, ERRORS.takenOver.code & 0xff);

test("at the connection limit of an address, a connected player can still join again, for example to change the name", async () => {
  const address = "203.0.113.35";
  const id = "a-player-at-the-connection-limit";
  const headers = { "x-forwarded-for": address };
  const identity = { authorization: `Bearer ${await server.tokens.sign(id)}` };
  const first = await openSeat(address, await takeSeat(server.url, { name: "Ada" }, { ...headers, ...identity }));
  const others = Array.from({ length: CONNECTIONS - 1 }, () => takeSeat(server.url, {}, headers));
  const open = await Promise.all(others.map(async (seat) => openSeat(address, await seat)));

  const seat = await takeSeat(server.url, { name: "Grace" }, { ...headers, ...identity });
  const second = await openSeat(address, seat);
  await until(() => first.received.includes(TAKEN_OVER));
  const room = await server.roomOf(seat.sessionId);
  expect(room.state.players.get(seat.sessionId)!.name).toBe("Grace");
  first.socket.destroy();

  // The address is at its limit, not above it. The server refuses a player who has no connection from this address.
  const stranger = { authorization: `Bearer ${await server.tokens.sign("a-player-without-a-connection")}` };
  for (const token of [stranger, { authorization: "Bearer invalid" }])
    expect(await takeSeat(server.url, {}, { ...headers, ...token })).toEqual(errorBody("tooManyConnections"));
  for (const { socket } of [second, ...open]) socket.destroy();
});

test("at the connection limit of an address, a player on a plain WebSocket can still join again", async () => {
  const headers = { "x-forwarded-for": "203.0.113.36" };
  const token = await server.tokens.sign("a-plain-player-at-the-limit");
  const players = Array.from({ length: CONNECTIONS }, (_, i) => {
    return new PlainPlayer(`${plainUrl()}${i === 0 ? `?token=${token}` : ""}`, { headers });
  });
  await until(() => players.every(({ id }) => id !== ""));
  const again = new PlainPlayer(`${plainUrl()}?token=${token}`, { headers });
  await until(() => again.id !== "");
  await until(() => players[0]!.closed);
  expect(players[0]!.closed!.code).toBe(ERRORS.takenOver.code);
  const foreign = await server.tokens.sign("a-player-without-a-connection");
  const refused = new PlainPlayer(`${plainUrl()}?token=${foreign}`, { headers });
  await until(() => refused.closed);
  expect(refused.errors).toEqual([plainError("tooManyConnections")]);
  for (const { socket } of [again, ...players]) socket.close();
});

test("GET on a WebSocket's path is answered with the reason why an upgrade would fail, or else with 426", async () => {
  const address = "203.0.113.33";
  const seat = await takeSeat(server.url, {}, { "x-forwarded-for": address });
  const ask = async (path: string, from = address) => {
    const answer = await fetch(server.url + path, { headers: { "x-forwarded-for": from } });
    return [answer.status, ((await answer.json()) as { name: string }).name];
  };
  const paths = ["/websocket", "/websocket?name=Ada", pathOf(seat)];
  for (const path of paths) expect([path, ...(await ask(path))]).toEqual([path, 426, "upgradeRequired"]);
  for (const path of ["/websocket/x", "/process/room", "/process/constructor?sessionId=x", "/a/b/c?sessionId=x"])
    expect([path, ...(await ask(path))]).toEqual([path, 404, "notFound"]);

  // The server also warns about a WebSocket request without the `Upgrade` header. A proxy probably dropped the header.
  server.expectLog(/from 127\.0\.0\.1 has no header Upgrade.*proxy_set_header Upgrade \$http_upgrade/);
  for (const path of paths) {
    const dropped = await request(server.port, [
      `GET ${path} HTTP/1.1`,
      `X-Forwarded-For: ${address}`,
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
    ]);
    expect([dropped.status, JSON.parse(dropped.body)]).toEqual([426, errorBody("upgradeDropped")]);
    expect(dropped.headers).toContain("upgrade: websocket");
    expect(await ask(path)).toEqual([426, "upgradeDropped"]);
    expect(await ask(path, "203.0.113.34")).toEqual([426, "upgradeRequired"]);
  }
  const open = [(await upgradeStatus(address))[1]];
  expect(await ask(pathOf(seat))).toEqual([426, "upgradeRequired"]);

  open.push((await upgradeStatus(address))[1]);
  // The seat is already counted, so its own WebSocket would be accepted.
  expect(await ask(pathOf(seat))).toEqual([426, "upgradeRequired"]);
  expect(await ask("/websocket")).toEqual([429, "tooManyConnections"]);
  for (const { socket } of open) socket.destroy();
});

test("a WebSocket no longer counts towards the limit of its address after the WebSocket closes, is terminated, or sends too large a frame", async () => {
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

test("a plain WebSocket beyond the connection limit gets an error frame, and is then closed", async () => {
  const address = "203.0.113.4";
  const players = Array.from({ length: CONNECTIONS }, () => plainOf(address));
  await until(() => players.every(({ frames }) => frames.length > 0));
  const refused = plainOf(address);
  await until(() => refused.closed);
  expect(refused.errors).toEqual([plainError("tooManyConnections")]);
  expect(refused.closed?.code).toBe(ERRORS.joinRefused.code);

  // These clients do not answer the close frame. The server sends its error frame to only a few such clients at a time,
  // and then closes their connections. It refuses the other clients with 429.
  const unresponsive = await Promise.all(Array.from({ length: 20 }, () => upgradeStatus(address, "/websocket")));
  expect(unresponsive.filter(([status]) => status === 429).length).toBeGreaterThanOrEqual(12);
  await until(() => unresponsive.every(([, { closed }]) => closed));
  for (const { socket } of players) socket.close();
});

test("the server counts all addresses of an IPv6 /64 network as one address", async () => {
  const open = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, i) => upgradeStatus(`2001:db8:1:2::${i + 1}`)),
  );
  expect(open.map(([status]) => status)).toEqual(Array(CONNECTIONS).fill(101));
  expect((await upgradeStatus("2001:db8:1:2:ffff::9"))[0]).toBe(429);
  expect((await upgradeStatus("2001:db8:1:3::9"))[0]).toBe(101);
  for (const [, { socket }] of open) socket.destroy();
});

test("the server ignores X-Forwarded-For and X-Real-IP from a client that is not a trusted proxy", async () => {
  // 127.0.0.2 is not a trusted proxy. The server logs one warning, because a proxy may be missing from TRUST_PROXY.
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

test("the server warns once if a trusted proxy does not send the players' addresses in X-Forwarded-For", async () => {
  server.expectLog(
    /a join from 127\.0\.0\.1, which is in TRUST_PROXY, has no X-Forwarded-For.*X-Forwarded-For \$remote_addr/,
  );
  // A health check that the proxy itself sends has no X-Forwarded-For either. It must not cause a warning.
  await fetch(`${server.url}/healthz`);
  for (let i = 0; i < 2; i++) {
    await fetch(`${server.url}/auth/anonymous`, { method: "POST" });
    const connection = new RawConnection(server.port);
    connection.upgrade("/");
    expect(await connection.status()).toBe(101);
  }
});

test("the server limits the idle connections of an address, and closes idle connections after a timeout", async () => {
  const idle = Array.from({ length: CONNECTIONS * 6 + 5 }, () => new RawConnection(server.port, "127.0.0.3"));
  // The server closes the connections beyond the limit at once, and the other connections after the timeout.
  await until(() => idle.filter(({ closed }) => closed).length >= 5);
  await until(() => idle.every(({ closed }) => closed));
  expect((await request(server.port, ["GET /healthz HTTP/1.1"], "127.0.0.3")).status).toBe(200);
});

test("the server closes connections that send the head or the body of a request too slowly", async () => {
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

test("a join beyond the join limit of its address gets 429, and the SDK throws a MatchMakeError", async () => {
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

test("sign-ins, joins over plain WebSockets and joins with the SDK count against the same limit", async () => {
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

test("reconnections and joins of an address have separate limits", async () => {
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

test("the server accepts an SDK client and a plain WebSocket within the limits", async () => {
  const address = "203.0.113.24";
  const [sdk, plain] = [await clientOf(address).joinOrCreate("world"), plainOf(address)];
  await until(() => plain.frames.length > 0);
  plain.socket.close();
  await sdk.leave();
});
