// Tests that a new authority continues from a process's mirrored state, while the clients stay connected.
import { $refId, type IRef } from "@colyseus/schema";
import type { Room } from "@colyseus/sdk";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ERRORS } from "../../../schema/errors.ts";
import type { WorldState } from "../../../schema/world-state.ts";
import { newPlayerId } from "../../../src/auth/tokens.ts";
import { Mirror } from "../../../src/cluster/mirror/mirror.ts";
import { startCluster } from "../../support/cluster.ts";
import { cut } from "../../support/connection.ts";
import { drawnMap } from "../../support/maps.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { PredictingClient } from "../../support/predicting.ts";
import { until } from "../../support/until.ts";

const ROWS = ["..............", "......s.......", "........#.....", ".............."];
const plaza = drawnMap("plaza", ROWS);
const RECONNECTION_SECONDS = 4;
const cluster = startCluster(2, { maps: new Map([["plaza", plaza]]), reconnectionSeconds: RECONNECTION_SECONDS });

const open: Room[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((room) => room.connection.isOpen && room.leave()));
  await until(() => cluster.rooms().every(({ state }) => state.players.size === 0));
});

async function join(route: number, options: object = {}, token?: string) {
  cluster.route = route;
  const room = await cluster.client(token).joinOrCreate<WorldState>("world", options);
  open.push(room);
  room.reconnection.minUptime = 0;
  const codes: number[] = [];
  room.onLeave((code) => codes.push(code));
  await until(() => room.state.players?.has(room.sessionId));
  return { room, id: room.sessionId, codes, self: () => room.state.players.get(room.sessionId)! };
}

/** Waits for this many milliseconds. */
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether the rooms of the next authority are prepared, from a state that is a few ticks older than the last one. */
let isPrepared = false;

/** Ends the authority, and runs `meanwhile`. Then creates a new authority from the state of the second replica. */
async function failOver(meanwhile: () => unknown = () => pause(300)): Promise<void> {
  const replica = cluster.replicas[1]!;
  const early = cluster.snapshotOf(replica);
  if (isPrepared) await pause(150);
  cluster.endHost();
  await meanwhile();
  if (isPrepared) await cluster.prepareHost(early);
  await cluster.createHost(replica);
}

describe.each([
  ["a failover:", false],
  ["a handover to prepared rooms:", true],
])("%s", (_, value) => {
  beforeEach(() => {
    isPrepared = value;
  });

  test("clients walk on with exact prediction, and every input is applied once, over three failovers", async () => {
    const walkers: PredictingClient[] = [];
    for (const route of [0, 1, 0]) {
      cluster.route = route;
      walkers.push(await PredictingClient.join(cluster.client(), plaza, { name: `walker ${walkers.length}` }));
    }
    open.push(...walkers.map(({ room }) => room));
    for (const walker of walkers) walker.walk();
    for (const sent of [20, 60, 100]) {
      await until(() => walkers.every((walker) => walker.sent >= sent));
      await failOver();
    }
    await until(() => walkers.every((walker) => walker.sent >= 130));
    await Promise.all(walkers.map((walker) => walker.settle()));
    for (const { room, self, drift, prediction, sent, clocks } of walkers) {
      expect(drift).toBe(0);
      expect(room.input().lastProcessed).toBe(sent);
      expect(prediction.confirmed).toMatchObject({ x: prediction.self.x, y: prediction.self.y });
      expect(room.state.players.get(room.sessionId)).toBe(self);
      expect(room.state.players.size).toBe(walkers.length);
      expect(clocks).toEqual([...clocks].sort((one, other) => one - other));
      expect(clocks.at(-1)! - clocks[0]!).toBeGreaterThan(sent * 40);
    }
    const { state } = cluster.roomOf(walkers[0]!.room.sessionId)!;
    for (const { room } of walkers)
      expect(room.state.players.get(room.sessionId)!.toJSON()).toEqual(state.players.get(room.sessionId)!.toJSON());
  });

  test("a plain client stays connected during a failover, and its queued words are applied afterwards", async () => {
    cluster.route = 0;
    const plain = await PlainPlayer.join(cluster.url, "?name=plain");
    const witness = await join(1);
    const { x } = plain.players.get(plain.id)!;
    for (let step = 0; step < 3; step++) plain.socket.send("left");
    await failOver();
    await until(() => plain.players.get(plain.id)!.x === x - 24);
    await until(() => witness.room.state.players.get(plain.id)!.x === x - 24);
    expect(witness.room.state.players.get(plain.id)!.name).toBe("plain");
    plain.socket.close();
    await until(() => !witness.room.state.players.has(plain.id));
  });

  test("a client that loses its connection after a failover returns with its token from before the failover", async () => {
    const { room, id, codes, self } = await join(0);
    const player = self();
    for (let round = 0; round < 2; round++) {
      await failOver();
      cluster.route = 1 - cluster.route;
      cut(room);
      await until(() => cluster.replicas[cluster.route]!.connectionCount === 1 && room.connection.isOpen);
      const { x } = self();
      room.send("move", "left");
      await until(() => self().x === x - 8);
    }
    expect([room.sessionId, codes, self() === player]).toEqual([id, [], true]);
  });

  test("held seats survive a failover: one client returns to its seat, and another seat expires at its original time", async () => {
    const lost = await join(0, { name: "lost" });
    const gone = await join(0, { name: "gone" });
    const witness = await join(1);
    gone.room.reconnection.enabled = false;
    const { x } = lost.self();
    lost.room.send("move", "right");
    await until(() => lost.self().x === x + 8);
    cut(gone.room);
    const expiry = () => {
      const mirror = new Mirror();
      mirror.read(cluster.replicas[0]!.snapshot());
      return mirror.sessions.get(gone.id)?.until;
    };
    const before = await until(expiry);
    await failOver(() => {
      cut(lost.room);
      return pause(200);
    });
    await until(() => lost.room.connection.isOpen && cluster.replicas[1]!.connectionCount === 2);
    lost.room.send("move", "right");
    await until(() => lost.self().x === x + 16);
    expect(lost.codes).toEqual([]);
    expect(expiry()).toBe(before);
    expect(witness.room.state.players.has(gone.id)).toBe(true);
    await until(() => !witness.room.state.players.has(gone.id));
  });

  test("a seat that was reserved before a failover can be claimed during and after the failover", async () => {
    await join(0);
    const seats = await Promise.all(
      ["during", "after"].map(async (name) => {
        const body = JSON.stringify({ name });
        const answer = await fetch(`${cluster.url}/matchmake/joinOrCreate/world`, { method: "POST", body });
        return answer.json();
      }),
    );
    await pause(100);
    const claim = async (seat: unknown) => {
      const room = await cluster.client().consumeSeatReservation<WorldState>(seat as never);
      open.push(room);
      return room;
    };
    let during: ReturnType<typeof claim> | undefined;
    await failOver(() => {
      during = claim(seats[0]);
      return until(() => cluster.replicas[0]!.connectionCount === 2);
    });
    for (const [room, name] of [
      [await during!, "during"],
      [await claim(seats[1]), "after"],
    ] as const)
      await until(() => room.state.players?.get(room.sessionId)?.name === name);
  });

  test("the new authority confirms a known connection if the connection's process repeats the connect request", async () => {
    const { room, id } = await join(0);
    await failOver();
    const [connection] = cluster.replicas[0]!.connections() as Iterable<{ id: string }>;
    const request = {
      session: id,
      room: room.roomId,
      connection: connection!.id,
      skipHandshake: false,
      transport: "sdk",
    };
    expect(await cluster.ask("process-0", { type: "connect", ...request })).toEqual({ type: "connected" });
    const other = await cluster.ask("process-0", { type: "connect", ...request, connection: "other" });
    expect(other).toMatchObject({ type: "refused", code: 524 });
    expect(room.connection.isOpen).toBe(true);
  });

  test("the mirrored data of a session does not grow with the number of failovers", async () => {
    await join(0);
    await failOver();
    const { length } = cluster.replicas[0]!.snapshot();
    for (let round = 0; round < 3; round++) await failOver();
    // Numbers in the snapshot may have grown, and then take a few more bytes.
    expect(cluster.replicas[0]!.snapshot().length).toBeLessThan(length + 20);
  });

  test("a signed-in player keeps its identity in a failover: the player is saved, and a second join ends the first session", async () => {
    const id = newPlayerId();
    const token = await cluster.tokens.sign(id);
    const first = await join(0, { name: "known" }, token);
    await failOver();
    const { x } = first.self();
    first.room.send("move", "left");
    await until(() => cluster.records.get(`${id} plaza`)?.x === x - 8);
    const second = await join(1, {}, token);
    await until(() => first.codes.length === 1);
    expect(first.codes).toEqual([ERRORS.takenOver.code]);
    expect(second.self()).toMatchObject({ name: "known", x: x - 8 });
    expect(cluster.rooms().reduce((sum, { state }) => sum + state.players.size, 0)).toBe(1);
  });
});

describe("rooms that were prepared before sessions changed:", () => {
  /** The walk of the players whose moves the tests check. */
  async function stepLeft({ room, self }: Awaited<ReturnType<typeof join>>): Promise<number> {
    const { x } = self();
    room.send("move", "left");
    await until(() => self().x === x - 8);
    return x - 8;
  }

  /** Ends the authority, and creates a new one from rooms that were prepared from an earlier state. */
  async function handOver(early: Parameters<typeof cluster.prepareHost>[0]): Promise<void> {
    cluster.endHost();
    await cluster.prepareHost(early);
    await cluster.createHost(cluster.replicas[1]);
  }

  test("players that moved, left, joined, or have another connection are as they were last", async () => {
    const moved = await join(0, { name: "moved" });
    const left = await join(0, { name: "left" });
    const back = await join(0, { name: "back" });
    const lost = await join(1, { name: "lost" });
    const plain = await PlainPlayer.join(cluster.url, "?name=plain");
    lost.room.reconnection.enabled = false;
    const early = cluster.snapshotOf(cluster.replicas[1]!);
    const x = await stepLeft(moved);
    await left.room.leave();
    plain.socket.close();
    const late = await join(1, { name: "late" });
    cluster.route = 1;
    cut(back.room);
    cut(lost.room);
    await until(() => back.room.connection.isOpen && cluster.replicas[1]!.connectionCount === 2);
    const backAt = await stepLeft(back);
    await until(() => moved.room.state.players.size === 4);
    await handOver(early);
    const { state } = cluster.roomOf(moved.id)!;
    const names = [...state.players.values()].map(({ name }) => name).sort();
    expect(names).toEqual(["back", "late", "lost", "moved"]);
    expect(state.players.get(moved.id)).toMatchObject({ x });
    expect(state.players.get(back.id)).toMatchObject({ x: backAt });
    for (const one of [moved, back, late]) await stepLeft(one);
    // The seat of the lost connection is held, and expires.
    await until(() => !moved.room.state.players.has(lost.id));
    expect([moved.codes, back.codes, late.codes]).toEqual([[], [], []]);
  });

  test("a player that joins afterwards has its own reference id, also if players joined since the preparation", async () => {
    const witness = await join(0, { name: "witness" });
    const early = cluster.snapshotOf(cluster.replicas[1]!);
    await join(0, { name: "between" });
    await handOver(early);
    const next = await join(1, { name: "next" });
    await until(() => witness.room.state.players.size === 3);
    for (const { room } of [witness, next]) {
      const players = [...room.state.players.values()];
      expect(players.map(({ name }) => name).sort()).toEqual(["between", "next", "witness"]);
      expect(new Set(players.map((player) => (player as IRef)[$refId])).size).toBe(3);
    }
  });

  test("inputs that were queued before the preparation and applied since are not applied again", async () => {
    const walker = await PredictingClient.join(cluster.client(), plaza, { name: "walker" });
    open.push(walker.room);
    walker.walk();
    for (const sent of [20, 60]) {
      await until(() => walker.sent >= sent);
      const early = cluster.snapshotOf(cluster.replicas[1]!);
      await until(() => walker.sent >= sent + 10);
      await handOver(early);
    }
    await until(() => walker.sent >= 90);
    await walker.settle();
    expect(walker.drift).toBe(0);
    expect(walker.room.input().lastProcessed).toBe(walker.sent);
  });

  test("inputs are applied once if the handover interrupts the preparation, whatever the preparation is doing", async () => {
    const walkers = await Promise.all(
      ["one", "two", "three"].map((name) => PredictingClient.join(cluster.client(), plaza, { name })),
    );
    open.push(...walkers.map(({ room }) => room));
    for (const walker of walkers) walker.walk();
    for (let turns = 0; turns < 12; turns++) {
      const early = cluster.snapshotOf(cluster.replicas[1]!);
      await pause(120);
      cluster.endHost();
      const prepared = cluster.prepareHost(early);
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      await cluster.createHost(cluster.replicas[1]);
      await prepared;
    }
    await Promise.all(walkers.map((walker) => walker.settle()));
    for (const { drift, room, sent } of walkers) {
      expect(drift).toBe(0);
      expect(room.input().lastProcessed).toBe(sent);
    }
  });

  test("prepared rooms save nothing, and the new authority saves what is newer than the preparation", async () => {
    const id = newPlayerId();
    const gone = newPlayerId();
    const known = await join(0, { name: "known" }, await cluster.tokens.sign(id));
    const leaver = await join(0, { name: "leaver" }, await cluster.tokens.sign(gone));
    const early = cluster.snapshotOf(cluster.replicas[1]!);
    const x = await stepLeft(known);
    const goneAt = await stepLeft(leaver);
    await leaver.room.leave();
    await until(() => cluster.records.get(`${gone} plaza`)?.x === goneAt && !known.room.state.players.has(leaver.id));
    cluster.endHost();
    cluster.records.delete(`${id} plaza`);
    await cluster.prepareHost(early);
    expect(cluster.records.has(`${id} plaza`)).toBe(false);
    await cluster.createHost(cluster.replicas[1]);
    await until(() => cluster.records.get(`${id} plaza`)?.x === x);
    expect(cluster.records.get(`${gone} plaza`)?.x).toBe(goneAt);
  });

  test("the clock of a room goes on as if the preparation took no time", async () => {
    const { id } = await join(0);
    const clockOf = () => cluster.roomOf(id)!.clock.elapsedTime;
    const early = cluster.snapshotOf(cluster.replicas[1]!);
    const [before, startedAt] = [clockOf(), performance.now()];
    cluster.endHost();
    await cluster.prepareHost(early);
    await pause(400);
    await cluster.createHost(cluster.replicas[1]);
    await pause(200);
    expect(Math.abs(clockOf() - before - (performance.now() - startedAt))).toBeLessThan(150);
  });

  test("prepared rooms are discarded, and rooms are restored from the last state alone", async () => {
    const one = await join(0, { name: "one" });
    const early = cluster.snapshotOf(cluster.replicas[1]!);
    const x = await stepLeft(one);
    cluster.endHost();
    (await cluster.prepareHost(early))();
    await cluster.createHost(cluster.replicas[1]);
    await stepLeft(one);
    expect(one.self().x).toBe(x - 8);
    expect(one.codes).toEqual([]);
    expect(cluster.roomOf(one.id)!.state.players.size).toBe(1);
  });
});
