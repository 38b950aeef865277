// What reaches the server over HTTP and what does not: sizes, targets, headers. And what every answer says.
import { expect, test } from "@jest/globals";
import { ERRORS } from "../../rooms/errors.ts";
import { RawConnection, request } from "../support/raw.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const server = startServer({ edge: { patienceMs: 2000 }, playground: true });
const JOIN = "/matchmake/joinOrCreate/world";

/** Posts a JSON object of just `size` bytes. */
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

test.each([false, true])("takes a body of 16 kB and answers 413 to a larger one (chunked: %p)", async (chunked) => {
  expect((await post(JOIN, 16_384, chunked)).status).toBe(200);
  for (const [path, size] of [
    [JOIN, 16_385],
    [JOIN, 200_000],
    ["/auth/anonymous", 16_385],
    ["/nothing", 16_385],
  ] as const) {
    const answer = await post(path, size, chunked);
    expect([path, size, answer.status]).toEqual([path, size, 413]);
    expect(await answer.json()).toEqual({ code: 413, error: ERRORS.tooLarge.sentence });
  }
});

test("the SDK makes an error with code and sentence of it", async () => {
  await expect(server.client().joinOrCreate("world", { name: "x".repeat(20_000) })).rejects.toMatchObject({
    name: "MatchMakeError",
    code: ERRORS.tooLarge.code,
    message: ERRORS.tooLarge.sentence,
  });
});

test.each([
  ["Content-Length: 157286400", (chunk: string) => chunk],
  ["Transfer-Encoding: chunked", (chunk: string) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`],
])("a body of 150 MB is not read: %s", async (header, framed) => {
  const connection = new RawConnection(server.port);
  connection.head(`POST ${JOIN} HTTP/1.1`, "Host: x", "Content-Type: application/json", header);
  const chunk = framed(" ".repeat(65_536));
  const pour = () => {
    while (!connection.closed && connection.socket.bytesWritten < 157_286_400 && connection.socket.write(chunk)) {
      // Until the kernel takes no more.
    }
  };
  connection.socket.on("drain", pour);
  pour();
  expect(await connection.status()).toBe(413);
  await until(() => connection.socket.destroyed || connection.closed);
  const taken = connection.socket.bytesWritten - connection.socket.writableLength;
  // What the kernel keeps on both sides, and a megabyte.
  expect(taken).toBeLessThan(20_000_000);
});

test("a body that is shorter than its length says is waited for no longer than any request", async () => {
  const connection = new RawConnection(server.port);
  connection.head(`POST ${JOIN} HTTP/1.1`, "Host: x", "Content-Type: application/json", "Content-Length: 50");
  connection.socket.write("{}");
  await until(() => connection.closed);
});

test("rooms cannot be created for the sake of it", async () => {
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
])("GET %s is answered 400, in a sentence", async (target) => {
  const { status, body, headers } = await request(server.port, [`GET ${target} HTTP/1.1`]);
  expect([target, status]).toEqual([target, 400]);
  expect(JSON.parse(body)).toEqual({ code: 400, error: "This request cannot be read." });
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
])("GET %s finds nothing, and says nothing about the inside", async (target) => {
  const { status, body } = await request(server.port, [`GET ${target} HTTP/1.1`]);
  expect([400, 403, 404]).toContain(status);
  expect(body).not.toMatch(/node_modules|\bat .*:\d+|"dependencies"|root:|\[core\]|Error/);
  expect(body.length).toBeLessThan(200);
});

test.each(["Host: a b", "Host: user:password@x", "Host: x:99999", "Host: x/../y", "Host: [::1"])(
  "%s is answered 400 instead of never",
  async (host) => {
    const connection = new RawConnection(server.port);
    connection.head(`POST ${JOIN} HTTP/1.1`, host, "Content-Type: application/json", "Content-Length: 2");
    connection.socket.write("{}");
    expect(await connection.status()).toBe(400);
  },
);

test("a scheme that no proxy of ours sent is not believed", async () => {
  for (const scheme of ["javascript", "https", "%", "a b", ""]) {
    const lines = [`POST ${JOIN} HTTP/1.1`, `X-Forwarded-Proto: ${scheme}`, "Content-Type: application/json"];
    expect((await request(server.port, lines)).status).toBe(200);
  }
});

test("bodies that are no join options are answered, one by one", async () => {
  for (const body of [
    "",
    "null",
    "5",
    '"a"',
    "[]",
    "[[[",
    "{",
    "\0",
    '{"__proto__":{"map":"x"}}',
    "[".repeat(16_000),
  ]) {
    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      const answer = await fetch(server.url + JOIN, { method: "POST", headers: { "content-type": type }, body });
      const text = await answer.text();
      expect(text).not.toMatch(/node_modules|\bat .*:\d+/);
      expect([body.slice(0, 30), type, answer.status < 600]).toEqual([body.slice(0, 30), type, true]);
    }
  }
});

test("every answer has the headers that keep browsers from doing harm", async () => {
  for (const path of ["/", "/healthz", "/nothing", "/maps/plaza.tmj", "/monitor", "/__healthcheck"]) {
    const { headers } = await fetch(server.url + path);
    expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'self'");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.get("x-powered-by")).toBeNull();
  }
});

test("an upgrade that is refused ends, even if the other side does not", async () => {
  for (const path of ["/nothing", "/%", "/websocket/"]) {
    const connection = new RawConnection(server.port);
    connection.upgrade(path);
    expect([400, 404]).toContain(await connection.status());
    await until(() => connection.closed);
    // Half open it would be kept by who goes on sending.
    await until(() => {
      connection.socket.write("x");
      return connection.socket.destroyed;
    });
  }
});
