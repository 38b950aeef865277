// A stopping server releases the seats that are reserved for joins but not yet claimed by a client.
import { expect, test } from "@jest/globals";
import { matchMaker } from "colyseus";
import { Seats } from "../../../src/sockets/seats.ts";
import { cut } from "../../support/connection.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const server = startServer();

test("releaseUnclaimed releases seats that no client has claimed, but keeps the seat of a disconnected player", async () => {
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
