// FastSocket writes each frame to the kernel as one buffer. In the first two tests, one client reads its frames at
// once, and another client is paused, so that its frames are queued.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { frameOf } from "../../../rooms/interest/frame-header.ts";
import { FastSocket } from "../../../src/sockets/fast-socket.ts";
import { until } from "../../support/until.ts";

let server: WebSocketServer;
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", WebSocket: FastSocket });
  await once(server, "listening");
});
afterAll(() => server.close());

/** Connects a client. Returns the client and the server's end of its connection. */
async function connect() {
  const accepted = once(server, "connection");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await accepted) as [FastSocket];
  await once(client, "open");
  const received: Buffer[] = [];
  client.on("message", (data: Buffer) => received.push(data));
  return { client, socket, received, sent: [] as Buffer[] };
}

test("frames of every size arrive unchanged and in order, even if the client is paused for a while", async () => {
  const paused = await connect();
  const reading = await connect();
  paused.client.pause();
  // Frames of 64 kB or more come last, because `ws` itself writes them. So the kernel's buffer first becomes full in
  // the middle of a shorter frame, which FastSocket writes.
  const sizes = [
    ...Array.from({ length: 900 }, (_, i) => [1, 125, 126, 300, 0, 65_535, 65_534][i % 7]!),
    65_536,
    100_000,
  ];
  for (const [i, size] of sizes.entries()) {
    for (const [offset, { socket, sent }] of [paused, reading].entries()) {
      const frame = Buffer.alloc(size, 2 * i + offset);
      sent.push(frame);
      socket.send(frame, { binary: true });
    }
    // Waits until the queue of the reading client is empty. Then the next frame is written directly to the kernel.
    await until(() => reading.received.length === reading.sent.length);
  }
  expect(paused.socket.bufferedAmount).toBeGreaterThan(0);
  paused.client.resume();
  for (const { received, sent } of [paused, reading]) {
    await until(() => received.length === sent.length);
    expect(received.findIndex((frame, i) => !frame.equals(sent[i]!))).toBe(-1);
  }
  for (const { client } of [paused, reading]) client.terminate();
});

test("queued bytes stay unchanged when the caller reuses the buffer that it has passed to sendInPlace", async () => {
  const [paused, reading] = [await connect(), await connect()];
  paused.client.pause();
  const memory = Buffer.alloc(4096 + 4);
  const sizes = [4096, 4000, 0, 126, 4093, 125, 3000];
  for (let i = 0, more = 50; more > 0; i++) {
    for (const [offset, { socket, sent }] of [paused, reading].entries()) {
      const size = sizes[i % sizes.length]!;
      memory.fill(2 * i + offset, 4);
      sent.push(Buffer.from(memory.subarray(4, 4 + size)));
      socket.sendInPlace(memory, 4, 4 + size);
    }
    if (paused.socket.bufferedAmount > 0) more--;
    await until(() => reading.received.length === reading.sent.length);
  }
  paused.client.resume();
  await until(() => paused.received.length === paused.sent.length);
  for (const { received, sent, client } of [paused, reading]) {
    expect(received.findIndex((frame, i) => !frame.equals(sent[i]!))).toBe(-1);
    client.terminate();
  }
});

test("sendInPlace sends a message and then the frames that follow it, even if the kernel's buffer is full", async () => {
  const { client, socket, received } = await connect();
  const chunks: number[] = [];
  (client as unknown as { _socket: Duplex })._socket.on("data", (chunk) => chunks.push(chunk.length));
  const [first, second] = [frameOf(Buffer.alloc(10, 2)), frameOf(Buffer.alloc(300, 3))];
  const memory = Buffer.concat([Buffer.alloc(4), Buffer.alloc(20, 1), first, second]);
  const following = { end: memory.length, count: 2, bytes: 310 };
  expect(socket.sendInPlace(memory, 4, 24, following)).toBe(true);
  await until(() => received.length === 3);
  expect(received.map((frame) => [frame.length, frame[0]])).toEqual([
    [20, 1],
    [10, 2],
    [300, 3],
  ]);
  expect(chunks).toEqual([2 + 20 + first.length + second.length]);

  client.pause();
  let sent = 3;
  while (socket.bufferedAmount === 0)
    for (let i = 0; i < 100; i++, sent += 3) socket.sendInPlace(memory, 4, 24, following);
  client.resume();
  await until(() => received.length === sent);
  expect(received.findIndex((frame, i) => !frame.equals(received[i % 3]!))).toBe(-1);
  client.terminate();
});

test("sendInPlace sends nothing and returns false if the message is 64 kB long or the socket is closed", async () => {
  const { client, socket, received } = await connect();
  const memory = Buffer.alloc(70_000);
  expect(socket.sendInPlace(memory, 4, 4 + 65_536)).toBe(false);
  socket.send(Buffer.of(1), { binary: true });
  await until(() => received.length > 0);
  expect(received).toEqual([Buffer.of(1)]);
  client.terminate();
  await once(socket, "close");
  expect(socket.sendInPlace(memory, 4, 5)).toBe(false);
});
