// Builds hostile HTTP requests as bytes, for every route of the server: with hostile join options, bodies, headers and
// paths.
import type { Random } from "../../../sim/random.ts";

/** One request. `whole`: whether the request is complete. If so, the server must respond or close the connection. */
export interface HostileRequest {
  bytes: Buffer;
  whole: boolean;
}

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!;

const JSON_TYPE = "Content-Type: application/json\r\n";

function request(
  method: string,
  path: string,
  { headers = "", body = "", host = "127.0.0.1", length = Buffer.byteLength(body) as number | string } = {},
) {
  const sized = method === "GET" && body === "" ? "" : `Content-Length: ${length}\r\n`;
  // Latin-1: each character of the head is one byte, so a head may contain any byte. Bodies are UTF-8.
  const head = Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${sized}${headers}\r\n`,
    "latin1",
  );
  return Buffer.concat([head, Buffer.from(body)]);
}

const METHODS = [
  "joinOrCreate",
  "create",
  "join",
  "joinById",
  "reconnect",
  "__proto__",
  "constructor",
  "query",
  "disconnectAll",
  "gracefullyShutdown",
  "%00",
  "joinorcreate",
  "",
];
const ROOMS = [
  "world",
  "__proto__",
  "constructor",
  "toString",
  "WORLD",
  "world%00",
  "lobby",
  "..",
  "%2e%2e",
  "*",
  "",
  "x".repeat(3000),
];

/** Values for join options, as JSON: numbers, strings and structures. */
const OPTION_VALUES: readonly string[] = [
  "null",
  "true",
  "0",
  "-1",
  "1e308",
  "1e999",
  "9007199254740993",
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e"',
  JSON.stringify("x".repeat(100_000)),
  JSON.stringify("가".repeat(25)),
  '"__proto__"',
  '"constructor"',
  '"../../etc/passwd"',
  '"plaza\\u0000"',
  "[]",
  '["plaza"]',
  "[[[[[[]]]]]]",
  "{}",
  '{"toString":null}',
  '{"__proto__":{"polluted":true}}',
  '{"$gt":""}',
];
const OPTION_NAMES = [
  "name",
  "map",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "maps",
  "seed",
  "places",
  "identify",
  "sessions",
  "reconnectionSeconds",
  "reconnectionToken",
  "protocol",
  "arrival",
  "sessionId",
  "roomId",
  "token",
  "auth",
  "maxClients",
  "length",
  "then",
  "toJSON",
];

const PATHS: readonly string[] = [
  "/..%2f..%2fpackage.json",
  "/%2e%2e/%2e%2e/package.json",
  "/maps/..%2f..%2fpackage.json",
  "/maps/../package.json",
  "/maps/%2e%2e/package.json",
  "/maps/%c0%ae%c0%ae/package.json",
  "/maps/%00",
  "/maps/plaza.tmj%00.html",
  "/maps/plaza.json%00",
  "/maps/files/..%2f..%2fpackage.json",
  "/maps/files/%00",
  "/maps/..%5c..%5cpackage.json",
  "/maps/....//package.json",
  "/maps//etc/passwd",
  "/maps/",
  "/maps",
  "/maps/.git/config",
  "/assets/..%2f..%2fsrc/config.ts",
  "/assets/%2e%2e%2f%2e%2e%2f.env",
  "/assets/",
  "/.env",
  "/.git/HEAD",
  "/src/main.ts",
  "/package.json",
  "/data/sabang.sqlite",
  "/data/jwt-secret",
  "/%",
  "/%zz",
  "/%ff",
  "/\xff",
  "//evil.example/..",
  "/\\evil",
  "http://evil.example/",
  "https://user:pass@evil/x",
  "*",
  "/?",
  "/#",
  "/monitor",
  "/monitor/",
  "/monitor/../readyz",
  "/monitor/%2e%2e/",
  "/monitor/api",
  "/monitor/api/room?roomId=__proto__",
  "/monitor/api/room/call?roomId=x&method=disconnect&args=%5B%5D",
  "/monitor/..%2f..%2fpackage.json",
  "/playground",
  "/playground/",
  "/playground/rooms",
  "/__apidocs",
  "/__healthcheck",
  "/api/reference",
  "/healthz",
  "/readyz",
  "/metrics",
  "/auth",
  "/auth/",
  "/auth/anonymous",
  "/auth/userdata",
  "/auth/register",
  "/auth/__proto__",
  "/auth/callback/x",
  "/matchmake",
  "/matchmake/",
  "/matchmake/joinOrCreate",
  "/matchmake/joinOrCreate/world",
  "/websocket",
  "/colyseus",
  `/${"a/".repeat(3000)}`,
  `/${"%61".repeat(2000)}`,
  `/maps/${"../".repeat(500)}etc/passwd`,
  `/?${"a=1&".repeat(2000)}`,
  "/maps/plaza.tmj?x[__proto__]=1",
  "/index.html",
  "/assets/index.html",
];

/** Hostile header lines. */
const HEADERS: readonly string[] = [
  "Origin: http://evil.example\r\n",
  "Origin: null\r\n",
  "Origin: \xff\xfe\r\n",
  "Origin: a%0d%0aX-Injected: 1\r\n",
  "Origin: a\rX-Injected: 1\r\n",
  "Origin: a\nX-Injected: 1\r\n",
  "Origin: \r\n",
  `Origin: ${"x".repeat(8000)}\r\n`,
  "X-Forwarded-For: __proto__\r\n",
  `X-Forwarded-For: ${"1.2.3.4, ".repeat(500)}\r\n`,
  "X-Forwarded-Host: a b\r\n",
  "X-Original-URL: /monitor\r\n",
  "X-Http-Method-Override: DELETE\r\n",
  "Authorization: Bearer\r\n",
  "Authorization: Bearer x.y.z\r\n",
  "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJpZCI6ImFkbWluIn0.\r\n",
  `Authorization: Bearer ${"a".repeat(10_000)}\r\n`,
  "Authorization: Basic \xff\r\n",
  "Authorization: Basic YWRtaW46\r\n",
  "Authorization: Basic X19wcm90b19fOng=\r\n",
  "__proto__: x\r\n",
  "constructor: x\r\n",
  "Cookie: __proto__=1\r\n",
  "Set-Cookie: a\r\nSet-Cookie: b\r\n",
  "Range: bytes=0-0,-1,5-1\r\n",
  "Range: bytes=99999999999999999999-\r\n",
  "If-Modified-Since: never\r\n",
  'If-None-Match: "\xff"\r\n',
  "Accept-Encoding: ,,,;q=9\r\n",
  "Expect: 100-continue\r\n",
  "Expect: miracles\r\n",
  "Transfer-Encoding: gzip\r\n",
  "Upgrade: h2c\r\nConnection: Upgrade\r\n",
  "Content-Length: 0\r\n",
];
const HOSTS = ["\xff", "http://x", "a/b", "x?y", "x#y", "x\\y", "__proto__"];
const TYPES = [
  "",
  "text/plain",
  "application/xml",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "application/x-www-form-urlencoded",
  "application/octet-stream",
  "application/json; charset=utf-16",
  "application/json, text/plain",
  "\xff",
  "image/png",
  "application/json\t;",
];
const BODIES = [
  "",
  "{",
  "null",
  "[]",
  "5",
  '"x"',
  "{}{}",
  '{"a":',
  "\ufeff{}",
  "\0",
  '{"map":"plaza","map":["x"]}',
  "a=1&b=2",
  "--x\r\n\r\n\r\n--x--",
  "[[[",
  `${'{"a":'.repeat(30)}1${"}".repeat(30)}`,
];

/** Functions by name. Each builds one request. */
export const REQUESTS: Readonly<Record<string, (random: Random) => HostileRequest>> = {
  "join option of a wrong type": (random) => {
    const options = Array.from(
      { length: 1 + random(3) },
      () => `${JSON.stringify(pick(random, OPTION_NAMES))}:${pick(random, OPTION_VALUES)}`,
    );
    const bytes = request("POST", `/matchmake/${pick(random, METHODS.slice(0, 5))}/world`, {
      headers: JSON_TYPE,
      body: `{${options}}`,
    });
    return { bytes, whole: true };
  },
  "invalid matchmaking call": (random) => ({
    bytes: request(
      pick(random, ["POST", "POST", "GET", "PUT", "DELETE", "OPTIONS", "TRACE", "HEAD"]),
      `/matchmake/${pick(random, METHODS)}/${pick(random, ROOMS)}`,
      { headers: JSON_TYPE, body: "{}" },
    ),
    whole: true,
  }),
  "invalid body": (random) => {
    const type = pick(random, TYPES);
    const headers = random(3) === 0 ? JSON_TYPE : type === "" ? "" : `Content-Type: ${type}\r\n`;
    return {
      bytes: request("POST", pick(random, ["/matchmake/joinOrCreate/world", "/auth/anonymous"]), {
        headers,
        body: pick(random, BODIES),
      }),
      whole: true,
    };
  },
  "body longer than its Content-Length": (random) => ({
    bytes: request("POST", "/matchmake/joinOrCreate/world", {
      headers: JSON_TYPE,
      body: `{}${"x".repeat(random(500))}`,
      length: 2,
    }),
    whole: true,
  }),
  "incomplete body": (random) => ({
    bytes: request("POST", "/matchmake/joinOrCreate/world", {
      headers: JSON_TYPE,
      body: "{",
      length: 2 + random(5000),
    }),
    whole: false,
  }),
  "invalid Content-Length": (random) => ({
    bytes: request("POST", "/matchmake/joinOrCreate/world", {
      headers: JSON_TYPE,
      body: "{}",
      length: pick(random, ["-1", "x", "0x2", "1e9", "99999999999999999999", "2, 2", "+2", " 2 "]),
    }),
    whole: false,
  }),
  "body of a megabyte": () => ({
    bytes: request("POST", "/matchmake/joinOrCreate/world", {
      headers: JSON_TYPE,
      body: JSON.stringify({ name: "x".repeat(1 << 20) }),
    }),
    whole: true,
  }),
  "invalid chunks": (random) => ({
    bytes: Buffer.from(
      `POST /matchmake/joinOrCreate/world HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n${pick(random, ["zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n", "ffffffffffffffff\r\n{}", '2;ext="\\\r\n{}\r\n0\r\n\r\n', "-2\r\n{}\r\n", "2\r\n{}x\r\n0\r\n\r\n", "0\r\n\r\n"])}`,
    ),
    whole: false,
  }),
  "Content-Length and chunks": () => ({
    bytes: Buffer.from(
      `POST /auth/anonymous HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /monitor HTTP/1.1\r\nHost: x\r\n\r\n`,
    ),
    whole: false,
  }),
  "hostile path": (random) => ({
    bytes: request(pick(random, ["GET", "GET", "GET", "HEAD", "POST"]), pick(random, PATHS)),
    whole: true,
  }),
  "hostile header": (random) => ({
    bytes: request(
      pick(random, ["GET", "POST"]),
      pick(random, [...PATHS.slice(-35), "/matchmake/joinOrCreate/world"]),
      { headers: pick(random, HEADERS) + (random(2) ? pick(random, HEADERS) : "") },
    ),
    whole: false,
  }),
  "invalid Host": (random) => ({
    bytes: request(
      pick(random, ["GET", "POST"]),
      pick(random, [
        "/",
        "/healthz",
        "/__healthcheck",
        "/monitor/",
        "/monitor/api",
        "/matchmake/joinOrCreate/world",
        "/auth/anonymous",
        "/playground/",
        "/maps/plaza.json",
        "/maps/files/plaza.tmj",
      ]),
      { headers: JSON_TYPE, host: pick(random, HOSTS) },
    ),
    whole: true,
  }),
  "invalid X-Forwarded-Proto": (random) => ({
    bytes: request("POST", pick(random, ["/matchmake/joinOrCreate/world", "/__healthcheck", "/monitor/"]), {
      headers: `X-Forwarded-Proto: ${pick(random, ["", "ftp", "javascript", "HTTP", "http://x", "https"])}\r\n${JSON_TYPE}`,
      body: "{}",
    }),
    whole: true,
  }),
  "unsupported method": (random) => ({
    bytes: request(
      pick(random, ["TRACE", "PROPFIND", "PURGE", "M-SEARCH", "LINK", "SEARCH", "QUERY"]),
      pick(random, PATHS),
    ),
    whole: true,
  }),
  "pipelined requests": (random) => ({
    bytes: Buffer.concat(
      Array.from({ length: 30 }, () =>
        request("POST", pick(random, ["/matchmake/joinOrCreate/world", "/healthz", "/auth/anonymous"]), {
          headers: JSON_TYPE,
          body: "{}",
        }),
      ),
    ),
    whole: false,
  }),
  "incomplete headers": (random) => ({
    bytes: Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ${"x".repeat(random(100))}`),
    whole: false,
  }),
  "random bytes": (random) => ({
    bytes: Buffer.from(Array.from({ length: 1 + random(600) }, () => random(256))),
    whole: false,
  }),
};
