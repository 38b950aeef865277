// Whose pages may join: the origins that are allowed, the server's own, and what is no browser.
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

// Who comes from 127.0.0.1 is a proxy; 127.0.0.2 is not.
const server = startServer({ edge: { allowedOrigins: [ALLOWED], trustedProxies: ["127.0.0.1"] } });

const SOCKETS = ["/", "/process/room?sessionId=x", "/websocket"];

async function upgradeStatus(path: string, headers: string[], from = "127.0.0.2"): Promise<number> {
  const connection = new RawConnection(server.port, from);
  connection.upgrade(path, headers);
  return connection.status();
}

test.each(SOCKETS)(
  "a page of a foreign site gets no WebSocket on %s; an allowed one, and what is no page, does",
  async (path) => {
    for (const origin of FOREIGN)
      expect([origin, await upgradeStatus(path, [`Origin: ${origin}`])]).toEqual([origin, 403]);
    expect(await upgradeStatus(path, [`Origin: ${ALLOWED}`])).toBe(101);
    expect(await upgradeStatus(path, [])).toBe(101);
  },
);

test.each(SOCKETS)("the server's own page gets one on %s, by any name that the server was called by", async (path) => {
  expect(await upgradeStatus(path, ["Origin: http://127.0.0.1"])).toBe(101);
  // A proxy that is not trusted speaks TLS: what matters is the host.
  expect(await upgradeStatus(path, ["Origin: https://127.0.0.1"])).toBe(101);
  expect(await upgradeStatus(path, ["Origin: http://127.0.0.1:81"])).toBe(403);
  const proxied = ["Origin: https://game.example", "X-Forwarded-Host: game.example", "X-Forwarded-Proto: https"];
  expect(await upgradeStatus(path, proxied, "127.0.0.1")).toBe(101);
  // The same from somebody who is no proxy is a lie.
  expect(await upgradeStatus(path, proxied, "127.0.0.2")).toBe(403);
  const insecure = ["Origin: http://game.example", "X-Forwarded-Host: game.example", "X-Forwarded-Proto: https"];
  expect(await upgradeStatus(path, insecure, "127.0.0.1")).toBe(403);
});

test("a browser's WebSocket is refused with the sentence", async () => {
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
])("%s %s is refused to a page of a foreign site", async (method, path) => {
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

test("answers may be read by pages of allowed sites alone", async () => {
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

test("SDK clients that are no browsers join as ever", async () => {
  await (await joinWithSdk(server)).leave();
});
