// Tests full rooms: new players join another room of the same map, and players of the full room can rejoin it.
import type { Room } from "@colyseus/sdk";
import { describe, expect, jest, test } from "@jest/globals";
import { matchMaker, Protocol } from "colyseus";
import type { WorldRoom } from "../../rooms/world-room.ts";
import { ERRORS, nameOfError, type SentError, taggedMessage } from "../../schema/errors.ts";
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

/** Returns the number of players in each room, largest first. */
async function roomSizes(): Promise<number[]> {
  return (await rooms()).map((room) => room.state.players.size).sort((a, b) => b - a);
}

const newToken = () => server.tokens.sign(newPlayerId());

test.each(["SDK", "plain", "signed-in"])(
  "a new %s WebSocket client joins a second room of a map if the first room is full",
  async (way) => {
    const join = async () => {
      if (way === "plain") return (await PlainPlayer.join(server.url, "?map=meadow")).id;
      return (await joinWithSdk(server, { map: "meadow" }, way === "signed-in" ? await newToken() : undefined))
        .sessionId;
    };
    const first = await join();
    await join();
    await join();
    expect(await roomSizes()).toEqual([3]);
    const fourth = await join();
    expect(await roomSizes()).toEqual([3, 1]);
    expect((await server.roomOf(fourth)).state.map).toBe("meadow");
    expect((await server.roomOf(first)).state.players.has(fourth)).toBe(false);
  },
);

test("a join by a room's id is refused as `roomFull` if the room is full, and as `unknownRoom` if no room has the id", async () => {
  const [{ roomId }] = await Promise.all([joinWithSdk(server), joinWithSdk(server), joinWithSdk(server)]);
  const series = 'sabang_refusals_total{reason="roomFull"}';
  const before = (await server.metric(series))!;
  const refusal = (id: string) =>
    server
      .client()
      .joinById(id)
      .catch((error: unknown) => error);
  expect(await refusal(roomId)).toMatchObject({ code: 522, message: taggedMessage("roomFull") });
  expect(nameOfError((await refusal("no-room-1")) as SentError)).toBe("unknownRoom");
  expect(await server.metric(series)).toBe(before + 1);
});

test("no room exceeds its maximum number of players when twelve players join at the same time", async () => {
  await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? joinWithSdk(server) : PlainPlayer.join(server.url))));
  const sizes = await roomSizes();
  expect(sizes.reduce((sum, size) => sum + size)).toBe(12);
  expect(Math.max(...sizes)).toBe(MAX_PLAYERS);
});

test("after a player has left a full room, the next new player joins that room", async () => {
  const [first, second] = await Promise.all([joinWithSdk(server), joinWithSdk(server), joinWithSdk(server)]);
  await second!.leave();
  await until(async () => (await roomSizes())[0] === 2);
  const next = await joinWithSdk(server);
  expect(next.roomId).toBe(first!.roomId);
  expect(await roomSizes()).toEqual([3]);
});

test("in a full room, the seat of a disconnected player is held until the reconnection timeout", async () => {
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

/** Reserves a seat and does not claim it. */
async function reserve(): Promise<{ roomId: string; sessionId: string; processId: string }> {
  const response = await fetch(`${server.url}/matchmake/joinOrCreate/world`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  return (await response.json()) as Awaited<ReturnType<typeof reserve>>;
}

/** Claims a reserved seat with a WebSocket. Resolves with whether the server accepted the claim. */
async function claim({ roomId, sessionId, processId }: Awaited<ReturnType<typeof reserve>>): Promise<boolean> {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/${processId}/${roomId}?sessionId=${sessionId}`);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve(new Uint8Array(data)[0] === Protocol.JOIN_ROOM);
    socket.onclose = () => resolve(false);
  });
}

test("a client's seat is reserved for at least ten seconds unless a full room gives it to another client", async () => {
  const seats = [await reserve(), await reserve(), await reserve()];
  const elsewhere = await joinWithSdk(server);
  expect(elsewhere.roomId).not.toBe(seats[0]!.roomId);
  await elsewhere.leave();
  await new Promise((resolve) => setTimeout(resolve, 5500));
  // The server frees the oldest of the three reserved seats for this client. The other two seats stay reserved, because
  // no other client joins.
  expect((await joinWithSdk(server)).roomId).toBe(seats[0]!.roomId);
  await new Promise((resolve) => setTimeout(resolve, 4500));
  expect(await claim(seats[0]!)).toBe(false);
  expect(await claim(seats[1]!)).toBe(true);
  expect(await claim(seats[2]!)).toBe(true);
}, 30_000);

describe("rejoining a full room:", () => {
  /** Fills a room with two guests and a signed-in player, who stands one step left of the spawn. */
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

  describe.each(["SDK", "plain"] as const)("after a join with a %s WebSocket client:", (first) => {
    test.each(["SDK", "plain"] as const)(
      "a signed-in player rejoins its full room with a %s WebSocket client",
      async (then) => {
        const token = await newToken();
        const { room, end } = await full(first, token);
        const id = await again(then, token);
        expect(room.state.players.get(id)).toMatchObject({ x: SPAWN.x - 8, y: SPAWN.y, facing: 1 });
        await until(() => end.code === ERRORS.takenOver.code);
        expect(await roomSizes()).toEqual([3]);
      },
    );
  });

  test("a disconnected signed-in player returns to its full room if it joins again while its seat is held", async () => {
    const token = await newToken();
    const { room, sdk } = await full("SDK", token);
    sdk!.reconnection.enabled = false;
    cut(sdk!);
    await until(() => room.clients.length === 2);
    const id = await again("SDK", token);
    expect(room.state.players.get(id)).toMatchObject({ x: SPAWN.x - 8 });
    expect(await roomSizes()).toEqual([3]);
  });

  test("a player in a full room keeps its first session if its second join is refused", async () => {
    const token = await newToken();
    const { room, end, sdk } = await full("SDK", token);
    await expect(joinWithSdk(server, { arrival: "invalid" }, token)).rejects.toThrow("[arrivalInvalid]");
    expect(end.code).toBeUndefined();
    expect(room.state.players.has(sdk!.sessionId)).toBe(true);
  });

  test("a new player can join a full room after a signed-in player of this room has joined another map", async () => {
    const token = await newToken();
    const { room, end } = await full("SDK", token);
    await again("SDK", token, "meadow");
    await until(() => end.code === ERRORS.takenOver.code);
    await until(() => room.clients.length === 2);
    expect((await joinWithSdk(server)).roomId).toBe(room.roomId);
  });

  test("a player of a full room has one body if it joins ten times at once, and no other player is removed", async () => {
    const token = await newToken();
    const { room } = await full("SDK", token);
    // Hides the SDK's warnings about connections that are closed before the client has joined.
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
