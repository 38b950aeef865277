// Frames that are handed to the kernel whole, to readers of which one does not keep up.
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

/** A reader, and the server's end of its connection. */
async function connect() {
  const accepted = once(server, "connection");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await accepted) as [FastSocket];
  await once(client, "open");
  const received: Buffer[] = [];
  client.on("message", (data: Buffer) => received.push(data));
  return { client, socket, received, sent: [] as Buffer[] };
}

test("frames of every size arrive whole and in turn, while another reader pauses and makes its own wait", async () => {
  const paused = await connect();
  const lively = await connect();
  paused.client.pause();
  // The longer ones, which go the usual way, come last: it is one of the others that the kernel must not take whole.
  const sizes = [
    ...Array.from({ length: 900 }, (_, i) => [1, 125, 126, 300, 0, 65_535, 65_534][i % 7]!),
    65_536,
    100_000,
  ];
  for (const [i, size] of sizes.entries()) {
    for (const [offset, { socket, sent }] of [paused, lively].entries()) {
      const frame = Buffer.alloc(size, 2 * i + offset);
      sent.push(frame);
      socket.send(frame, { binary: true });
    }
    // So that the lively reader's socket is empty, and its frames are written at once.
    await until(() => lively.received.length === lively.sent.length);
  }
  expect(paused.socket.bufferedAmount).toBeGreaterThan(0);
  paused.client.resume();
  for (const { received, sent } of [paused, lively]) {
    await until(() => received.length === sent.length);
    expect(received.findIndex((frame, i) => !frame.equals(sent[i]!))).toBe(-1);
  }
  for (const { client } of [paused, lively]) client.terminate();
});

test("what the kernel does not take at once is kept, though the memory it was sent from is used again", async () => {
  const [paused, lively] = [await connect(), await connect()];
  paused.client.pause();
  const memory = Buffer.alloc(4096 + 4);
  const sizes = [4096, 4000, 0, 126, 4093, 125, 3000];
  for (let i = 0, more = 50; more > 0; i++) {
    for (const [offset, { socket, sent }] of [paused, lively].entries()) {
      const size = sizes[i % sizes.length]!;
      memory.fill(2 * i + offset, 4);
      sent.push(Buffer.from(memory.subarray(4, 4 + size)));
      socket.sendInPlace(memory, 4, 4 + size);
    }
    if (paused.socket.bufferedAmount > 0) more--;
    await until(() => lively.received.length === lively.sent.length);
  }
  paused.client.resume();
  await until(() => paused.received.length === paused.sent.length);
  for (const { received, sent, client } of [paused, lively]) {
    expect(received.findIndex((frame, i) => !frame.equals(sent[i]!))).toBe(-1);
    client.terminate();
  }
});
