// The checks on HTTP requests (sizes, targets, headers, content types), and the headers of all responses.
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { expect, jest, test } from "@jest/globals";
import { ERRORS, errorBody, taggedMessage } from "../../../schema/errors.ts";
import { refuseUpgrade } from "../../../src/edge/request-filter.ts";
import { RawConnection, request } from "../../support/raw.ts";
import { MONITOR, startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";

/** The address of the trusted proxy. */
const PROXY = "127.0.0.2";

const server = startServer({ edge: { timeoutMs: 2000, trustedProxies: [PROXY] }, playground: true });
const JOIN = "/matchmake/joinOrCreate/world";

/** Posts a JSON object of exactly `size` bytes. */
async function post(path: string, size: number, chunked = false) {
  const body = `{"name":"Ada","x":"${"x".repeat(size - 21)}"}`;
  expect(body).toHaveLength(size);
  return fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: chunked ? new Blob([body]).stream() : body,
    ...(chunked ? { duplex: "half" } : {}),
  } as RequestInit);
}

test.each([false, true])(
  "a body of 16 kB is accepted, and a larger body is answered with 413 (chunked: %p)",
  async (chunked) => {
    expect((await post(JOIN, 16_384, chunked)).status).toBe(200);
    for (const [path, size] of [
      [JOIN, 16_385],
      [JOIN, 200_000],
      ["/auth/anonymous", 16_385],
      ["/nothing", 16_385],
    ] as const) {
      const answer = await post(path, size, chunked);
      expect([path, size, answer.status]).toEqual([path, size, 413]);
      expect(await answer.json()).toEqual(errorBody("tooLarge"));
    }
  },
);

test("the SDK throws a MatchMakeError with code and message for a body that is too large", async () => {
  await expect(server.client().joinOrCreate("world", { name: "x".repeat(20_000) })).rejects.toMatchObject({
    name: "MatchMakeError",
    code: ERRORS.tooLarge.code,
    message: taggedMessage("tooLarge"),
  });
});

test.each([
  ["with Content-Length", "Content-Length: 16385", ""],
  ["in chunks", "Transfer-Encoding: chunked", `4001\r\n${" ".repeat(16_385)}`],
])(
  "a body above 16 kB that is sent %s is answered with 413 before the whole body has arrived",
  async (_name, header, body) => {
    const connection = new RawConnection(server.port);
    connection.head(`POST ${JOIN} HTTP/1.1`, "Host: x", "Content-Type: application/json", header);
    connection.socket.write(body);
    expect(await connection.status()).toBe(413);
    await until(() => connection.closed);
  },
);

test("the server closes the connection after a timeout if a body is shorter than its Content-Length", async () => {
  const connection = new RawConnection(server.port);
  connection.head(`POST ${JOIN} HTTP/1.1`, "Host: x", "Content-Type: application/json", "Content-Length: 50");
  connection.socket.write("{}");
  await until(() => connection.closed);
});

test("matchmaking refuses the method create, but accepts joinOrCreate, join and joinById", async () => {
  await expect(server.client().create("world")).rejects.toMatchObject({ name: "MatchMakeError", code: 520 });
  const room = await server.client().joinOrCreate("world");
  for (const join of [server.client().join("world"), server.client().joinById(room.roomId)]) {
    const other = await join;
    expect(other.roomId).toBe(room.roomId);
    await other.leave();
  }
  await room.leave();
});

test.each([
  "/%",
  "/%zz",
  "/%c0%af",
  "/maps/%",
  "/maps/%E0%A4%A",
  "/assets/%",
  "/monitor/%",
  "/maps/%00",
  "/maps/plaza.tmj%00.png",
  "/maps/..\\package.json",
  "*",
  "http://elsewhere.example/maps/plaza.tmj",
])("GET %s is answered with 400 and an error body", async (target) => {
  const { status, body, headers } = await request(server.port, [`GET ${target} HTTP/1.1`]);
  expect([target, status]).toEqual([target, 400]);
  expect(JSON.parse(body)).toEqual(errorBody("badRequest"));
  expect(headers).toContain("x-content-type-options: nosniff");
});

test.each([
  "/nothing",
  "/maps",
  "/maps/",
  "/maps/../package.json",
  "/maps/%2e%2e/package.json",
  "/maps/..%2fpackage.json",
  "/maps/..%5cpackage.json",
  "/maps/%252e%252e%252fpackage.json",
  "/maps//etc/passwd",
  "/maps/.git/config",
  "//etc/passwd",
  "/../../etc/passwd",
  "/maps/plaza.tmj/",
])("GET %s is refused without revealing internals", async (target) => {
  const { status, body } = await request(server.port, [`GET ${target} HTTP/1.1`]);
  expect([400, 403, 404]).toContain(status);
  expect(body).not.toMatch(/node_modules|\bat .*:\d+|"dependencies"|root:|\[core\]|Error/);
  expect(body.length).toBeLessThan(200);
});

test.each(["Host: a/b", "Host: x?y", "Host: x/../y", "Host: \xff"])(
  "a request with the invalid header %j is answered with 400",
  async (host) => {
    const connection = new RawConnection(server.port);
    connection.socket.write(
      Buffer.from(
        `POST ${JOIN} HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
        "latin1",
      ),
    );
    expect(await connection.status()).toBe(400);
  },
);

test("a request whose host cannot be parsed as a URL is answered with 400", async () => {
  const canParse = jest.spyOn(URL, "canParse").mockReturnValue(false);
  const { status } = await request(server.port, [`POST ${JOIN} HTTP/1.1`, "Content-Type: application/json"]);
  canParse.mockRestore();
  expect(status).toBe(400);
});

test("the framework receives X-Forwarded-Proto only from a trusted proxy, and only as http or https", async () => {
  const forwarded: unknown[] = [];
  const listen = ({ headers }: IncomingMessage) => forwarded.push(headers["x-forwarded-proto"]);
  server.app.httpServer.prependListener("request", listen);
  const ask = (scheme: string, from: string) =>
    request(server.port, ["GET /healthz HTTP/1.1", `X-Forwarded-Proto: ${scheme}`], from);
  const schemes = ["http", "https", "ws", "wss", "ftp"];
  for (const scheme of schemes) await ask(scheme, PROXY);
  for (const scheme of schemes) await ask(scheme, "127.0.0.1");
  server.app.httpServer.off("request", listen);
  expect(forwarded).toEqual(["http", "https", "http", "https", ...Array(6).fill(undefined)]);
});

test.each([
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "application/x-www-form-urlencoded",
  "text/plain",
  "application/xml",
])("a body of type %s is answered with 415", async (type) => {
  const answer = await fetch(server.url + JOIN, { method: "POST", headers: { "content-type": type }, body: "{}" });
  expect([answer.status, await answer.json()]).toEqual([415, errorBody("unsupportedType")]);
});

test.each(["null", "5", '"a"', "[]", "[[[", "{", "\0"])(
  "the body %j is answered with 400, because it is not a JSON object",
  async (body) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(server.url + JOIN, { method: "POST", headers, body });
    expect([answer.status, await answer.json()]).toEqual([400, errorBody("badRequest")]);
  },
);

test("an empty chunked body is answered with 400", async () => {
  const connection = new RawConnection(server.port);
  connection.head(`POST ${JOIN} HTTP/1.1`, "Host: x", "Content-Type: application/json", "Transfer-Encoding: chunked");
  connection.socket.write("0\r\n\r\n");
  expect(await connection.status()).toBe(400);
});

test("every response has the security headers", async () => {
  for (const path of ["/", "/healthz", "/nothing", "/maps/plaza.tmj", "/monitor", "/__healthcheck"]) {
    const { headers } = await fetch(server.url + path);
    expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'self'");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.get("x-powered-by")).toBeNull();
  }
});

test("clients may cache files, but not errors, refusals or the answers of routes", async () => {
  const asked = [
    ...["/healthz", "/readyz", "/metrics", "/__healthcheck", "/auth/userdata", "/monitor/", "/monitor/api", "/nothing"],
    ...["/maps/nothing.tmj", "/maps", "/%"],
  ].map((path) => ["GET", path]);
  asked.push(
    ["POST", JOIN],
    ["POST", "/auth/anonymous"],
    ["POST", "/matchmake/joinOrCreate/nothing"],
    ["OPTIONS", JOIN],
  );
  const operator = `Basic ${Buffer.from(`${MONITOR.user}:${MONITOR.password}`).toString("base64")}`;
  for (const authorization of ["", operator]) {
    for (const [method, path] of asked) {
      const { status, headers } = await request(server.port, [
        `${method} ${path} HTTP/1.1`,
        `Authorization: ${authorization}`,
        "Sec-Fetch-Site: none",
      ]);
      expect([path, status, /^cache-control: (.*)$/m.exec(headers)?.[1]?.trim()]).toEqual([path, status, "no-store"]);
    }
  }
  const refused = new RawConnection(server.port);
  refused.upgrade("/nothing");
  expect(await refused.headers()).toContain("cache-control: no-store");
  for (const path of ["/maps/plaza.tmj", "/maps/tiles.png"]) {
    const { headers } = await fetch(server.url + path);
    expect([path, headers.get("cache-control")]).toEqual([path, "public, max-age=0"]);
  }
});

test("an upgrade is answered with 404 if the room id in its path is a member of Object.prototype", async () => {
  for (const name of Object.getOwnPropertyNames(Object.prototype)) {
    const connection = new RawConnection(server.port);
    connection.upgrade(`/process/${name}?sessionId=x`);
    expect([name, await connection.status()]).toEqual([name, 404]);
  }
});

test("the server closes the connection of a refused upgrade, even if the client does not close its side", async () => {
  for (const path of ["/nothing", "/%", "/websocket/"]) {
    const connection = new RawConnection(server.port);
    connection.upgrade(path);
    expect([400, 404]).toContain(await connection.status());
    await until(() => connection.closed);
    // Writes until the socket is destroyed. A half-open connection would stay open as long as the client keeps sending.
    await until(() => {
      connection.socket.write("x");
      return connection.socket.destroyed;
    });
  }
});

test("refuseUpgrade throws no error if the connection breaks while the upgrade is being refused", () => {
  const socket = new PassThrough();
  refuseUpgrade(socket, "notFound");
  socket.emit("error", new Error("the connection is lost"));
  expect(socket.destroyed).toBe(true);
});
