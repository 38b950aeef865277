// Tests maps that have at most one room each: a full map refuses more players, and never opens a second room.
import { MatchMakeError } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { matchMaker } from "colyseus";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer, plainError } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const MAX_PLAYERS = 3;
const ROWS = [".........", "....s....", "........."];
const server = startServer({
  maps: new Map(["plaza", "meadow"].map((name) => [name, drawnMap(name, ROWS)])),
  maxPlayers: MAX_PLAYERS,
  oneRoomPerMap: true,
});

const WORLD_FULL = { code: ERRORS.worldFull.code, message: taggedMessage("worldFull") };
const roomCount = async () => (await matchMaker.query({})).length;

test("a full map refuses guests, signed-in players and plain WebSockets with `worldFull`; another map does not", async () => {
  await Promise.all([joinWithSdk(server), joinWithSdk(server), joinWithSdk(server)]);
  for (const token of [undefined, await server.tokens.sign(newPlayerId())]) {
    const refused = await server
      .client(token)
      .joinOrCreate("world")
      .catch((error) => error);
    expect(refused).toBeInstanceOf(MatchMakeError);
    expect(refused).toMatchObject(WORLD_FULL);
  }
  const plain = new PlainPlayer(`${server.wsUrl}/websocket`);
  await until(() => plain.closed);
  expect(plain.frames).toEqual([{ ...plainError("worldFull"), message: expect.any(String) }]);
  expect(await roomCount()).toBe(1);
  await joinWithSdk(server, { map: "meadow" });
  expect(await roomCount()).toBe(2);
});

test("an empty map opens only one room if too many players join at once: the room fills up, and the others are refused", async () => {
  const joins = await Promise.allSettled(Array.from({ length: 12 }, () => server.client().joinOrCreate("world")));
  const refused = joins.flatMap((join) => (join.status === "rejected" ? [join.reason] : []));
  expect(refused).toHaveLength(12 - MAX_PLAYERS);
  for (const error of refused) expect(error).toMatchObject(WORLD_FULL);
  expect(await roomCount()).toBe(1);
});

test("a held seat counts as a player, and a player who leaves makes room for another one", async () => {
  const [lost, leaving] = [await joinWithSdk(server), await joinWithSdk(server), await joinWithSdk(server)];
  cut(lost!);
  const room = await server.roomOf(leaving!.sessionId);
  await until(() => room.clients.length === MAX_PLAYERS - 1);
  await expect(server.client().joinOrCreate("world")).rejects.toMatchObject(WORLD_FULL);
  await leaving!.leave();
  await until(async () => !room.locked);
  await joinWithSdk(server);
});

test("a signed-in player on a full map can join it again, which replaces the earlier session", async () => {
  const token = await server.tokens.sign(newPlayerId());
  await Promise.all([joinWithSdk(server), joinWithSdk(server), joinWithSdk(server, {}, token)]);
  const again = await joinWithSdk(server, {}, token);
  const room = await server.roomOf(again.sessionId);
  await until(() => room.state.players.size === MAX_PLAYERS);
  expect(await roomCount()).toBe(1);
});
