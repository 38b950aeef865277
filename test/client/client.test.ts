// Tests SabangClient over real sockets. This client extends the SDK's client for networks that fail.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { type Client, MatchMakeError } from "@colyseus/sdk";
import { afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { leave, SabangClient } from "../../client/client.ts";
import { play } from "../../client/play.ts";
import { ERRORS, errorBody } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { cut } from "../support/connection.ts";
import { laggyNetwork } from "../support/lag.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const server = startServer();

/** Milliseconds for which an attempt to connect may wait in these tests. */
const ATTEMPT_MS = 300;

/** Creates a client with the given token, or without one. By default the SDK would use the token of another test. */
function clientOf(url: string, token?: string): SabangClient {
  const client = new SabangClient(url, { attemptMs: ATTEMPT_MS });
  client.auth.token = token as string;
  return client;
}

const PLAYER = crypto.randomUUID();

const open: { close(): void }[] = [];
beforeAll(() => {
  // Silences the warnings with which the SDK reports failed connections.
  jest.mocked(console.warn).mockImplementation(() => {});
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/**
 * Starts a proxy that answers each upgrade with the text that `refuse` returns. The function `answer` answers all GET
 * requests if it is given. The proxy passes on all other requests.
 */
async function proxyThat(refuse: (request: IncomingMessage) => string, answer?: (response: ServerResponse) => void) {
  const proxy = createServer(async (request, response) => {
    if (answer && request.method === "GET") return answer(response);
    const body = request.method === "POST" ? await new Response(request as never).text() : undefined;
    const { method, headers } = request;
    const passed = await fetch(server.url + request.url, { method, body, headers: headers as Record<string, string> });
    response.writeHead(passed.status, { "Content-Type": "application/json" }).end(await passed.text());
  });
  proxy.on("upgrade", (request, socket) => socket.end(refuse(request)));
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  open.push({ close: () => proxy.close().closeAllConnections() });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

/** The answer to a WebSocket upgrade if a proxy drops the `Upgrade` header: the server gets an ordinary request. */
const DROPPED = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const REFUSED = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

describe("connection attempts without an answer:", () => {
  test("a join rejects with a timeout if the server never answers its request", async () => {
    const silent = createTcpServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    open.push(silent);
    const { port } = silent.address() as AddressInfo;
    const joining = clientOf(`http://127.0.0.1:${port}`).joinOrCreate("world");
    await expect(joining).rejects.toThrow("timeout");
  });

  test("a client can join, and later reconnect, after earlier attempts got no answer", async () => {
    const network = await laggyNetwork(server.port, 1);
    open.push(network);
    const client = clientOf(network.url);
    network.goAway();
    await expect(client.joinOrCreate("world")).rejects.toThrow("timeout");
    network.restore();
    const room = await client.joinOrCreate<WorldState>("world");
    const { sessionId } = room;
    // After a lost connection, the server holds the seat only if the client has acknowledged its join. So the test
    // waits for the first state.
    await until(() => room.state.players?.has(sessionId));
    let drops = 0;
    room.onDrop(() => drops++);
    const back = new Promise<void>((resolve) => room.onReconnect(resolve));
    network.goAway();
    network.cutNearEnd();
    // The first drop is the loss of the connection. Each further drop is an attempt to reconnect that got no answer.
    await until(() => drops >= 3);
    network.restore();
    await back;
    expect(room.sessionId).toBe(sessionId);
    await room.leave();
  });
});

test("a client can join even if each new connection takes longer than the time limit of one attempt", async () => {
  // A request over a new connection with TLS 1.2 takes four round trips.
  const roundTripMs = 0.3 * ATTEMPT_MS;
  const network = await laggyNetwork(server.port, roundTripMs / 2, 3);
  open.push(network);
  const room = await clientOf(network.url).joinOrCreate<WorldState>("world");
  await until(() => room.state.players?.has(room.sessionId));
  await room.leave();
});

test("a room reconnects even if the system clock was set back by an hour right after the join", async () => {
  const room = await clientOf(server.url).joinOrCreate<WorldState>("world");
  const now = Date.now();
  const clock = jest.spyOn(Date, "now").mockImplementation(() => now - 3_600_000);
  const back = new Promise((resolve, reject) => {
    room.onReconnect(() => resolve("back"));
    room.onLeave((code) => reject(new Error(`left with ${code}`)));
  });
  cut(room);
  expect(await back).toBe("back");
  clock.mockRestore();
  await room.leave();
});

test("a client that leaves its room during a reconnection ends its session as soon as the reconnection succeeds", async () => {
  const room = await clientOf(server.url).joinOrCreate<WorldState>("world");
  const left = new Promise((resolve) => room.onLeave(resolve));
  const dropped = new Promise((resolve) => room.onDrop(resolve));
  cut(room);
  await dropped;
  leave(room);
  expect(await left).toBe(4000);
});

describe("tokens in URLs:", () => {
  const token = () => server.tokens.sign(PLAYER);
  const urlsOf = async (client: Client) => {
    const urls: string[] = [];
    const onUpgrade = (request: IncomingMessage) => urls.push(request.url!);
    server.app.httpServer.on("upgrade", onUpgrade);
    const room = await client.joinOrCreate("world");
    const back = new Promise<void>((resolve) => room.onReconnect(resolve));
    room.reconnection.minUptime = 0;
    cut(room);
    await back;
    server.app.httpServer.off("upgrade", onUpgrade);
    const world = await server.roomOf(room.sessionId);
    const { auth } = world.clients.get(room.sessionId)!;
    await room.leave();
    return { urls, auth };
  };

  test("SabangClient keeps the player's token out of WebSocket URLs, and the server still identifies the player", async () => {
    const { urls, auth } = await urlsOf(clientOf(server.url, await token()));
    expect(auth).toEqual({ id: PLAYER });
    expect(urls).toHaveLength(2);
    for (const url of urls) expect(url).not.toContain("_authToken");
  });

  test("the SDK's own client sends the player's token in the URL of its WebSocket", async () => {
    const { urls } = await urlsOf(server.client(await token()));
    expect(urls[0]).toContain("_authToken");
  });
});

describe("refused WebSockets:", () => {
  test("a join rejects with the server's code and text if the server refuses the WebSocket of the join", async () => {
    const url = await proxyThat(
      () => REFUSED,
      (response) => {
        const body = JSON.stringify(errorBody("tooManyConnections"));
        response.writeHead(429, { "Content-Type": "application/json" }).end(body);
      },
    );
    const error = await clientOf(url)
      .joinOrCreate("world")
      .catch((error) => error);
    expect(error).toBeInstanceOf(MatchMakeError);
    expect(error.code).toBe(ERRORS.tooManyConnections.code);
    expect(error.message).toMatch(/\[tooManyConnections\]$/);
  });

  test("`play` tries to join again if a proxy drops the WebSocket upgrade, because the proxy may be repaired", async () => {
    const url = await proxyThat(
      () => DROPPED,
      (response) => {
        const body = JSON.stringify(errorBody("upgradeDropped"));
        response.writeHead(426, { "Content-Type": "application/json" }).end(body);
      },
    );
    const stop = new AbortController();
    const troubles: string[] = [];
    const onTrouble = ({ message }: Error) => void troubles.push(message);
    const ended = play(clientOf(url), {}, () => {}, { guest: true, signal: stop.signal, onTrouble });
    await until(() => troubles.length > 1);
    expect(troubles).toEqual(Array(2).fill(expect.stringMatching(/\[upgradeDropped\]$/)));
    stop.abort();
    expect(await ended).toBe(4000);
  });

  test.each([
    ["an answer from another program", DROPPED, (response: ServerResponse) => void response.end("<p>welcome</p>")],
    ["no answer", DROPPED, (response: ServerResponse) => void response.destroy()],
  ])(
    "a join rejects with code 1006 (connection lost) if its WebSocket is not upgraded and the client's request for the reason receives %s",
    async (_, upgrade, answer) => {
      const error = await clientOf(await proxyThat(() => upgrade, answer))
        .joinOrCreate("world")
        .catch((error) => error);
      expect([error.message, error.code]).toEqual(["The connection was lost.", 1006]);
    },
  );
});
