// Tests what an operator can do in the monitor: kick a client, end a room, send messages, and change the state.
import { describe, expect, test } from "@jest/globals";
import { matchMaker } from "colyseus";
import { ERRORS, FRAMEWORK_ERRORS } from "../../schema/errors.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { callAsOperator } from "../support/monitor.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const KICKED = { code: 4316, reason: ERRORS.kicked.message };
const LEAVES = 'sabang_leaves_total{reason="kicked"}';
const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", [".........", "....s....", "........."])]]),
  reconnectionSeconds: 30,
});

/** Calls a method of a room as the monitor's page does. Returns the status of the answer. */
const call = (roomId: string, method: string, ...args: unknown[]) => callAsOperator(server, roomId, method, ...args);

/**
 * Joins with the SDK. Records the code and the reason with which the client left the room, and counts its lost
 * connections.
 */
async function join(token?: string) {
  const client = await joinWithSdk(server, {}, token);
  const end: { code?: number; reason?: string } = {};
  let drops = 0;
  client.onDrop(() => drops++);
  client.onLeave((code, reason) => Object.assign(end, { code, reason }));
  return { client, end, drops: () => drops };
}

describe.each<[string, (sessionId: string) => unknown[]]>([
  ["_forceClientDisconnect", (sessionId) => [sessionId]],
  ["kickClient", (sessionId) => [sessionId]],
  ["_deleteStateProperty", (sessionId) => [["players", sessionId]]],
])("the room method %s, called by the monitor:", (method, argsFor) => {
  test.each(["a guest", "a signed-in player"])("the room kicks %s and does not hold the player's seat", async (who) => {
    const witness = await join();
    const token = who === "a guest" ? undefined : await server.tokens.sign(newPlayerId());
    const { client, end, drops } = await join(token);
    const room = await server.roomOf(client.sessionId);
    const before = (await server.metric(LEAVES)) ?? 0;
    expect(await call(room.roomId, method, ...argsFor(client.sessionId))).toBe(200);
    await until(() => end.code !== undefined);
    expect({ ...end, drops: drops() }).toEqual({ ...KICKED, drops: 0 });
    expect([...room.state.players.keys()]).toEqual([witness.client.sessionId]);
    await until(() => room.clients.length === 1);
    expect(room.hasReservedSeat(client.sessionId, client.reconnectionToken.split(":")[1])).toBe(false);
    expect(await server.metric(LEAVES)).toBe(before + 1);
  });
});

test("the monitor kicks a client on a plain WebSocket with the code and the message of the error `kicked`", async () => {
  const plain = await PlainPlayer.join(server.url);
  const { roomId } = await server.roomOf(plain.id);
  await call(roomId, "_forceClientDisconnect", plain.id);
  await until(() => plain.closed);
  expect(plain.closed).toEqual(KICKED);
});

test("the client of a disconnected player cannot return to its seat if the monitor removes the player", async () => {
  const witness = await join();
  const { client, end } = await join();
  const room = await server.roomOf(client.sessionId);
  client.reconnection.minDelay = 1000;
  cut(client);
  await until(() => room.clients.length === 1);
  expect(room.state.players.has(client.sessionId)).toBe(true);
  await call(room.roomId, "_forceClientDisconnect", client.sessionId);
  expect([...room.state.players.keys()]).toEqual([witness.client.sessionId]);
  client.reconnection.maxRetries = 1;
  await until(() => end.code !== undefined);
  expect(end.code).toBe(FRAMEWORK_ERRORS.failedToReconnect);
});

test("a kicked client cannot use its reconnection token, even before its connection has closed", async () => {
  const witness = await join();
  const { client, end } = await join(await server.tokens.sign(newPlayerId()));
  const room = await server.roomOf(client.sessionId);
  room.kick(client.sessionId);
  expect(room.clients.get(client.sessionId)).toBeDefined();
  expect(room.checkReconnectionToken(client.reconnectionToken.split(":")[1]!)).toBeFalsy();
  const back = server.client().reconnect(client.reconnectionToken);
  await expect(back).rejects.toMatchObject({ code: FRAMEWORK_ERRORS.seatExpired });
  await until(() => end.code !== undefined);
  expect(end).toEqual(KICKED);
  expect([...room.state.players.keys()]).toEqual([witness.client.sessionId]);
});

test("all clients of a room are kicked and cannot reconnect if the operator ends the room in the monitor", async () => {
  const { client, end, drops } = await join(await server.tokens.sign(newPlayerId()));
  const plain = await PlainPlayer.join(server.url);
  expect(await call(client.roomId, "disconnect")).toBe(200);
  await until(() => plain.closed && end.code !== undefined);
  expect([{ ...end, drops: drops() }, plain.closed]).toEqual([{ ...KICKED, drops: 0 }, KICKED]);
  expect(await matchMaker.query({})).toEqual([]);
  const next = await join();
  expect(next.client.roomId).not.toBe(client.roomId);
});

test("the monitor can send messages to clients, but cannot delete a field of the state or of a player", async () => {
  const { client } = await join();
  const room = await server.roomOf(client.sessionId);
  for (const path of [["players"], ["map"], ["players", client.sessionId, "x"]])
    expect([path, await call(room.roomId, "_deleteStateProperty", path)]).toEqual([path, 500]);
  expect(room.state.players.has(client.sessionId)).toBe(true);
  const messages: unknown[] = [];
  client.onMessage("hello", (message) => messages.push(message));
  await call(room.roomId, "_sendMessageToClient", client.sessionId, "hello", 1);
  await call(room.roomId, "broadcast", "hello", 2);
  await until(() => messages.length === 2);
  expect(messages).toEqual([1, 2]);
});
