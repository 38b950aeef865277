// Connections whose other end is gone: over both protocols, and beside them clients that are there.
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { shortOrLong } from "../../support/long.ts";
import { drawnMap } from "../../support/maps.ts";
import { pathOf, takeSeat } from "../../support/seat.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";

/** Milliseconds between two beats; the long run takes the server's own. */
const BEAT_MS = shortOrLong(500, 2000);

const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", ["......", "..s...", "......"])]]),
  edge: { heartbeatMs: shortOrLong(BEAT_MS, undefined) },
});

/** A client that counts the pings it gets, and answers them or not. */
async function client(path: string, autoPong: boolean) {
  const socket = new WebSocket(server.wsUrl + path, { autoPong });
  const one = { socket, pings: 0, openedAt: 0, closedAt: 0 };
  socket.on("message", (data: Buffer) => data[0] === 10 && socket.send(Buffer.of(10)));
  socket.on("ping", () => one.pings++);
  socket.on("close", () => {
    one.closedAt = performance.now();
  });
  await until(() => socket.readyState === WebSocket.OPEN);
  one.openedAt = performance.now();
  return one;
}

test("a silent client is pinged and, without an answer, cut; a client that sends or answers is not", async () => {
  const room = async () => pathOf(await takeSeat(server.url));
  const gone = [await client(await room(), false), await client("/websocket", false)];
  const quiet = [await client(await room(), true), await client("/websocket", true)];
  const walker = await client(await room(), false);
  // A ping of the framework's own, as a page sends it.
  const walk = setInterval(() => walker.socket.send(Buffer.of(18)), BEAT_MS / 5);

  await until(() => gone.every(({ closedAt }) => closedAt > 0), 30_000);
  for (const { pings, openedAt, closedAt } of gone) {
    expect(pings).toBe(2);
    expect(closedAt - openedAt).toBeGreaterThan(2 * BEAT_MS);
  }
  clearInterval(walk);
  expect(walker.pings).toBe(0);
  expect(walker.socket.readyState).toBe(WebSocket.OPEN);
  for (const { socket, pings } of quiet) {
    expect(pings).toBeGreaterThan(0);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  }
  for (const { socket } of [...quiet, walker]) socket.terminate();
});
