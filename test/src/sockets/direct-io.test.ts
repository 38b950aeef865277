// Tests WebSockets that bypass Node's streams: messages arrive unchanged and in order, as they do through the streams.
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { WebSocket, WebSocketServer } from "ws";
import { FastSocket } from "../../../src/sockets/fast-socket.ts";
import { runs } from "../../support/long.ts";
import { until } from "../../support/until.ts";

const MASK = [0x12, 0xf0, 0x00, 0x77];

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** The messages that the server's end of a connection has received, in order. */
type Received = { data: string; isBinary: boolean }[];

/** Starts a WebSocket server. `accept` waits for the next connection. */
async function serve(server: Server) {
  const sockets = new WebSocketServer({ server, WebSocket: FastSocket, maxPayload: 4096 });
  server.listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accept = () =>
    new Promise<{ socket: FastSocket; received: Received }>((resolve) => {
      sockets.once("connection", (socket: FastSocket) => {
        const received: Received = [];
        socket.on("message", (data: Buffer, isBinary) => received.push({ data: data.toString("latin1"), isBinary }));
        socket.on("ping", (data: Buffer) => received.push({ data: `ping ${data.toString("latin1")}`, isBinary: true }));
        resolve({ socket, received });
      });
    });
  return { port, accept };
}

/** Opens a connection. Returns the server's end as a WebSocket and the client's end as a TCP socket. */
async function open({ port, accept }: Awaited<ReturnType<typeof serve>>, head: Uint8Array = new Uint8Array()) {
  const accepted = accept();
  const client = connect(port, "127.0.0.1").setNoDelay(true);
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const headers = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13`;
  client.write(Buffer.concat([Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`), head]));
  return { client, ...(await accepted) };
}

/** Returns a masked frame, as a client sends it. */
function masked(opcode: number, payload: Uint8Array, isLast = true, mask: ArrayLike<number> = MASK): Buffer {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  const head = [(isLast ? 0x80 : 0) | opcode, 0x80 | length[0]!, ...length.slice(1), ...Array.from(mask)];
  return Buffer.from([...head, ...payload.map((byte, i) => byte ^ mask[i % 4]!)]);
}

let plain: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  plain = await serve(createServer());
});

/** A random byte, often a value with which frames begin. So the rest of a split frame may look like a new frame. */
const byte = fc.oneof(fc.constantFrom(0x82, 0x80, 0x81, 0x00), fc.nat(255));
const bytes = (maxLength: number, minLength = 0) =>
  fc.array(byte, { minLength, maxLength }).map((values) => Uint8Array.from(values));
const latin1 = (payload: Uint8Array) => Buffer.from(payload).toString("latin1");

/** A client's message: its frames, and the expected event. */
const message = fc.oneof(
  fc
    .tuple(bytes(125), bytes(4, 4))
    .map(([payload, mask]) => messageOf([masked(2, payload, true, mask)], latin1(payload), true)),
  fc
    .tuple(bytes(8), bytes(4, 4))
    .map(([payload, mask]) => messageOf([masked(2, payload, true, mask)], latin1(payload), true)),
  bytes(600).map((payload) => messageOf([masked(2, payload)], latin1(payload), true)),
  fc.stringMatching(/^[a-z]{0,40}$/).map((text) => messageOf([masked(1, Buffer.from(text))], text, false)),
  bytes(20).map((payload) => messageOf([masked(9, payload)], `ping ${latin1(payload)}`, true)),
  fc.tuple(bytes(50), bytes(50)).map(([a, b]) =>
    // A fragmented message in two frames.
    messageOf([masked(2, a, false), masked(0, b)], latin1(a) + latin1(b), true),
  ),
);

function messageOf(frames: Buffer[], data: string, isBinary: boolean) {
  return { frames, event: { data, isBinary } };
}

test("messages of all kinds arrive unchanged, even if they are split at any byte or sent together with the handshake", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat({ max: 200 }), { maxLength: 20 }),
      fc.boolean(),
      async (messages, cuts, early) => {
        const stream = Buffer.concat(messages.flatMap(({ frames }) => frames));
        const offsets = [0, ...cuts.map((cut) => Math.min(cut, stream.length)), stream.length].sort((a, b) => a - b);
        const parts = offsets.slice(1).map((offset, i) => stream.subarray(offsets[i], offset));
        const { client, received } = await open(plain, early ? parts.shift() : undefined);
        for (const part of parts) {
          client.write(part);
          await new Promise(setImmediate);
        }
        await until(() => received.length >= messages.length);
        expect(received).toEqual(messages.map(({ event }) => event));
        client.destroy();
      },
    ),
    { numRuns: runs(500) },
  );
});

test("a short incoming frame bypasses the Receiver of ws, and its data stays unchanged when the next frame arrives", async () => {
  const { client, socket } = await open(plain);
  const kept: Buffer[] = [];
  socket.on("message", (data: Buffer) => kept.push(data));
  const { _receiver } = socket as unknown as { _receiver: { write: () => boolean } };
  let writes = 0;
  const { write } = _receiver;
  _receiver.write = (...values) => {
    writes++;
    return write.apply(_receiver, values);
  };
  client.write(masked(2, Buffer.from("first")));
  await until(() => kept.length === 1);
  client.write(masked(2, Buffer.from("other")));
  await until(() => kept.length === 2);
  expect(kept.map(String)).toEqual(["first", "other"]);
  expect(writes).toBe(0);
  client.destroy();
});

test("the closing handshake completes if a message handler closes its own WebSocket", async () => {
  const { client, socket } = await open(plain);
  socket.once("message", () => socket.close(4000));
  const replies: Buffer[] = [];
  client.on("data", (data) => replies.push(data));
  const frames = ["one", "two", "three"].map((text) => masked(2, Buffer.from(text)));
  client.write(Buffer.concat([...frames, masked(8, Uint8Array.of(4000 >> 8, 4000 & 0xff))]));
  expect(await once(socket, "close")).toEqual([4000, Buffer.of()]);
  expect(Buffer.concat(replies).subarray(-4)).toEqual(Buffer.of(0x88, 2, 4000 >> 8, 4000 & 0xff));
});

test("protocol errors close the connection with 1002, and messages that are too long close it with 1009", async () => {
  for (const [code, ...frames] of [
    [1002, Buffer.of(0x82, 1, 7)],
    [1009, masked(2, new Uint8Array(4097))],
    // A second message begins before a fragmented message has ended.
    [1002, masked(2, Uint8Array.of(1), false), masked(2, Uint8Array.of(2))],
  ] as const) {
    const { client, socket, received } = await open(plain);
    const failed = once(socket, "error");
    for (const frame of [masked(2, Buffer.from("good")), ...frames, masked(2, Buffer.from("late"))]) {
      client.write(frame);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await failed;
    const reply = Buffer.concat(await client.take(1).toArray());
    expect(reply.subarray(-2).readUInt16BE()).toBe(code);
    expect(received.map(({ data }) => data)).toEqual(["good"]);
    client.destroy();
  }
});

test("a short outgoing frame bypasses the stream of the socket", async () => {
  const { client, socket } = await open(plain);
  const inner = (socket as unknown as { _socket: Socket })._socket;
  const before = inner.bytesWritten;
  const replies: Buffer[] = [];
  client.on("data", (data) => replies.push(data));
  socket.send(Buffer.from("to the client"), { binary: true });
  await until(() => Buffer.concat(replies).includes("to the client"));
  expect(inner.bytesWritten).toBe(before);
  client.destroy();
});

test("a WebSocket that is paused in the middle of a frame reads the rest of the frame after it resumes", async () => {
  const { client, socket, received } = await open(plain);
  socket.once("message", () => socket.pause());
  // Without its first two bytes, each frame looks like a frame with a payload of one byte.
  const frames = ["one", "two", "three"].map((text) => masked(2, Buffer.from(text), true, [0x82, 0x81, 1, 2]));
  const stream = Buffer.concat(frames);
  const cut = frames[0]!.length + 2;
  client.write(stream.subarray(0, cut));
  await until(() => received.length === 1);
  client.write(stream.subarray(cut));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(received.map(({ data }) => data)).toEqual(["one"]);
  socket.resume();
  await until(() => received.length === 3);
  expect(received.map(({ data }) => data)).toEqual(["one", "two", "three"]);
  client.destroy();
});

test("a paused WebSocket emits no messages until it resumes", async () => {
  const { client, socket, received } = await open(plain);
  socket.pause();
  const texts = Array.from({ length: 2000 }, (_, i) => `${i}`.repeat(20).slice(0, 100));
  client.write(Buffer.concat(texts.map((text) => masked(2, Buffer.from(text)))));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(received).toEqual([]);
  socket.resume();
  await until(() => received.length === texts.length);
  expect(received.map(({ data }) => data)).toEqual(texts);
  client.destroy();
});

test("a send on a closed connection does not write to a file that was opened later with the same descriptor", async () => {
  const { socket } = await open(plain);
  const inner = (socket as unknown as { _socket: Socket & { _handle: { fd: number } } })._socket;
  const { fd } = inner._handle;
  const folder = mkdtempSync(join(tmpdir(), "sabang-"));
  inner.destroy();
  const path = join(folder, "file");
  const files = [openSync(path, "w")];
  try {
    // The kernel always assigns the lowest free descriptor.
    while (files.at(-1)! < fd) files.push(openSync(path, "w"));
    // `ws` still considers the socket open, because it learns of the close only in the next iteration of the event
    // loop.
    expect([files.at(-1), socket.readyState]).toEqual([fd, WebSocket.OPEN]);
    socket.send(Buffer.from("for the client"), { binary: true });
    expect(readFileSync(path, "latin1")).toBe("");
  } finally {
    for (const file of files) closeSync(file);
    rmSync(folder, { recursive: true });
  }
});

test("messages over a TLS connection arrive in both directions", async () => {
  const psk = { psk: Buffer.alloc(32, 7), identity: "us" };
  const ciphers = "PSK";
  const secure = await serve(
    createSecureServer({ pskCallback: () => psk.psk, ciphers, maxVersion: "TLSv1.2" }) as unknown as Server,
  );
  const accepted = secure.accept();
  const client = new WebSocket(`wss://127.0.0.1:${secure.port}`, {
    // The types of ws lack some options of Node's TLS.
    ...({ pskCallback: () => psk, checkServerIdentity: () => undefined } as object),
    ciphers,
  });
  const { socket } = await accepted;
  const [sentBack, received] = [once(client, "message"), once(socket, "message")];
  await once(client, "open");
  client.send(Buffer.from("in"));
  socket.send(Buffer.from("out"), { binary: true });
  expect(String((await received)[0])).toBe("in");
  expect(String((await sentBack)[0])).toBe("out");
  client.terminate();
});
