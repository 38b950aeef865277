// Tests that a stopping server takes back the unclaimed seats, and no others.
import { expect, test } from "@jest/globals";
import { matchMaker } from "colyseus";
import { Seats } from "../../../src/sockets/seats.ts";
import { cut } from "../../support/connection.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const server = startServer();

test("a stop takes back an unclaimed seat; players stay, and a dropped player returns to its held seat", async () => {
  const dropped = await joinWithSdk(server);
  const plain = await PlainPlayer.join(server.url);
  const room = await server.roomOf(plain.id);
  let back = false;
  dropped.onReconnect(() => {
    back = true;
  });
  dropped.reconnection.minDelay = 200;
  cut(dropped);
  await until(() => room.clients.length === 1);
  const { sessionId } = await matchMaker.joinOrCreate("world", { map: "plaza" });
  expect(room.hasReservedSeat(sessionId)).toBe(true);

  new Seats(room).releaseUnclaimed();
  expect(room.hasReservedSeat(sessionId)).toBe(false);
  await until(() => back);
  expect([...room.state.players.keys()].sort()).toEqual([dropped.sessionId, plain.id].sort());
});
