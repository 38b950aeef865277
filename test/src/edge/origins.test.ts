// The check of the `Origin` header: allowed origins, the server's own origin, and clients that are not browsers.
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS, errorBody } from "../../../schema/errors.ts";
import { RawConnection, request } from "../../support/raw.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const ALLOWED = "https://play.example.org";
const FOREIGN = [
  "https://evil.example",
  "https://play.example.org.evil.example",
  "http://play.example.org",
  "null",
  "x",
];

/** The address of a trusted proxy. */
const PROXY = "127.0.0.3";
const server = startServer({
  edge: { allowedOrigins: [ALLOWED], trustedProxies: [PROXY] },
  ignoredLog: /was refused, because the request's Host header is 127\.0\.0\.1, without the port/,
});

const SOCKETS = ["/", "/process/room?sessionId=x", "/websocket"];

/** Opens a WebSocket. Returns the HTTP status, or the code of the error frame if a plain WebSocket receives one. */
async function upgradeStatus(path: string, headers: string[], from = "127.0.0.1"): Promise<number> {
  const connection = new RawConnection(server.port, from);
  connection.upgrade(path, from === PROXY ? ["X-Forwarded-For: 203.0.113.7", ...headers] : headers);
  const status = await connection.status();
  if (path !== "/websocket" || status !== 101) return status;
  const [, code] = await until(() => /"type":"(?:welcome|error)"(?:,"code":(\d+))?/.exec(connection.received));
  connection.socket.destroy();
  if (code !== undefined) expect(connection.received).toMatch(/"name":"(foreignOrigin|hostWithoutPort)"/);
  return code === undefined ? 101 : Number(code);
}

test.each(SOCKETS)(
  "a WebSocket on %s is refused from foreign origins, and accepted from an allowed origin or without an origin",
  async (path) => {
    for (const origin of FOREIGN)
      expect([origin, await upgradeStatus(path, [`Origin: ${origin}`])]).toEqual([origin, 403]);
    expect(await upgradeStatus(path, [`Origin: ${ALLOWED}`])).toBe(101);
    expect(await upgradeStatus(path, [])).toBe(101);
  },
);

test.each(SOCKETS)(
  "a WebSocket on %s is accepted from the server's own origin, both directly and behind a proxy",
  async (path) => {
    expect(await upgradeStatus(path, ["Origin: http://127.0.0.1"])).toBe(101);
    // An untrusted proxy may terminate TLS, so the server compares only host and port, not the scheme.
    expect(await upgradeStatus(path, ["Origin: https://127.0.0.1"])).toBe(101);
    expect(await upgradeStatus(path, ["Origin: http://127.0.0.1:81"])).toBe(403);
    const proxied = ["Origin: https://game.example", "X-Forwarded-Host: game.example", "X-Forwarded-Proto: https"];
    expect(await upgradeStatus(path, proxied, PROXY)).toBe(101);
    // The server ignores the same headers if they come from a client that is not a trusted proxy.
    expect(await upgradeStatus(path, proxied)).toBe(403);
    const insecure = ["Origin: http://game.example", "X-Forwarded-Host: game.example", "X-Forwarded-Proto: https"];
    expect(await upgradeStatus(path, insecure, PROXY)).toBe(403);
  },
);

test.each([
  ["ws", "http"],
  ["wss", "https"],
  ["WSS", "https"],
  ["wss, http", "https"],
])("the `X-Forwarded-Proto` header %s from a trusted proxy counts as the scheme %s", async (stated, scheme) => {
  const headers = (origin: string) => [
    `Origin: ${origin}`,
    "X-Forwarded-Host: game.example",
    `X-Forwarded-Proto: ${stated}`,
  ];
  const other = scheme === "http" ? "https" : "http";
  expect(await upgradeStatus("/websocket", headers(`${scheme}://game.example`), PROXY)).toBe(101);
  expect(await upgradeStatus("/websocket", headers(`${other}://game.example`), PROXY)).toBe(403);
});

test.each(["https://play.example", "https://play.example:8443"])(
  "with the headers that the proxy Traefik sends, %s counts as the server's own origin",
  async (origin) => {
    const { host, port } = new URL(origin);
    const headers = [`Origin: ${origin}`, `X-Forwarded-Host: ${host}`, `X-Forwarded-Port: ${port || 443}`];
    headers.push("X-Forwarded-Server: traefik", "X-Real-Ip: 203.0.113.7");
    for (const path of SOCKETS)
      expect(await upgradeStatus(path, [...headers, "X-Forwarded-Proto: wss"], PROXY)).toBe(101);
    const join = [
      // The error 520 means that the server has accepted the origin. The join fails only because the type of the room
      // is unknown.
      "POST /matchmake/joinOrCreate/unknown HTTP/1.1",
      "X-Forwarded-For: 203.0.113.7",
      "X-Forwarded-Proto: https",
    ];
    expect((await request(server.port, [...join, ...headers], PROXY)).status).toBe(520);
  },
);

test("the server's own page is accepted if a proxy drops the port from Host but sends X-Forwarded-Port", async () => {
  const origin = "Origin: http://127.0.0.1:8080";
  for (const path of SOCKETS) {
    expect(await upgradeStatus(path, [origin, "X-Forwarded-Port: 8080"], PROXY)).toBe(101);
    // If TLS ends in front of the proxy, the proxy sends port 80. The server's own https page is still accepted.
    expect(await upgradeStatus(path, ["Origin: https://127.0.0.1", "X-Forwarded-Port: 80"], PROXY)).toBe(101);
  }
  for (const [headers, from] of [
    [[], PROXY],
    [["X-Forwarded-Port: 8081"], PROXY],
    [["X-Forwarded-Port: 8080, evil"], "127.0.0.1"],
  ] as const) {
    expect(await upgradeStatus("/", [origin, ...headers], from)).toBe(403);
    const join = ["POST /matchmake/joinOrCreate/world HTTP/1.1", origin, ...headers];
    const { status, body } = await request(server.port, join, from);
    expect([status, JSON.parse(body)]).toEqual([403, errorBody("hostWithoutPort")]);
  }
});

test("a WebSocket from a foreign origin is refused with an error body", async () => {
  const socket = new WebSocket(`${server.wsUrl}/`, { origin: "https://evil.example" });
  const [status, body] = await new Promise<[number, string]>((resolve) => {
    socket.on("unexpected-response", (_request, response) => {
      response.setEncoding("utf8").once("data", (text) => resolve([response.statusCode ?? 0, text]));
    });
  });
  expect([status, JSON.parse(body)]).toEqual([403, errorBody("foreignOrigin")]);
});

test.each([
  ["POST", "/matchmake/joinOrCreate/world"],
  ["POST", "/matchmake/reconnect/room"],
  ["POST", "/auth/anonymous"],
  ["POST", "/AUTH/anonymous"],
  ["GET", "/auth/userdata"],
])("the request %s %s is refused only if it comes from a foreign origin", async (method, path) => {
  const before = server.app.edgeCounters.refused.foreignOrigin;
  for (const origin of FOREIGN) {
    const { status, body } = await request(server.port, [`${method} ${path} HTTP/1.1`, `Origin: ${origin}`]);
    expect([origin, status]).toEqual([origin, 403]);
    expect(body).toContain(ERRORS.foreignOrigin.message);
  }
  expect(server.app.edgeCounters.refused.foreignOrigin).toBe(before + FOREIGN.length);
  for (const headers of [[], [`Origin: ${ALLOWED}`], ["Origin: http://127.0.0.1"]]) {
    expect((await request(server.port, [`${method} ${path} HTTP/1.1`, ...headers])).status).not.toBe(403);
  }
});

test("CORS headers let only pages of allowed origins read answers", async () => {
  for (const [method, path] of [
    ["OPTIONS", "/matchmake/joinOrCreate/world"],
    ["POST", "/matchmake/joinOrCreate/world"],
    ["GET", "/maps/plaza.tmj"],
  ]) {
    const ask = (origin: string) => request(server.port, [`${method} ${path} HTTP/1.1`, `Origin: ${origin}`]);
    expect((await ask(ALLOWED)).headers).toContain(`access-control-allow-origin: ${ALLOWED}\r\n`);
    for (const origin of FOREIGN) {
      const { headers } = await ask(origin);
      expect(headers).toContain(`access-control-allow-origin: ${ALLOWED}\r\n`);
      expect(headers).toContain("vary: origin");
    }
  }
});

test("an SDK client that sends no origin, such as a Node program, can join", async () => {
  await (await joinWithSdk(server)).leave();
});
