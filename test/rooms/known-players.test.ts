// Players with a token: they are found where they stood, and each has one body, however often they join.

import type { Room } from "@colyseus/sdk";
import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { ClientState, matchMaker } from "colyseus";
import type { WorldRoom } from "../../rooms/world-room.ts";
import { ERRORS, errorBody, taggedMessage } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import type { Store } from "../../src/store/store.ts";
import type { WriteBehind } from "../../src/store/write-behind.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

const ROWS = [".........", ".........", "....s....", "......##.", "......##."];
/** The spawn of ROWS, and the middle of its block of walls. */
const SPAWN = { x: 144, y: 80 };
const BLOCK = { x: 220, y: 140 };
const RECONNECTION_SECONDS = 1;
/** How long the server waits for its store. */
const PATIENCE_MS = 4000;

/** What stands between the server and its store. */
const store = { load: async () => {}, loads: 0 };
const server = startServer({
  maps: new Map(["plaza", "meadow"].map((name) => [name, drawnMap(name, ROWS)])),
  reconnectionSeconds: RECONNECTION_SECONDS,
  patienceMs: PATIENCE_MS,
  store: (real): Store => ({
    load: async (player, map) => {
      store.loads++;
      await store.load();
      return real.load(player, map);
    },
    save: (places) => real.save(places),
    forget: (player) => real.forget(player),
    pages: (size) => real.pages(size),
    purge: (...keys) => real.purge(...keys),
    close: () => real.close(),
  }),
});

let places: WriteBehind;
let id: string;
let token: string;
beforeEach(async () => {
  places = server.app.store;
  id = newPlayerId();
  token = await server.tokens.sign(id);
  store.load = async () => {};
});

const TAKEN_OVER = { code: ERRORS.takenOver.code, reason: ERRORS.takenOver.message };

function self(room: Room<unknown, WorldState>) {
  return room.state.players.get(room.sessionId)?.toJSON();
}

/** How the connection of an SDK client ends. */
function endOf(room: Room): { code?: number; reason?: string } {
  const end: { code?: number; reason?: string } = {};
  room.onLeave((code, reason) => Object.assign(end, { code, reason }));
  return end;
}

async function allRooms(): Promise<WorldRoom[]> {
  return (await matchMaker.query({})).map(({ roomId }) => server.colyseus.getRoomById<WorldRoom>(roomId));
}

/** How many bodies there are, in all rooms. */
async function bodies(): Promise<number> {
  return (await allRooms()).reduce((sum, room) => sum + room.state.players.size, 0);
}

/** Waits until a player has walked as far as a place, and looks the way it went. */
async function walk(room: Room<unknown, WorldState>, word: string, steps: number): Promise<void> {
  const before = self(room)!;
  for (let i = 0; i < steps; i++) room.send("move", word);
  await until(() => Math.abs(self(room)!.x - before.x) + Math.abs(self(room)!.y - before.y) === 8 * steps);
}

describe("a player with a token", () => {
  test("is found where it stood, facing the same way, under the same name", async () => {
    const first = await joinWithSdk(server, { name: "지민" }, token);
    expect(self(first)).toMatchObject({ name: "지민", ...SPAWN, facing: 4 });
    await walk(first, "left", 3);
    await first.leave();
    const second = await joinWithSdk(server, {}, token);
    expect(self(second)).toMatchObject({ name: "지민", x: SPAWN.x - 24, y: SPAWN.y, facing: 1 });
    expect(second.sessionId).not.toBe(first.sessionId);
  });

  test("is called otherwise if it says so", async () => {
    await (await joinWithSdk(server, { name: "Ada" }, token)).leave();
    await (await joinWithSdk(server, { name: "Eve" }, token)).leave();
    expect(self(await joinWithSdk(server, {}, token))?.name).toBe("Eve");
  });

  test("keeps the name that was made up for it", async () => {
    const first = await joinWithSdk(server, {}, token);
    const { name } = self(first)!;
    await first.leave();
    expect(self(await joinWithSdk(server, {}, token))?.name).toBe(name);
  });

  test("has a place on each map", async () => {
    const plaza = await joinWithSdk(server, {}, token);
    await walk(plaza, "right", 2);
    await plaza.leave();
    const meadow = await joinWithSdk(server, { map: "meadow" }, token);
    expect(self(meadow)).toMatchObject(SPAWN);
    await walk(meadow, "up", 2);
    await meadow.leave();
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject({ x: SPAWN.x + 16, y: SPAWN.y });
  });

  test.each(["moon", "pla\0za", "a".repeat(3000)])("is told of an unknown map as anybody is: %j", async (map) => {
    const { loads } = store;
    await expect(server.client(token).joinOrCreate("world", { map })).rejects.toMatchObject({
      code: ERRORS.unknownMap.code,
    });
    expect(store.loads).toBe(loads);
  });

  test("walks, and what is stored follows without anybody leaving", async () => {
    const client = await joinWithSdk(server, { name: "Ada" }, token);
    await walk(client, "left", 2);
    await until(async () => (await places.load(id, "plaza"))?.x === SPAWN.x - 16);
    await until(() => places.counters().rowsWaiting === 0);
    expect(await places.load(id, "plaza")).toMatchObject({
      player: id,
      map: "plaza",
      name: "Ada",
      x: SPAWN.x - 16,
      y: SPAWN.y,
      facing: 1,
    });
  });

  test("costs no save while it stands still", async () => {
    await joinWithSdk(server, {}, token);
    await until(() => places.counters().rowsWaiting === 0);
    const { rows } = places.counters();
    const room = (await allRooms())[0]!;
    let ticks = 0;
    const step = room.step.bind(room);
    room.step = () => {
      ticks++;
      step();
    };
    await until(() => ticks > 10);
    expect(places.counters()).toMatchObject({ rows, rowsWaiting: 0 });
  });

  test("stands on the nearest free spot when a wall is where it stood", async () => {
    places.put({ player: id, map: "plaza", ...BLOCK, facing: 2, name: "Ada", savedAt: 1 });
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject({ name: "Ada", x: 180, y: 140, facing: 2 });
  });

  test("stands on the map when the map was larger before", async () => {
    places.put({ player: id, map: "plaza", x: 9000, y: 50, facing: 4, name: "Ada", savedAt: 1 });
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject({ x: 276, y: 50 });
  });

  test("is saved as later than before, though the clock was put back", async () => {
    const savedAt = Date.now() + 3_600_000;
    places.put({ player: id, map: "plaza", ...SPAWN, facing: 4, name: "Ada", savedAt });
    await places.flush();
    const client = await joinWithSdk(server, {}, token);
    await walk(client, "left", 1);
    await client.leave();
    await places.flush();
    expect(await places.load(id, "plaza")).toMatchObject({ x: SPAWN.x - 8, savedAt });
  });

  test("leaves nothing behind when it goes while its place is looked up", async () => {
    const witness = await joinWithSdk(server);
    const room = await server.roomOf(witness.sessionId);
    let answer = () => {};
    const asked = jest.fn();
    // The first question is that of the door; the second one is asked when the seat is taken.
    store.load = async () => {
      asked();
      if (asked.mock.calls.length > 1) await new Promise<void>((resolve) => (answer = resolve));
    };
    const plain = new PlainPlayer(`${server.wsUrl}/websocket?token=${token}`);
    await until(() => asked.mock.calls.length > 1 && room.clients.length === 2);
    plain.socket.terminate();
    await until(() => plain.closed);
    // The server has to notice before the answer comes.
    await until(() => [...room.clients].some((client) => client.state === ClientState.LEAVING));
    answer();
    await until(() => room.clients.length === 1);
    expect([...room.state.players.keys()]).toEqual([witness.sessionId]);
    store.load = async () => {};
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject(SPAWN);
  });
});

test("a guest's place is not kept, and needs no store", async () => {
  await places.flush();
  const { loads } = store;
  const { rows } = places.counters();
  const guest = await joinWithSdk(server);
  await walk(guest, "left", 3);
  await guest.leave();
  await places.flush();
  expect(store.loads).toBe(loads);
  expect(places.counters().rows).toBe(rows);
});

describe("while the store is away", () => {
  test("a player with a token is refused with a hint, a guest is not, and afterwards all is well", async () => {
    store.load = async () => {
      throw new Error("away");
    };
    const { code } = ERRORS.storeUnavailable;
    const answer = await fetch(`${server.url}/matchmake/joinOrCreate/world`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: "{}",
    });
    expect([answer.status, await answer.json()]).toEqual([503, errorBody("storeUnavailable")]);
    await expect(server.client(token).joinOrCreate("world")).rejects.toMatchObject({
      code,
      message: taggedMessage("storeUnavailable"),
    });
    await joinWithSdk(server);
    expect(await bodies()).toBe(1);
    store.load = async () => {};
    await joinWithSdk(server, {}, token);
  });

  test("ticks go on, however long an answer takes", async () => {
    const guest = await joinWithSdk(server);
    const room = await server.roomOf(guest.sessionId);
    let last = performance.now();
    let longest = 0;
    const step = room.step.bind(room);
    room.step = () => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      step();
    };
    store.load = () => new Promise(() => {});
    await expect(server.client(token).joinOrCreate("world")).rejects.toMatchObject({ code: 503 });
    // A machine under load may take a while for a tick.
    expect(longest).toBeLessThan(PATIENCE_MS / 2);
  });
});

describe("a player who joins twice", () => {
  const WAYS = ["SDK", "plain"] as const;

  /** Joins with the token. */
  async function join(way: (typeof WAYS)[number], options: { map?: string } = {}) {
    if (way === "SDK") {
      const room = await joinWithSdk(server, options, token);
      return { sessionId: room.sessionId, end: endOf(room), step: () => room.send("move", "left"), room };
    }
    const plain = await PlainPlayer.join(server.url, `?${new URLSearchParams({ ...options, token })}`);
    const end: { code?: number; reason?: string } = {};
    plain.socket.on("close", (code, reason) => Object.assign(end, { code, reason: String(reason) }));
    return { sessionId: plain.id, end, step: () => plain.socket.send("left"), room: undefined };
  }

  /** Fails the test when there ever are two bodies in a room in which nobody else is. */
  function watch(room: WorldRoom): { most: number } {
    const seen = { most: room.state.players.size };
    const set = room.state.players.set.bind(room.state.players);
    room.state.players.set = (key, value) => {
      const result = set(key, value);
      seen.most = Math.max(seen.most, room.state.players.size);
      return result;
    };
    return seen;
  }

  describe.each(WAYS)("first by %s", (first) => {
    test.each(WAYS)(
      "then by %s takes over: the first one is closed, and its body stands on as the second's",
      async (then) => {
        const old = await join(first);
        const room = await server.roomOf(old.sessionId);
        const seen = watch(room);
        old.step();
        await until(() => room.state.players.get(old.sessionId)?.x === SPAWN.x - 8);
        const newer = await join(then);
        await until(() => old.end.code);
        expect(old.end).toEqual(TAKEN_OVER);
        expect(seen.most).toBe(1);
        expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
        expect(room.state.players.get(newer.sessionId)).toMatchObject({ x: SPAWN.x - 8, y: SPAWN.y, facing: 1 });
        newer.step();
        await until(() => room.state.players.get(newer.sessionId)?.x === SPAWN.x - 16);
        await until(() => room.clients.length === 1);
        expect(newer.end).toEqual({});
      },
    );
  });

  test("is not two on two maps either", async () => {
    const plaza = await join("SDK");
    const meadow = await join("SDK", { map: "meadow" });
    await until(() => plaza.end.code);
    expect(plaza.end).toEqual(TAKEN_OVER);
    expect(await bodies()).toBe(1);
    const back = await join("plain");
    await until(() => meadow.end.code);
    expect(meadow.end).toEqual(TAKEN_OVER);
    expect(back.end).toEqual({});
  });

  test("while the seat of the first connection is held ends that seat: it cannot be taken any more", async () => {
    const old = await join("SDK");
    const room = await server.roomOf(old.sessionId);
    const seen = watch(room);
    let back = false;
    old.room!.onReconnect(() => {
      back = true;
    });
    // It tries to come back, but only after the other one is there.
    old.room!.reconnection.minDelay = 300;
    cut(old.room!);
    await until(() => !room.clients.get(old.sessionId));
    expect(room.state.players.has(old.sessionId)).toBe(true);
    const newer = await join("SDK");
    expect(seen.most).toBe(1);
    expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
    expect(room.hasReservedSeat(old.sessionId, old.room!.reconnectionToken.split(":")[1])).toBe(false);
    await until(() => old.end.code !== undefined);
    expect(back).toBe(false);
    // What was to happen at the end of the old seat must not happen to the new session.
    const since = performance.now();
    await until(() => performance.now() - since > RECONNECTION_SECONDS * 1000 + 300);
    expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
    newer.step();
    await until(() => room.state.players.get(newer.sessionId)?.x === SPAWN.x - 8);
  });

  test("and whose newer connection drops comes back to it, and is still one", async () => {
    const old = await join("SDK");
    const newer = await join("SDK");
    await until(() => old.end.code);
    let back = false;
    newer.room!.onReconnect(() => {
      back = true;
    });
    cut(newer.room!);
    await until(() => back);
    const room = await server.roomOf(newer.sessionId);
    expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
    const third = await join("plain");
    await until(() => newer.end.code);
    expect(newer.end).toEqual(TAKEN_OVER);
    expect([...room.state.players.keys()]).toEqual([third.sessionId]);
  });

  test.each([1, 2, 3])("or twenty times at once has exactly one body, round %i", async () => {
    const witness = await joinWithSdk(server);
    const room = await server.roomOf(witness.sessionId);
    const seen = watch(room);
    const said = jest.spyOn(console, "warn").mockImplementation(() => {});
    const joins = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0
        ? server.client(token).joinOrCreate("world")
        : new Promise<PlainPlayer>((resolve) => {
            const plain = new PlainPlayer(`${server.wsUrl}/websocket?token=${token}`);
            plain.socket.once("message", () => resolve(plain));
            plain.socket.once("close", () => resolve(plain));
          }),
    );
    const settled = await Promise.allSettled(joins);
    said.mockRestore();
    await until(() => room.clients.length === 2);
    await until(() => room.state.players.size === 2);
    expect(seen.most).toBe(2);
    for (const { reason } of settled.filter((result) => result.status === "rejected")) {
      expect(reason).toMatchObject({ code: ERRORS.takenOver.code });
    }
    expect(await bodies()).toBe(2);
  });
});
