// Signed-in players return to their last position. Each has at most one body, even if it joins several times.

import type { Room } from "@colyseus/sdk";
import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { ClientState, matchMaker } from "colyseus";
import type { WorldRoom } from "../../rooms/world-room.ts";
import { ERRORS, errorBody, taggedMessage } from "../../schema/errors.ts";
import { LOOKS } from "../../schema/player.ts";
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
/** SPAWN is the spawn of ROWS. BLOCK is a position inside the block of four wall tiles. */
const SPAWN = { x: 144, y: 80 };
const BLOCK = { x: 220, y: 140 };
const RECONNECTION_SECONDS = 1;
/** Milliseconds after which the server gives up on a load from the store. */
const TIMEOUT_MS = 4000;

/** `load` runs before each load from the store. `loads` counts the loads. */
const hook = { load: async () => {}, loads: 0 };
const server = startServer({
  maps: new Map(["plaza", "meadow"].map((name) => [name, drawnMap(name, ROWS)])),
  reconnectionSeconds: RECONNECTION_SECONDS,
  timeoutMs: TIMEOUT_MS,
  store: (real): Store => ({
    load: async (player, map) => {
      hook.loads++;
      await hook.load();
      return real.load(player, map);
    },
    save: (records) => real.save(records),
    cluster: (prefix) => real.cluster(prefix),
    forget: (player) => real.forget(player),
    pages: (size) => real.pages(size),
    purge: (...keys) => real.purge(...keys),
    close: () => real.close(),
  }),
});

let store: WriteBehind;
let id: string;
let token: string;
beforeEach(async () => {
  store = server.app.store;
  id = newPlayerId();
  token = await server.tokens.sign(id);
  hook.load = async () => {};
});

const TAKEN_OVER = { code: ERRORS.takenOver.code, reason: ERRORS.takenOver.message };

function self(room: Room<unknown, WorldState>) {
  return room.state.players.get(room.sessionId)?.toJSON();
}

/** Records the close code and reason of an SDK client. */
function endOf(room: Room): { code?: number; reason?: string } {
  const end: { code?: number; reason?: string } = {};
  room.onLeave((code, reason) => Object.assign(end, { code, reason }));
  return end;
}

async function allRooms(): Promise<WorldRoom[]> {
  return (await matchMaker.query({})).map(({ roomId }) => server.colyseus.getRoomById<WorldRoom>(roomId));
}

/** Counts the bodies in all rooms. */
async function countBodies(): Promise<number> {
  return (await allRooms()).reduce((sum, room) => sum + room.state.players.size, 0);
}

/** Walks some steps, and waits until the client sees its player at the new position. */
async function walk(room: Room<unknown, WorldState>, word: string, steps: number): Promise<void> {
  const before = self(room)!;
  for (let i = 0; i < steps; i++) room.send("move", word);
  await until(() => Math.abs(self(room)!.x - before.x) + Math.abs(self(room)!.y - before.y) === 8 * steps);
}

describe("signed-in players:", () => {
  test("a signed-in player rejoins at its last position, with its last direction and name", async () => {
    const first = await joinWithSdk(server, { name: "지민" }, token);
    expect(self(first)).toMatchObject({ name: "지민", ...SPAWN, facing: 4 });
    await walk(first, "left", 3);
    await first.leave();
    const second = await joinWithSdk(server, {}, token);
    expect(self(second)).toMatchObject({ name: "지민", x: SPAWN.x - 24, y: SPAWN.y, facing: 1 });
    expect(second.sessionId).not.toBe(first.sessionId);
  });

  test("a signed-in player can change its name when it rejoins", async () => {
    await (await joinWithSdk(server, { name: "Ada" }, token)).leave();
    await (await joinWithSdk(server, { name: "Eve" }, token)).leave();
    expect(self(await joinWithSdk(server, {}, token))?.name).toBe("Eve");
  });

  test("a signed-in player keeps the look that it has chosen, or the random look of its first join", async () => {
    const first = await joinWithSdk(server, {}, token);
    const { look } = self(first)!;
    expect(look).toBeGreaterThanOrEqual(0);
    expect(look).toBeLessThan(LOOKS);
    await first.leave();
    expect(self(await joinWithSdk(server, { name: "Ada" }, token))?.look).toBe(look);
    const chosen = (look + 1) % LOOKS;
    await (await joinWithSdk(server, { look: chosen }, token)).leave();
    expect(self(await joinWithSdk(server, {}, token))?.look).toBe(chosen);
    await until(() => store.counters().rowsWaiting === 0);
    expect(await store.load(id, "plaza")).toMatchObject({ look: chosen });
  });

  test("a player's next join adds a look to a record that was saved before players had looks", async () => {
    store.put({ player: id, map: "plaza", ...SPAWN, facing: 4, name: "Ada", savedAt: 1 });
    const { look } = self(await joinWithSdk(server, {}, token))!;
    await until(async () => (await store.load(id, "plaza"))?.look === look);
  });

  test("a client on a plain WebSocket chooses its look in the query, and SDK clients see this look", async () => {
    const plain = await PlainPlayer.join(server.url, "?look=7");
    const room = await joinWithSdk(server);
    await until(() => room.state.players.get(plain.id)?.look === 7);
    plain.socket.close();
  });

  test("a signed-in player keeps the name that the server generated at its first join", async () => {
    const first = await joinWithSdk(server, {}, token);
    const { name } = self(first)!;
    await first.leave();
    expect(self(await joinWithSdk(server, {}, token))?.name).toBe(name);
  });

  test("a signed-in player has a separate position on each map", async () => {
    const plaza = await joinWithSdk(server, {}, token);
    await walk(plaza, "right", 2);
    await plaza.leave();
    const meadow = await joinWithSdk(server, { map: "meadow" }, token);
    expect(self(meadow)).toMatchObject(SPAWN);
    await walk(meadow, "up", 2);
    await meadow.leave();
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject({ x: SPAWN.x + 16, y: SPAWN.y });
  });

  test.each(["moon", "pla\0za", "a".repeat(3000)])(
    "a signed-in player cannot join the unknown map %j, and the server does not load the player's record",
    async (map) => {
      const { loads } = hook;
      await expect(server.client(token).joinOrCreate("world", { map })).rejects.toMatchObject({
        code: ERRORS.unknownMap.code,
      });
      expect(hook.loads).toBe(loads);
    },
  );

  test("the server saves a signed-in player while the player walks", async () => {
    const client = await joinWithSdk(server, { name: "Ada" }, token);
    await walk(client, "left", 2);
    await until(async () => (await store.load(id, "plaza"))?.x === SPAWN.x - 16);
    await until(() => store.counters().rowsWaiting === 0);
    expect(await store.load(id, "plaza")).toMatchObject({
      player: id,
      map: "plaza",
      name: "Ada",
      x: SPAWN.x - 16,
      y: SPAWN.y,
      facing: 1,
    });
  });

  test("the server does not save a signed-in player while the player stands still", async () => {
    await joinWithSdk(server, {}, token);
    await until(() => store.counters().rowsWaiting === 0);
    const { rows } = store.counters();
    const room = (await allRooms())[0]!;
    let ticks = 0;
    const step = room.step.bind(room);
    room.step = () => {
      ticks++;
      step();
    };
    await until(() => ticks > 10);
    expect(store.counters()).toMatchObject({ rows, rowsWaiting: 0 });
  });

  test("a signed-in player whose last position is in a wall rejoins at the nearest free position", async () => {
    store.put({ player: id, map: "plaza", ...BLOCK, facing: 2, name: "Ada", savedAt: 1 });
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject({ name: "Ada", x: 180, y: 140, facing: 2 });
  });

  test("a signed-in player whose last position is off the map rejoins at the nearest position on the map", async () => {
    store.put({ player: id, map: "plaza", x: 9000, y: 50, facing: 4, name: "Ada", savedAt: 1 });
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject({ x: 276, y: 50 });
  });

  test("the save time of a player's record does not decrease, even if the system clock is set back", async () => {
    const savedAt = Date.now() + 3_600_000;
    store.put({ player: id, map: "plaza", ...SPAWN, facing: 4, name: "Ada", savedAt });
    await store.flush();
    const client = await joinWithSdk(server, {}, token);
    await walk(client, "left", 1);
    await client.leave();
    await store.flush();
    expect(await store.load(id, "plaza")).toMatchObject({ x: SPAWN.x - 8, savedAt });
  });

  test("a signed-in player who disconnects while its record is loading leaves no body in the room", async () => {
    const witness = await joinWithSdk(server);
    const room = await server.roomOf(witness.sessionId);
    let finishLoading = () => {};
    const loading = jest.fn();
    // The record is loaded twice: in onAuth, and again in onJoin. Only the load in onJoin waits.
    hook.load = async () => {
      loading();
      if (loading.mock.calls.length > 1) await new Promise<void>((resolve) => (finishLoading = resolve));
    };
    const plain = new PlainPlayer(`${server.wsUrl}/websocket?token=${token}`);
    await until(() => loading.mock.calls.length > 1 && room.clients.length === 2);
    plain.socket.terminate();
    await until(() => plain.closed);
    // The server must notice the disconnect before the load ends.
    await until(() => [...room.clients].some((client) => client.state === ClientState.LEAVING));
    finishLoading();
    await until(() => room.clients.length === 1);
    expect([...room.state.players.keys()]).toEqual([witness.sessionId]);
    hook.load = async () => {};
    expect(self(await joinWithSdk(server, {}, token))).toMatchObject(SPAWN);
  });
});

test("a guest is neither loaded from the store nor saved to it", async () => {
  await store.flush();
  const { loads } = hook;
  const { rows } = store.counters();
  const guest = await joinWithSdk(server);
  await walk(guest, "left", 3);
  await guest.leave();
  await store.flush();
  expect(hook.loads).toBe(loads);
  expect(store.counters().rows).toBe(rows);
});

describe("an unavailable store:", () => {
  test("the server refuses signed-in players and admits guests while the store is unavailable", async () => {
    hook.load = async () => {
      throw new Error("unavailable");
    };
    const { code } = ERRORS.storeUnavailable;
    const response = await fetch(`${server.url}/matchmake/joinOrCreate/world`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: "{}",
    });
    expect([response.status, await response.json()]).toEqual([503, errorBody("storeUnavailable")]);
    await expect(server.client(token).joinOrCreate("world")).rejects.toMatchObject({
      code,
      message: taggedMessage("storeUnavailable"),
    });
    await joinWithSdk(server);
    expect(await countBodies()).toBe(1);
    hook.load = async () => {};
    await joinWithSdk(server, {}, token);
  });

  test("rooms keep ticking while the store does not answer a load", async () => {
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
    hook.load = () => new Promise(() => {});
    await expect(server.client(token).joinOrCreate("world")).rejects.toMatchObject({ code: 503 });
    // The limit is much longer than a tick, because a tick may be late on a busy machine.
    expect(longest).toBeLessThan(TIMEOUT_MS / 2);
  });
});

describe("repeated joins of one signed-in player:", () => {
  const WAYS = ["SDK", "plain"] as const;

  /** Joins with the player's token. */
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

  /** Tracks the maximum number of bodies in a room. */
  function watch(room: WorldRoom): { max: number } {
    const seen = { max: room.state.players.size };
    const set = room.state.players.set.bind(room.state.players);
    room.state.players.set = (key, value) => {
      const result = set(key, value);
      seen.max = Math.max(seen.max, room.state.players.size);
      return result;
    };
    return seen;
  }

  describe.each(WAYS)("a player whose first client is a %s WebSocket client:", (first) => {
    test.each(WAYS)(
      "a second join with a %s WebSocket client closes the first connection, and the player keeps its position",
      async (then) => {
        const old = await join(first);
        const room = await server.roomOf(old.sessionId);
        const seen = watch(room);
        old.step();
        await until(() => room.state.players.get(old.sessionId)?.x === SPAWN.x - 8);
        const newer = await join(then);
        await until(() => old.end.code);
        expect(old.end).toEqual(TAKEN_OVER);
        expect(seen.max).toBe(1);
        expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
        expect(room.state.players.get(newer.sessionId)).toMatchObject({ x: SPAWN.x - 8, y: SPAWN.y, facing: 1 });
        newer.step();
        await until(() => room.state.players.get(newer.sessionId)?.x === SPAWN.x - 16);
        await until(() => room.clients.length === 1);
        expect(newer.end).toEqual({});
      },
    );
  });

  test("a signed-in player who joins a second map is removed from the first map", async () => {
    const plaza = await join("SDK");
    const meadow = await join("SDK", { map: "meadow" });
    await until(() => plaza.end.code);
    expect(plaza.end).toEqual(TAKEN_OVER);
    expect(await countBodies()).toBe(1);
    const back = await join("plain");
    await until(() => meadow.end.code);
    expect(meadow.end).toEqual(TAKEN_OVER);
    expect(back.end).toEqual({});
  });

  test("a player's first client cannot reconnect after a second join, because the first client's seat is no longer held", async () => {
    const old = await join("SDK");
    const room = await server.roomOf(old.sessionId);
    const seen = watch(room);
    let isBack = false;
    old.room!.onReconnect(() => {
      isBack = true;
    });
    // Delays the first client's attempt to reconnect until the second client has joined.
    old.room!.reconnection.minDelay = 300;
    cut(old.room!);
    await until(() => !room.clients.get(old.sessionId));
    expect(room.state.players.has(old.sessionId)).toBe(true);
    const newer = await join("SDK");
    expect(seen.max).toBe(1);
    expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
    expect(room.hasReservedSeat(old.sessionId, old.room!.reconnectionToken.split(":")[1])).toBe(false);
    await until(() => old.end.code !== undefined);
    expect(isBack).toBe(false);
    // Waits until the old seat would have expired. The end of that seat must not affect the new session.
    const since = performance.now();
    await until(() => performance.now() - since > RECONNECTION_SECONDS * 1000 + 300);
    expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
    newer.step();
    await until(() => room.state.players.get(newer.sessionId)?.x === SPAWN.x - 8);
  });

  test("a player can reconnect and has one body if the connection of its second join drops", async () => {
    const old = await join("SDK");
    const newer = await join("SDK");
    await until(() => old.end.code);
    let isBack = false;
    newer.room!.onReconnect(() => {
      isBack = true;
    });
    cut(newer.room!);
    await until(() => isBack);
    const room = await server.roomOf(newer.sessionId);
    expect([...room.state.players.keys()]).toEqual([newer.sessionId]);
    const third = await join("plain");
    await until(() => newer.end.code);
    expect(newer.end).toEqual(TAKEN_OVER);
    expect([...room.state.players.keys()]).toEqual([third.sessionId]);
  });

  test.each([1, 2, 3])("twenty joins at once by one player never create a second body (round %i)", async () => {
    const witness = await joinWithSdk(server);
    const room = await server.roomOf(witness.sessionId);
    const seen = watch(room);
    const warn = jest.spyOn(console, "warn").mockImplementation(() => {});
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
    warn.mockRestore();
    await until(() => room.clients.length === 2);
    await until(() => room.state.players.size === 2);
    expect(seen.max).toBe(2);
    for (const { reason } of settled.filter((result) => result.status === "rejected")) {
      expect(reason).toMatchObject({ code: ERRORS.takenOver.code });
    }
    expect(await countBodies()).toBe(2);
  });
});
