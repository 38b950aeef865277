// Tests that cheating clients cannot exceed the speed limit in docs/protocol.md. The tests look only at the
// positions in the server's rooms, tick by tick.
import { readFileSync } from "node:fs";
import type { Room } from "@colyseus/sdk";
import { beforeEach, expect, test } from "@jest/globals";
import { createAuthContext, matchMaker } from "colyseus";
import { WorldRoom } from "../../rooms/world-room.ts";
import type { MoveInput } from "../../schema/move-input.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { RIGHT } from "../../sim/directions.ts";
import { STEP, TICK_MS } from "../../sim/rules.ts";
import { newPlayerId } from "../../src/auth/tokens.ts";
import { cut } from "../support/connection.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

/** In any period, docs/protocol.md allows one step per tick and this number of additional steps. */
const EXTRA_STEPS = Number(
  /8 · \(⌊T \/ 50⌋ \+ (\d+)\) units/.exec(readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8"))![1],
);

/** The duration of each attempt in milliseconds. */
const ATTEMPT_MS = 4000;

/** An open map, 300 tiles wide. A player needs a minute to walk from one side to the other. */
const OPEN = Array<string>(3).fill(".".repeat(300));
const ROWS = [...OPEN, `s${".".repeat(299)}`, ...OPEN];
const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", ROWS)]]),
  reconnectionSeconds: 5,
});

/** A player's position after one tick, and the distance that the player has walked until then. */
interface Observation {
  startedAt: number;
  endedAt: number;
  x: number;
  y: number;
  /** Units walked up to the end of this tick. */
  distance: number;
}

/** The observations of each player, by player id. The key of a guest is its session id. */
const observations = new Map<string, Observation[]>();
/** Descriptions of all moves that were longer than one step in one tick. */
const leaps: string[] = [];
/** The player id of each session; for a guest, its session id. */
const players = new Map<string, string>();
let ticks = 0;

const step = WorldRoom.prototype.step;
WorldRoom.prototype.step = function (this: WorldRoom) {
  const startedAt = performance.now();
  const before = new Map([...this.state.players].map(([id, { x, y }]) => [id, { x, y }]));
  step.call(this);
  const endedAt = performance.now();
  ticks++;
  for (const client of this.clients) players.set(client.sessionId, client.auth?.id ?? client.sessionId);
  for (const [sessionId, { x, y }] of this.state.players) {
    const player = players.get(sessionId) ?? sessionId;
    const past = observations.get(player) ?? [];
    observations.set(player, past);
    const last = past.at(-1) ?? { x, y, distance: 0 };
    const inTick = distanceBetween({ x, y }, before.get(sessionId) ?? { x, y });
    if (inTick > STEP) leaps.push(`${player}: ${inTick} units in one tick`);
    past.push({ startedAt, endedAt, x, y, distance: last.distance + distanceBetween({ x, y }, last) });
  }
};

function distanceBetween(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

/** Checks every period of one or more consecutive ticks. Returns a description of each violation of the limit. */
function violations(): string[] {
  return [...observations].flatMap(([player, past]) =>
    past.flatMap((first, from) => {
      const start = past[from - 1]?.distance ?? 0;
      return past.slice(from).flatMap((last) => {
        const time = last.endedAt - first.startedAt;
        const max = STEP * (Math.floor(time / TICK_MS) + EXTRA_STEPS);
        const distance = last.distance - start;
        return distance > max ? [`${player}: ${distance} units in ${time.toFixed(1)} ms; the limit is ${max}`] : [];
      });
    }),
  );
}

let token: string;
beforeEach(async () => {
  observations.clear();
  players.clear();
  leaps.length = 0;
  ticks = 0;
  token = await server.tokens.sign(newPlayerId());
});

/** Expects that no player exceeded the limit, and that at least one player walked `minDistance` units. */
function expectWithinLimit(minDistance: number): void {
  expect(leaps.slice(0, 5)).toEqual([]);
  expect(violations().slice(0, 5)).toEqual([]);
  const distance = Math.max(0, ...[...observations.values()].map((past) => past.at(-1)!.distance));
  expect(distance).toBeGreaterThanOrEqual(minDistance);
}

/** Repeats an action until the attempt is over. */
async function repeat(act: () => void | Promise<void>, pauseMs = 5): Promise<void> {
  for (const end = performance.now() + ATTEMPT_MS; performance.now() < end; ) {
    await act();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Sends many steps to the right at once, as messages and as inputs. */
function flood(room: Room<unknown, WorldState>, times = 20): void {
  if (!room.connection.isOpen) return;
  const input = room.input<MoveInput>();
  for (let i = 0; i < times; i++) {
    room.send("move", "right");
    input.data.direction = RIGHT;
    input.send();
  }
}

/**
 * Half of the units that a player can walk in one attempt. The tests require no more, because a slow machine loses some
 * ticks.
 */
const HALF_DISTANCE = (STEP * ATTEMPT_MS) / TICK_MS / 2;

test("a player that floods the server with `move` messages and inputs does not exceed the speed limit", async () => {
  const room = await joinWithSdk(server);
  await repeat(() => flood(room));
  expectWithinLimit(HALF_DISTANCE);
});

test("a player that sends bursts after pauses does not exceed the speed limit", async () => {
  const room = await joinWithSdk(server);
  await repeat(() => flood(room, 100), 900);
  expectWithinLimit(16 * STEP);
});

test("a player that sends many tiny frames in one packet does not exceed the speed limit", async () => {
  const plain = await PlainPlayer.join(server.url);
  const { _socket: socket } = plain.socket as unknown as { _socket: { cork(): void; uncork(): void } };
  await repeat(() => {
    socket.cork();
    for (let i = 0; i < 300; i++) plain.socket.send("right");
    socket.uncork();
  }, 50);
  expectWithinLimit(HALF_DISTANCE);
});

test("a player that reconnects in a loop while steps are queued does not exceed the speed limit", async () => {
  const room = await joinWithSdk(server);
  room.reconnection.delay = 1;
  room.reconnection.minDelay = 1;
  room.reconnection.maxEnqueuedMessages = 100;
  let reconnections = 0;
  room.onReconnect(() => {
    reconnections++;
    flood(room);
  });
  for (const end = performance.now() + ATTEMPT_MS; performance.now() < end; ) {
    const before = reconnections;
    flood(room);
    cut(room);
    // The SDK queues these messages and sends them when it has reconnected.
    for (let i = 0; i < 20; i++) room.send("move", "right");
    await until(() => reconnections > before);
  }
  expect(reconnections).toBeGreaterThan(3);
  expectWithinLimit(STEP);
});

test("a player whose connection is lost stands still, even if steps of the player are still queued", async () => {
  const room = await joinWithSdk(server);
  const world = await server.roomOf(room.sessionId);
  room.reconnection.minDelay = 1000;
  for (let times = 0; times < 3; times++) {
    let hasReconnected = false;
    room.onReconnect(() => {
      hasReconnected = true;
    });
    flood(room);
    cut(room);
    await until(() => !world.clients.get(room.sessionId));
    const { x } = world.state.players.get(room.sessionId)!;
    const since = ticks;
    await until(() => ticks > since + 5);
    expect(world.state.players.get(room.sessionId)!.x).toBe(x);
    await until(() => hasReconnected);
  }
  expectWithinLimit(0);
});

test("a player does not exceed the speed limit if it joins again and again and floods from its two newest connections", async () => {
  const rooms: Room<unknown, WorldState>[] = [];
  await repeat(async () => {
    const room = await server.client(token).joinOrCreate<WorldState>("world");
    room.reconnection.enabled = false;
    rooms.push(room);
    for (const each of rooms.slice(-2)) flood(each);
    // The world ignores a returning player's input for two ticks. A pause of 200 ms leaves time for one or two steps.
  }, 200);
  expect(rooms.length).toBeGreaterThan(3);
  expectWithinLimit(STEP);
});

test("a player that leaves and rejoins in a loop does not exceed the speed limit", async () => {
  let joins = 0;
  await repeat(async () => {
    const room = await server.client(token).joinOrCreate<WorldState>("world");
    joins++;
    flood(room);
    await room.leave();
  });
  expect(joins).toBeGreaterThan(5);
  expectWithinLimit(0);
});

test("a player that always joins the room that ticks next does not exceed the speed limit", async () => {
  // The ticks of the five rooms are a fifth of a tick interval apart, so that one of the rooms is always about to tick.
  const worlds: WorldRoom[] = [];
  for (let i = 0; i < 5; i++) {
    const { roomId } = await matchMaker.createRoom("world", { map: "plaza" });
    const world = server.colyseus.getRoomById<WorldRoom>(roomId);
    world.autoDispose = false;
    worlds.push(world);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS / 5));
  }
  const auth = createAuthContext({ headers: {}, token });
  const reserve = (hop: number) => matchMaker.joinById(worlds[hop % 5]!.roomId, {}, auth);
  // Seats are reserved in advance, so that the player only needs to connect when it changes rooms.
  const seats = [0, 1, 2, 3, 4].map(reserve);
  let hops = 0;
  for (const end = performance.now() + ATTEMPT_MS; performance.now() < end; hops++) {
    const world = worlds[hops % 5]!;
    seats.push(reserve(hops + 5));
    const room = await server.client(token).consumeSeatReservation<WorldState>((await seats.shift()) as never);
    room.reconnection.enabled = false;
    for (let i = 0; i < 8; i++) room.send("move", "right");
    const x = world.state.players.get(room.sessionId)?.x;
    await until(() => world.state.players.get(room.sessionId)?.x !== x);
  }
  expect(hops).toBeGreaterThan(5);
  expectWithinLimit(5 * STEP);
});
