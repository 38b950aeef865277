// Bots that try to be faster than docs/protocol.md says anybody can be. What they reach is seen in the server's own rooms,
// tick by tick, by somebody who knows nothing of queues.
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
import { shortOrLong } from "../support/long.ts";
import { drawnMap } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { joinWithSdk } from "../support/walkers.ts";

/** Steps by which a player may be ahead of the time that has passed, as the page on the protocol has it. */
const AHEAD = Number(
  /8 · \(⌊T \/ 50⌋ \+ (\d+)\) units/.exec(readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8"))![1],
);

/** Milliseconds for which each bot tries. */
const TRY_MS = shortOrLong(1200, 4000);

/** A corridor that takes a minute to walk through. */
const OPEN = Array<string>(3).fill(".".repeat(300));
const ROWS = [...OPEN, `s${".".repeat(299)}`, ...OPEN];
const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", ROWS)]]),
  reconnectionSeconds: 5,
});

/** What a body did in one tick. */
interface Seen {
  began: number;
  ended: number;
  x: number;
  y: number;
  /** Units walked in this tick and all before it. */
  walked: number;
}

/** What was seen of each player, by its id, or by its session if it is a guest. */
const seen = new Map<string, Seen[]>();
/** Who moved farther in one tick than one step. */
const leaps: string[] = [];
const players = new Map<string, string>();
let ticks = 0;

const step = WorldRoom.prototype.step;
WorldRoom.prototype.step = function (this: WorldRoom) {
  const began = performance.now();
  const before = new Map([...this.state.players].map(([id, { x, y }]) => [id, { x, y }]));
  step.call(this);
  const ended = performance.now();
  ticks++;
  for (const client of this.clients) players.set(client.sessionId, client.auth?.id ?? client.sessionId);
  for (const [sessionId, { x, y }] of this.state.players) {
    const player = players.get(sessionId) ?? sessionId;
    const past = seen.get(player) ?? [];
    seen.set(player, past);
    const last = past.at(-1) ?? { x, y, walked: 0 };
    const inTick = distance({ x, y }, before.get(sessionId) ?? { x, y });
    if (inTick > STEP) leaps.push(`${player}: ${inTick} units in one tick`);
    past.push({ began, ended, x, y, walked: last.walked + distance({ x, y }, last) });
  }
};

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

/** Looks at every window of time, and tells those in which somebody got farther than anybody can. */
function excesses(): string[] {
  return [...seen].flatMap(([player, past]) =>
    past.flatMap((first, from) => {
      const start = past[from - 1]?.walked ?? 0;
      return past.slice(from).flatMap((last) => {
        const time = last.ended - first.began;
        const most = STEP * (Math.floor(time / TICK_MS) + AHEAD);
        const walked = last.walked - start;
        return walked > most ? [`${player}: ${walked} units in ${time.toFixed(1)} ms, where ${most} are the most`] : [];
      });
    }),
  );
}

let token: string;
beforeEach(async () => {
  seen.clear();
  players.clear();
  leaps.length = 0;
  ticks = 0;
  token = await server.tokens.sign(newPlayerId());
});

/** Nobody was too fast, and somebody walked: so many units at least. */
function expectHonest(least: number): void {
  expect(leaps.slice(0, 5)).toEqual([]);
  expect(excesses().slice(0, 5)).toEqual([]);
  const walked = Math.max(0, ...[...seen.values()].map((past) => past.at(-1)!.walked));
  expect(walked).toBeGreaterThanOrEqual(least);
}

/** Does something again and again until the time of the test is over. */
async function keep(act: () => void | Promise<void>, pauseMs = 5): Promise<void> {
  for (const end = performance.now() + TRY_MS; performance.now() < end; ) {
    await act();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Asks for many steps to the right at once, by message and by input. */
function flood(room: Room<unknown, WorldState>, times = 20): void {
  if (!room.connection.isOpen) return;
  const input = room.input<MoveInput>();
  for (let i = 0; i < times; i++) {
    room.send("move", "right");
    input.data.direction = RIGHT;
    input.send();
  }
}

/** Ticks in which the bots of most tests could have walked, less what a slow machine loses. */
const HALF = (STEP * TRY_MS) / TICK_MS / 2;

test("floods on both channels at once", async () => {
  const room = await joinWithSdk(server);
  await keep(() => flood(room));
  expectHonest(HALF);
});

test("bursts after silence, in which nothing was saved up", async () => {
  const room = await joinWithSdk(server);
  await keep(() => flood(room, 100), 900);
  expectHonest(16 * STEP);
});

test("many tiny frames in one packet", async () => {
  const plain = await PlainPlayer.join(server.url);
  const { _socket: socket } = plain.socket as unknown as { _socket: { cork(): void; uncork(): void } };
  await keep(() => {
    socket.cork();
    for (let i = 0; i < 300; i++) plain.socket.send("right");
    socket.uncork();
  }, 50);
  expectHonest(HALF);
});

test("a connection that breaks and comes back in a loop, with steps waiting on both sides of the break", async () => {
  const room = await joinWithSdk(server);
  room.reconnection.delay = 1;
  room.reconnection.minDelay = 1;
  room.reconnection.maxEnqueuedMessages = 100;
  let back = 0;
  room.onReconnect(() => {
    back++;
    flood(room);
  });
  for (const end = performance.now() + TRY_MS; performance.now() < end; ) {
    const before = back;
    flood(room);
    cut(room);
    // What is sent now waits in the client, and is sent when it is back.
    for (let i = 0; i < 20; i++) room.send("move", "right");
    await until(() => back > before);
  }
  expect(back).toBeGreaterThan(3);
  expectHonest(STEP);
});

test("steps that arrive while the server holds the seat of a dropped connection", async () => {
  const room = await joinWithSdk(server);
  const world = await server.roomOf(room.sessionId);
  room.reconnection.minDelay = 1000;
  for (let times = 0; times < 3; times++) {
    let back = false;
    room.onReconnect(() => {
      back = true;
    });
    flood(room);
    cut(room);
    await until(() => !world.clients.get(room.sessionId));
    const { x } = world.state.players.get(room.sessionId)!;
    const since = ticks;
    await until(() => ticks > since + 5);
    expect(world.state.players.get(room.sessionId)!.x).toBe(x);
    await until(() => back);
  }
  expectHonest(0);
});

test("two connections of one player that take over from each other, both flooding", async () => {
  const rooms: Room<unknown, WorldState>[] = [];
  await keep(async () => {
    const room = await server.client(token).joinOrCreate<WorldState>("world");
    room.reconnection.enabled = false;
    rooms.push(room);
    for (const each of rooms.slice(-2)) flood(each);
    // Who comes back rests for two ticks: after those there is time for a step or two.
  }, 200);
  expect(rooms.length).toBeGreaterThan(3);
  expectHonest(STEP);
});

test("leaving and joining again in a loop, to be put forward", async () => {
  let joins = 0;
  await keep(async () => {
    const room = await server.client(token).joinOrCreate<WorldState>("world");
    joins++;
    flood(room);
    await room.leave();
  });
  expect(joins).toBeGreaterThan(5);
  expectHonest(0);
});

test("going from room to room on the same map, for a step in the next tick of each", async () => {
  // A fifth of a tick apart, so that wherever one arrives a tick is near.
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
  // Asked for ahead, so that a hop is no more than a connection.
  const seats = [0, 1, 2, 3, 4].map(reserve);
  let hops = 0;
  for (const end = performance.now() + TRY_MS; performance.now() < end; hops++) {
    const world = worlds[hops % 5]!;
    seats.push(reserve(hops + 5));
    const room = await server.client(token).consumeSeatReservation<WorldState>((await seats.shift()) as never);
    room.reconnection.enabled = false;
    for (let i = 0; i < 8; i++) room.send("move", "right");
    const x = world.state.players.get(room.sessionId)?.x;
    await until(() => world.state.players.get(room.sessionId)?.x !== x);
  }
  expect(hops).toBeGreaterThan(5);
  expectHonest(5 * STEP);
});
