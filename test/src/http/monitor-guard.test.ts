// The guard of the monitor. It refuses requests from pages of other sites, and limits wrong passwords.
import { expect, test } from "@jest/globals";
import { ERRORS, errorBody } from "../../../schema/errors.ts";
import { request } from "../../support/raw.ts";
import { MONITOR, startServer } from "../../support/server.ts";
import { joinWithSdk } from "../../support/walkers.ts";

// 127.0.0.2 is a trusted proxy, so each request can choose a client address with the `X-Forwarded-For` header.
const PROXY = "127.0.0.2";
const server = startServer({ edge: { trustedProxies: [PROXY] } });

const authorization = (password: string) =>
  `Authorization: Basic ${Buffer.from(`${MONITOR.user}:${password}`).toString("base64")}`;
const RIGHT = authorization(MONITOR.password);

let guests = 0;
/** Sends a request, by default from an address that no earlier request had. */
async function ask(path: string, headers: string[], address = `198.51.100.${++guests}`, method = "GET") {
  return request(server.port, [`${method} ${path} HTTP/1.1`, `X-Forwarded-For: ${address}`, ...headers], PROXY);
}

const API = "/monitor/api";
/** The header with which a program proves that no page of another site sent the request. */
const PROOF = "Sec-Fetch-Site: none";
const ELSEWHERE = [
  // This request has no header that tells where the request comes from. Browsers send no such header when they
  // follow a rel=noreferrer link over plain http to a host other than localhost.
  [],
  ["Sec-Fetch-Site: cross-site"],
  ["Sec-Fetch-Site: same-site"],
  ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
  ["Origin: https://evil.example"],
  ["Origin: null"],
  ["Referer: https://evil.example/page"],
  ["Referer: http://127.0.0.1.evil.example/"],
];
const OWN = [
  ["Sec-Fetch-Site: same-origin"],
  ["Sec-Fetch-Site: none"],
  ["Origin: http://127.0.0.1"],
  ["Referer: http://127.0.0.1/monitor/"],
  ["Referer: https://127.0.0.1/monitor/"],
];

test("the monitor refuses calls from pages of other sites, and accepts calls from its own page and from programs", async () => {
  const client = await joinWithSdk(server);
  const room = await server.roomOf(client.sessionId);
  const call = `/monitor/api/room/call?roomId=${client.roomId}&method=lock&args=%5B%5D`;
  for (const headers of ELSEWHERE) {
    for (const path of [API, "/MONITOR/api"]) {
      expect([path, headers, (await ask(path, [RIGHT, ...headers])).status]).toEqual([path, headers, 403]);
    }
    // With these headers, the guard refuses a request of any method, for example HEAD. A later version of the monitor
    // may have calls with methods other than GET.
    expect((await ask(API, [RIGHT, ...headers], undefined, "HEAD")).status).toBe(403);
  }
  for (const headers of OWN) expect([headers, (await ask(API, [RIGHT, ...headers])).status]).toEqual([headers, 200]);
  expect(room.locked).toBe(false);
  expect((await ask(call, [RIGHT, PROOF])).status).toBe(200);
  expect(room.locked).toBe(true);
});

test("the monitor's page can be opened by a link on another site, but not in a frame", async () => {
  const link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
  expect((await ask("/monitor/", [RIGHT, ...link, "Sec-Fetch-Dest: document"])).status).toBe(200);
  expect((await ask("/monitor", [RIGHT, ...link, "Sec-Fetch-Dest: document"])).status).toBe(302);
  expect((await ask("/monitor/", [RIGHT, ...link, "Sec-Fetch-Dest: iframe"])).status).toBe(403);
  // Over plain http browsers send fewer headers.
  for (const headers of [[], ["Referer: https://wiki.example/"]]) {
    expect((await ask("/monitor/", [RIGHT, ...headers])).status).toBe(200);
    // All paths below the page, however they are spelled, require a header that proves that the page sent the request.
    // In the page's own requests, this header is `Referer`.
    for (const path of ["/monitor/assets/../api", "/monitor//api", "/monitor/%61pi", "/monitor/assets/x.js"]) {
      expect([path, (await ask(path, [RIGHT, ...headers])).status]).toEqual([path, 403]);
    }
  }
});

test("the monitor refuses a `Host` header without the port, even with X-Forwarded-Port, and the error says which header to set", async () => {
  server.expectLog(
    /page of http:\/\/127\.0\.0\.1:8080\/monitor\/ was refused.*Host header is 127\.0\.0\.1, without the port/,
  );
  for (const headers of [[], ["X-Forwarded-Port: 8080"]]) {
    for (const source of ["Referer: http://127.0.0.1:8080/monitor/", "Origin: http://127.0.0.1:8080"]) {
      const { status, body } = await ask(API, [RIGHT, source, ...headers]);
      expect([source, status, JSON.parse(body)]).toEqual([source, 403, errorBody("hostWithoutPort")]);
    }
  }
  expect(ERRORS.hostWithoutPort.message).toContain("proxy_set_header Host $http_host");
});

test("the monitor requires the password before it reads the parameters of a call", async () => {
  for (const path of ["/monitor/api/room/call", "/monitor/api/room", "/monitor/api/room/call?roomId=x", "/monitor/x"]) {
    expect([path, (await ask(path, [PROOF])).status]).toEqual([path, 401]);
  }
});

test("the monitor refuses even the right password from an address that has sent 30 wrong passwords", async () => {
  const address = "198.51.100.250";
  const statuses: number[] = [];
  for (let i = 0; i < 35; i++) statuses.push((await ask(API, [PROOF, authorization(`guess ${i}`)], address)).status);
  expect(statuses).toEqual([...Array(30).fill(401), ...Array(5).fill(429)]);
  const held = await ask(API, [PROOF, RIGHT], address);
  expect(held.status).toBe(429);
  expect(Number(/retry-after: (\d+)/.exec(held.headers)?.[1])).toBeGreaterThan(800);
  expect((await ask(API, [PROOF, RIGHT], "198.51.100.251")).status).toBe(200);
});

test("requests with the right password or without a password do not count as wrong passwords", async () => {
  for (let i = 0; i < 40; i++) {
    expect((await ask(API, [PROOF, RIGHT], "198.51.100.252")).status).toBe(200);
    expect((await ask(API, [PROOF], "198.51.100.252")).status).toBe(401);
  }
});

test("requests for the playground are answered with 404 if the playground is off", async () => {
  for (const path of ["/playground", "/playground/", "/playground/rooms", "/__apidocs"]) {
    expect((await ask(path, [])).status).toBe(404);
  }
});
