// Tests frames that are written to the kernel as one buffer, to one client that keeps up and one that does not.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { FastSocket } from "../../../src/sockets/fast-socket.ts";
import { until } from "../../support/until.ts";

let server: WebSocketServer;
beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", WebSocket: FastSocket });
  await once(server, "listening");
});
afterAll(() => server.close());

/** Connects a client. Returns it with the server's end of its connection. */
async function connect() {
  const accepted = once(server, "connection");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await accepted) as [FastSocket];
  await once(client, "open");
  const received: Buffer[] = [];
  client.on("message", (data: Buffer) => received.push(data));
  return { client, socket, received, sent: [] as Buffer[] };
}

test("frames of every size arrive unchanged and in order, also for a client that is paused", async () => {
  const paused = await connect();
  const reading = await connect();
  paused.client.pause();
  // Longer frames, which take the usual path, come last, so that the kernel first rejects a part of a shorter frame.
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
    // Then the queue of the reading client is empty, and its next frames are written at once.
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

test("queued bytes stay unchanged when the caller of sendInPlace reuses its buffer", async () => {
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
