// Tests the idle timeout: the server removes a player whose client sends no steps for too long. Pings and no-op inputs
// (inputs without a direction) do not count as steps.
import { expect, test } from "@jest/globals";
import { ERRORS } from "../../schema/errors.ts";
import type { MoveInput } from "../../schema/move-input.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk, WAYS } from "../support/walkers.ts";

const IDLE_SECONDS = 2;
const IDLE = { code: ERRORS.idle.code, reason: ERRORS.idle.message };
const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", [".........", "....s....", "........."])]]),
  idleSeconds: IDLE_SECONDS,
  reconnectionSeconds: 30,
});

test("the server disconnects an idle SDK client for good, even if it sends pings and no-op inputs", async () => {
  const witness = await joinWithSdk(server);
  const room = await server.roomOf(witness.sessionId);
  const idler = await joinWithSdk(server, {}, await server.tokens.sign(newPlayerId()));
  const end: { code?: number; reason?: string } = {};
  idler.onLeave((code, reason) => Object.assign(end, { code, reason }));
  const input = idler.input<MoveInput>();
  const chatter = setInterval(() => {
    idler.ping(() => {});
    input.data.direction = 0;
    input.send();
    witness.send("move", "left");
  }, 100);
  await until(() => end.code !== undefined);
  clearInterval(chatter);
  expect(end).toEqual(IDLE);
  expect([...room.state.players.keys()]).toEqual([witness.sessionId]);
  await until(() => room.clients.length === 1);
  expect(room.hasReservedSeat(idler.sessionId, idler.reconnectionToken.split(":")[1])).toBe(false);
});

test("the server disconnects an idle client on a plain WebSocket with the code and the message of the error `idle`", async () => {
  const plain = await PlainPlayer.join(server.url);
  await until(() => plain.closed);
  expect(plain.closed).toEqual(IDLE);
});

test("a walking player is not removed as idle, whether its moves are SDK messages, predicted inputs or words on a plain WebSocket", async () => {
  const walkers = await Promise.all(WAYS.map((way) => way.join(server)));
  const room = await server.roomOf(walkers[0]!.id);
  const since = performance.now();
  let left = true;
  await until(() => {
    for (const walker of walkers) walker.move(left ? "left" : "right");
    left = !left;
    return performance.now() - since > (IDLE_SECONDS + 2) * 1000;
  });
  expect(walkers.map(({ id }) => room.state.players.has(id))).toEqual([true, true, true]);
});

test("a player who keeps moving is not removed as idle, even if its client reconnects several times", async () => {
  const client = await joinWithSdk(server);
  const room = await server.roomOf(client.sessionId);
  let ticks = 0;
  const step = room.step.bind(room);
  room.step = () => {
    if (ticks++ % 10 === 0 && client.connection.isOpen) client.send("move", "left");
    step();
  };
  let reconnections = 0;
  client.onReconnect(() => {
    reconnections++;
  });
  for (let times = 1; times <= 3; times++) {
    cut(client);
    await until(() => reconnections === times);
    const since = ticks;
    await until(() => ticks > since + 25);
  }
  expect(room.state.players.has(client.sessionId)).toBe(true);
});
