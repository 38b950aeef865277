// The heartbeat disconnects clients that do not answer its pings, over both protocols. Other clients stay connected.
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { shortOrLong } from "../../support/long.ts";
import { drawnMap } from "../../support/maps.ts";
import { pathOf, takeSeat } from "../../support/seat.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";

/** Milliseconds between two beats. The long test run uses the server's default. */
const BEAT_MS = shortOrLong(500, 2000);

const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", ["......", "..s...", "......"])]]),
  edge: { heartbeatMs: shortOrLong(BEAT_MS, undefined) },
});

/** Connects a client that counts the received pings, and answers them if `autoPong` is set. */
async function connect(path: string, autoPong: boolean) {
  const socket = new WebSocket(server.wsUrl + path, { autoPong });
  const client = { socket, pings: 0, openedAt: 0, closedAt: 0 };
  socket.on("message", (data: Buffer) => data[0] === 10 && socket.send(Buffer.of(10)));
  socket.on("ping", () => client.pings++);
  socket.on("close", () => {
    client.closedAt = performance.now();
  });
  await until(() => socket.readyState === WebSocket.OPEN);
  client.openedAt = performance.now();
  return client;
}

test("the server disconnects a client after two unanswered pings, but keeps a client that answers or sends data", async () => {
  const room = async () => pathOf(await takeSeat(server.url));
  const dead = [await connect(await room(), false), await connect("/websocket", false)];
  const idle = [await connect(await room(), true), await connect("/websocket", true)];
  const walker = await connect(await room(), false);
  // The framework's ping message, as the page sends it.
  const walk = setInterval(() => walker.socket.send(Buffer.of(18)), BEAT_MS / 5);

  await until(() => dead.every(({ closedAt }) => closedAt > 0), 30_000);
  for (const { pings, openedAt, closedAt } of dead) {
    expect(pings).toBe(2);
    expect(closedAt - openedAt).toBeGreaterThan(2 * BEAT_MS);
  }
  clearInterval(walk);
  expect(walker.pings).toBe(0);
  expect(walker.socket.readyState).toBe(WebSocket.OPEN);
  for (const { socket, pings } of idle) {
    expect(pings).toBeGreaterThan(0);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  }
  for (const { socket } of [...idle, walker]) socket.terminate();
});
