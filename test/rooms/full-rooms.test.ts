// When a room is full, further players get another room of the same map. Players of the full room can rejoin it.
import type { Room } from "@colyseus/sdk";
import { describe, expect, jest, test } from "@jest/globals";
import { matchMaker } from "colyseus";
import type { WorldRoom } from "../../rooms/world-room.ts";
import { ERRORS } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const MAX_PLAYERS = 3;
const RECONNECTION_SECONDS = 2;
const ROWS = [".........", "....s....", "........."];
const SPAWN = { x: 144, y: 48 };
const server = startServer({
  maps: new Map(["plaza", "meadow"].map((name) => [name, drawnMap(name, ROWS)])),
  maxPlayers: MAX_PLAYERS,
  reconnectionSeconds: RECONNECTION_SECONDS,
});

async function rooms(): Promise<WorldRoom[]> {
  return (await matchMaker.query({})).map(({ roomId }) => server.colyseus.getRoomById<WorldRoom>(roomId));
}

/** Counts the bodies in each room, the fullest room first. */
async function roomSizes(): Promise<number[]> {
  return (await rooms()).map((room) => room.state.players.size).sort((a, b) => b - a);
}

const newToken = () => server.tokens.sign(newPlayerId());

test.each(["SDK", "plain", "signed-in"])("a %s player joins a second room if the first one is full", async (way) => {
  const join = async () => {
    if (way === "plain") return (await PlainPlayer.join(server.url, "?map=meadow")).id;
    return (await joinWithSdk(server, { map: "meadow" }, way === "signed-in" ? await newToken() : undefined)).sessionId;
  };
  const first = await join();
  await join();
  await join();
  expect(await roomSizes()).toEqual([3]);
  const fourth = await join();
  expect(await roomSizes()).toEqual([3, 1]);
  expect((await server.roomOf(fourth)).state.map).toBe("meadow");
  expect((await server.roomOf(first)).state.players.has(fourth)).toBe(false);
});

test("no room exceeds its limit of players when twelve players join at once", async () => {
  await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? joinWithSdk(server) : PlainPlayer.join(server.url))));
  const sizes = await roomSizes();
  expect(sizes.reduce((sum, size) => sum + size)).toBe(12);
  expect(Math.max(...sizes)).toBe(MAX_PLAYERS);
});

test("the next player gets a place that has become free in the room", async () => {
  const [first, second] = await Promise.all([joinWithSdk(server), joinWithSdk(server), joinWithSdk(server)]);
  await second!.leave();
  await until(async () => (await roomSizes())[0] === 2);
  const next = await joinWithSdk(server);
  expect(next.roomId).toBe(first!.roomId);
  expect(await roomSizes()).toEqual([3]);
});

test("the held seat of a dropped player counts as taken until it expires, and lets the player reconnect", async () => {
  const [dropped, present] = await Promise.all([joinWithSdk(server), joinWithSdk(server), joinWithSdk(server)]);
  const room = await server.roomOf(present!.sessionId);
  let isBack = false;
  dropped!.onReconnect(() => {
    isBack = true;
  });
  dropped!.reconnection.minDelay = 300;
  cut(dropped!);
  await until(() => room.clients.length === 2);
  expect((await joinWithSdk(server)).roomId).not.toBe(room.roomId);
  await until(() => isBack);
  expect(room.clients.length).toBe(3);
  dropped!.reconnection.enabled = false;
  cut(dropped!);
  await until(() => room.state.players.size === 2);
  await until(async () => (await joinWithSdk(server)).roomId === room.roomId);
});

describe("a signed-in player in a full room", () => {
  /** Creates a full room that contains the player, one step left of the spawn. */
  async function full(way: "SDK" | "plain", token: string) {
    const others = [await joinWithSdk(server), await joinWithSdk(server)];
    const room = await server.roomOf(others[0]!.sessionId);
    const end: { code?: number } = {};
    let id: string;
    let sdk: Room<unknown, WorldState> | undefined;
    if (way === "SDK") {
      sdk = await joinWithSdk(server, {}, token);
      id = sdk.sessionId;
      sdk.onLeave((code) => Object.assign(end, { code }));
      sdk.send("move", "left");
    } else {
      const plain = await PlainPlayer.join(server.url, `?token=${token}`);
      id = plain.id;
      plain.socket.on("close", (code) => Object.assign(end, { code }));
      plain.socket.send("left");
    }
    await until(() => room.state.players.get(id)?.x === SPAWN.x - 8);
    expect(room.locked).toBe(true);
    return { room, end, sdk };
  }

  async function again(way: "SDK" | "plain", token: string, map = "plaza"): Promise<string> {
    if (way === "SDK") return (await joinWithSdk(server, { map }, token)).sessionId;
    return (await PlainPlayer.join(server.url, `?token=${token}&map=${map}`)).id;
  }

  describe.each(["SDK", "plain"] as const)("whose first client is of type %s", (first) => {
    test.each(["SDK", "plain"] as const)("rejoins its room and position with a client of type %s", async (then) => {
      const token = await newToken();
      const { room, end } = await full(first, token);
      const id = await again(then, token);
      expect(room.state.players.get(id)).toMatchObject({ x: SPAWN.x - 8, y: SPAWN.y, facing: 1 });
      await until(() => end.code === ERRORS.takenOver.code);
      expect(await roomSizes()).toEqual([3]);
    });
  });

  test("rejoins the same room, at its previous position, while its seat is held", async () => {
    const token = await newToken();
    const { room, sdk } = await full("SDK", token);
    sdk!.reconnection.enabled = false;
    cut(sdk!);
    await until(() => room.clients.length === 2);
    const id = await again("SDK", token);
    expect(room.state.players.get(id)).toMatchObject({ x: SPAWN.x - 8 });
    expect(await roomSizes()).toEqual([3]);
  });

  test("frees its place for the next player by joining another map", async () => {
    const token = await newToken();
    const { room, end } = await full("SDK", token);
    await again("SDK", token, "meadow");
    await until(() => end.code === ERRORS.takenOver.code);
    await until(() => room.clients.length === 2);
    expect((await joinWithSdk(server)).roomId).toBe(room.roomId);
  });

  test("has one body after ten joins at once, and does not displace other players", async () => {
    const token = await newToken();
    const { room } = await full("SDK", token);
    // The SDK warns of connections that are closed before they have joined.
    const warn = jest.spyOn(console, "warn").mockImplementation(() => {});
    const joins = await Promise.allSettled(
      Array.from({ length: 10 }, () => server.client(token).joinOrCreate("world")),
    );
    expect(joins.some(({ status }) => status === "fulfilled")).toBe(true);
    for (const { reason } of joins.filter((join) => join.status === "rejected")) {
      expect(reason).toMatchObject({ code: ERRORS.takenOver.code });
    }
    await until(async () => (await roomSizes()).reduce((sum, size) => sum + size) === 3);
    await until(async () => (await rooms()).flatMap((each) => [...each.clients]).length === 3);
    expect([2, 3]).toContain(room.clients.length);
    warn.mockRestore();
  });
});
