// Clients that reconnect before the server notices that their connection is lost. A proxy between client and server
// stops forwarding data, so the end of the connection does not reach the server.
import { Client, type Room as SdkRoom } from "@colyseus/sdk";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ERRORS } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { type LaggyNetwork, laggyNetwork } from "../support/lag.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const server = startServer();
let network: LaggyNetwork;
beforeEach(async () => {
  network = await laggyNetwork(server.port, 1);
});
afterEach(() => network.close());

type Player = SdkRoom<unknown, WorldState>;

const clientVia = (url: string) => {
  const client = new Client(url);
  client.auth.token = undefined as unknown as string;
  return client;
};

/** Joins through the proxy, and takes a step, so that the player is not at its spawn. */
async function joinOverNetwork(): Promise<Player> {
  const room = await clientVia(network.url).joinOrCreate<WorldState>("world");
  room.reconnection.enabled = false;
  await until(() => room.state.players?.has(room.sessionId));
  room.send("move", "left");
  const { x } = room.state.players.get(room.sessionId)!;
  await until(() => room.state.players.get(room.sessionId)!.x !== x);
  return room;
}

const placeIn = ({ state, sessionId }: Player) => {
  const { x, y, name } = state.players.get(sessionId)!;
  return { x, y, name };
};

test("a client whose network drops all data reconnects before the server notices the loss", async () => {
  const witness = await joinWithSdk(server);
  const lost = await joinOverNetwork();
  const before = placeIn(lost);
  const codes: number[] = [];
  lost.onLeave((code) => codes.push(code));
  network.silence();
  const startedAt = performance.now();
  const back: Player = await clientVia(server.url).reconnect(lost.reconnectionToken);
  await until(() => back.state.players?.has(back.sessionId));
  expect(performance.now() - startedAt).toBeLessThan(4000);
  expect(back.sessionId).toBe(lost.sessionId);
  expect(placeIn(back)).toEqual(before);
  // The other client still sees the player, and the player can move.
  expect(witness.state.players.has(back.sessionId)).toBe(true);
  back.send("move", "up");
  await until(() => back.state.players.get(back.sessionId)!.y === before.y - 8);
  const room = await server.roomOf(back.sessionId);
  expect(room.clients.length).toBe(2);
  await back.leave();
});

test("a reconnection closes the client's earlier connection with the code of `takenOver` if that connection is still open", async () => {
  const first = await joinOverNetwork();
  first.reconnection.enabled = true;
  const codes: number[] = [];
  first.onLeave((code) => codes.push(code));
  const second: Player = await clientVia(server.url).reconnect(first.reconnectionToken);
  await until(() => codes.length > 0);
  expect(codes).toEqual([ERRORS.takenOver.code]);
  await until(() => second.state.players?.has(second.sessionId));
  expect(second.sessionId).toBe(first.sessionId);
  await second.leave();
});

test("the SDK reconnects automatically while the server still considers the lost connection open", async () => {
  const lost = await joinOverNetwork();
  const room = await server.roomOf(lost.sessionId);
  lost.reconnection.enabled = true;
  lost.reconnection.minUptime = 0;
  lost.reconnection.minDelay = 200;
  let returned = false;
  lost.onReconnect(() => {
    returned = true;
  });
  // Only the client notices that the connection is lost.
  network.cutNearEnd();
  await until(() => returned, 5000);
  expect(room.state.players.has(lost.sessionId)).toBe(true);
  expect(room.clients.length).toBe(1);
  await lost.leave();
});

test("a reconnection token stays valid until the client acknowledges the new connection", async () => {
  const lost = await joinOverNetwork();
  const before = placeIn(lost);
  const token = lost.reconnectionToken;
  const room = await server.roomOf(lost.sessionId);
  const [, bare] = token.split(":") as [string, string];
  network.silence();
  // Two connections take the seat, but never send the client's acknowledgement, as if the server's answers were lost.
  for (const _attempt of [1, 2]) {
    const seat = await fetch(`${server.url}/matchmake/reconnect/${room.roomId}`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify({ reconnectionToken: bare }),
    });
    expect(seat.status).toBe(200);
    const { processId } = (await seat.json()) as { processId: string };
    const url = `${server.wsUrl}/${processId}/${room.roomId}?sessionId=${lost.sessionId}&reconnectionToken=${bare}`;
    const socket = new WebSocket(url);
    await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
  }
  const back: Player = await clientVia(server.url).reconnect(token);
  await until(() => back.state.players?.has(back.sessionId));
  expect(back.sessionId).toBe(lost.sessionId);
  expect(placeIn(back)).toEqual(before);
  expect(room.clients.length).toBe(1);
  // The new connection is acknowledged, so the earlier token is invalid.
  await expect(clientVia(server.url).reconnect(token)).rejects.toMatchObject({ code: 524 });
  back.send("move", "up");
  await until(() => back.state.players.get(back.sessionId)!.y === before.y - 8);
  await back.leave();
});

test("a reconnection with a guessed token or another session's token is refused without effect", async () => {
  const [ada, bob] = [await joinOverNetwork(), await joinOverNetwork()];
  const codes: number[] = [];
  for (const room of [ada, bob]) room.onLeave((code) => codes.push(code));
  const { roomId } = await server.roomOf(ada.sessionId);
  await expect(clientVia(server.url).reconnect(`${roomId}:guessed`)).rejects.toMatchObject({ code: 524 });
  // A WebSocket with Ada's token and Bob's session id.
  const [, token] = ada.reconnectionToken.split(":");
  const socket = new WebSocket(`${server.wsUrl}/any/${roomId}?sessionId=${bob.sessionId}&reconnectionToken=${token}`);
  await new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
  for (const room of [ada, bob]) {
    const { x } = placeIn(room);
    room.send("move", "right");
    await until(() => placeIn(room).x !== x);
  }
  expect(codes).toEqual([]);
  await Promise.all([ada.leave(), bob.leave()]);
});
