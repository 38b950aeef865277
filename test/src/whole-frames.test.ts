// Frames that are handed to the kernel whole, to a reader that does not keep up.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { WholeFrameSocket } from "../../src/whole-frames.ts";
import { until } from "../support/until.ts";

test("frames of every size arrive whole and in turn, also when the reader pauses and they have to wait", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", WebSocket: WholeFrameSocket });
  await once(server, "listening");
  const accepted = once(server, "connection");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket] = (await accepted) as [WholeFrameSocket];
  await once(client, "open");
  const received: Buffer[] = [];
  client.on("message", (data: Buffer) => received.push(data));
  client.pause();
  const sizes = [0, 1, 125, 126, 300, 65_535, 65_536, 100_000];
  const sent = Array.from({ length: 800 }, (_, i) => Buffer.alloc(sizes[i % sizes.length]!, i));
  for (const frame of sent) socket.send(frame, { binary: true });
  expect(socket.bufferedAmount).toBeGreaterThan(0);
  client.resume();
  await until(() => received.length === sent.length);
  expect(received.every((frame, i) => frame.equals(sent[i]!))).toBe(true);
  client.terminate();
  server.close();
});
