// The monitor answers only its own page and programs, and limits wrong passwords.
import { expect, test } from "@jest/globals";
import { request } from "../../support/raw.ts";
import { MONITOR, startServer } from "../../support/server.ts";
import { joinWithSdk } from "../../support/walkers.ts";

// 127.0.0.1 is a trusted proxy here, so each request can use its own client address.
const server = startServer({ edge: { trustedProxies: ["127.0.0.1"] } });

const authorization = (password: string) =>
  `Authorization: Basic ${Buffer.from(`${MONITOR.user}:${password}`).toString("base64")}`;
const RIGHT = authorization(MONITOR.password);

let guests = 0;
/** Sends a request, by default from a new address. */
async function ask(path: string, headers: string[], address = `198.51.100.${++guests}`, method = "GET") {
  return request(server.port, [`${method} ${path} HTTP/1.1`, `X-Forwarded-For: ${address}`, ...headers]);
}

const API = "/monitor/api";
/** The header that a program sends to prove that it is not a page. */
const PROOF = "Sec-Fetch-Site: none";
const ELSEWHERE = [
  // A link with rel=noreferrer, over plain http to a host other than localhost: no header tells where it comes from.
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

test("refuses calls from pages of other sites, and accepts those of its own page and of programs", async () => {
  const client = await joinWithSdk(server);
  const room = await server.roomOf(client.sessionId);
  const call = `/monitor/api/room/call?roomId=${client.roomId}&method=lock&args=%5B%5D`;
  for (const headers of ELSEWHERE) {
    for (const path of [API, "/MONITOR/api"]) {
      expect([path, headers, (await ask(path, [RIGHT, ...headers])).status]).toEqual([path, headers, 403]);
    }
    // Other methods are refused too: a future version of the monitor may accept them.
    expect((await ask(API, [RIGHT, ...headers], undefined, "HEAD")).status).toBe(403);
  }
  for (const headers of OWN) expect([headers, (await ask(API, [RIGHT, ...headers])).status]).toEqual([headers, 200]);
  expect(room.locked).toBe(false);
  expect((await ask(call, [RIGHT, PROOF])).status).toBe(200);
  expect(room.locked).toBe(true);
});

test("accepts a link from another site to the monitor's page, but not in a frame", async () => {
  const link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
  expect((await ask("/monitor/", [RIGHT, ...link, "Sec-Fetch-Dest: document"])).status).toBe(200);
  expect((await ask("/monitor", [RIGHT, ...link, "Sec-Fetch-Dest: document"])).status).toBe(302);
  expect((await ask("/monitor/", [RIGHT, ...link, "Sec-Fetch-Dest: iframe"])).status).toBe(403);
  // Over plain http browsers send fewer headers.
  for (const headers of [[], ["Referer: https://wiki.example/"]]) {
    expect((await ask("/monitor/", [RIGHT, ...headers])).status).toBe(200);
    // The page's own requests have the page's Referer. Paths below the page require the same proof, in any spelling.
    for (const path of ["/monitor/assets/../api", "/monitor//api", "/monitor/%61pi", "/monitor/assets/x.js"]) {
      expect([path, (await ask(path, [RIGHT, ...headers])).status]).toEqual([path, 403]);
    }
  }
});

test("requires the password before it reads a call", async () => {
  for (const path of ["/monitor/api/room/call", "/monitor/api/room", "/monitor/api/room/call?roomId=x", "/monitor/x"]) {
    expect([path, (await ask(path, [PROOF])).status]).toEqual([path, 401]);
  }
});

test("locks out an address after 30 wrong passwords, even with the right password, but no other address", async () => {
  const address = "198.51.100.250";
  const statuses: number[] = [];
  for (let i = 0; i < 35; i++) statuses.push((await ask(API, [PROOF, authorization(`guess ${i}`)], address)).status);
  expect(statuses).toEqual([...Array(30).fill(401), ...Array(5).fill(429)]);
  const held = await ask(API, [PROOF, RIGHT], address);
  expect(held.status).toBe(429);
  expect(Number(/retry-after: (\d+)/.exec(held.headers)?.[1])).toBeGreaterThan(800);
  expect((await ask(API, [PROOF, RIGHT], "198.51.100.251")).status).toBe(200);
});

test("does not count requests with the right password or without a password", async () => {
  for (let i = 0; i < 40; i++) {
    expect((await ask(API, [PROOF, RIGHT], "198.51.100.252")).status).toBe(200);
    expect((await ask(API, [PROOF], "198.51.100.252")).status).toBe(401);
  }
});

test("the playground is answered with 404 when it is off", async () => {
  for (const path of ["/playground", "/playground/", "/playground/rooms", "/__apidocs"]) {
    expect((await ask(path, [])).status).toBe(404);
  }
});
