// The check of the `Origin` header: allowed origins, the server's own origin, and clients that are not browsers.
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS, errorBody } from "../../../schema/errors.ts";
import { RawConnection, request } from "../../support/raw.ts";
import { startServer } from "../../support/server.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const ALLOWED = "https://play.example.org";
const FOREIGN = [
  "https://evil.example",
  "https://play.example.org.evil.example",
  "http://play.example.org",
  "null",
  "x",
];

// 127.0.0.1 is a trusted proxy; 127.0.0.2 is not.
const server = startServer({ edge: { allowedOrigins: [ALLOWED], trustedProxies: ["127.0.0.1"] } });

const SOCKETS = ["/", "/process/room?sessionId=x", "/websocket"];

async function upgradeStatus(path: string, headers: string[], from = "127.0.0.2"): Promise<number> {
  const connection = new RawConnection(server.port, from);
  connection.upgrade(path, headers);
  return connection.status();
}

test.each(SOCKETS)(
  "a WebSocket on %s is refused for foreign origins, and accepted for an allowed origin and without an origin",
  async (path) => {
    for (const origin of FOREIGN)
      expect([origin, await upgradeStatus(path, [`Origin: ${origin}`])]).toEqual([origin, 403]);
    expect(await upgradeStatus(path, [`Origin: ${ALLOWED}`])).toBe(101);
    expect(await upgradeStatus(path, [])).toBe(101);
  },
);

test.each(SOCKETS)(
  "a WebSocket on %s is accepted for the server's own origin, directly and behind a proxy",
  async (path) => {
    expect(await upgradeStatus(path, ["Origin: http://127.0.0.1"])).toBe(101);
    // An untrusted proxy may terminate TLS, so only the host counts.
    expect(await upgradeStatus(path, ["Origin: https://127.0.0.1"])).toBe(101);
    expect(await upgradeStatus(path, ["Origin: http://127.0.0.1:81"])).toBe(403);
    const proxied = ["Origin: https://game.example", "X-Forwarded-Host: game.example", "X-Forwarded-Proto: https"];
    expect(await upgradeStatus(path, proxied, "127.0.0.1")).toBe(101);
    // The same headers from a client that is not a trusted proxy are ignored.
    expect(await upgradeStatus(path, proxied, "127.0.0.2")).toBe(403);
    const insecure = ["Origin: http://game.example", "X-Forwarded-Host: game.example", "X-Forwarded-Proto: https"];
    expect(await upgradeStatus(path, insecure, "127.0.0.1")).toBe(403);
  },
);

test("a WebSocket of a foreign origin is refused with an error body", async () => {
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
])("%s %s is refused for foreign origins", async (method, path) => {
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

test("an SDK client that is not a browser can join", async () => {
  await (await joinWithSdk(server)).leave();
});
