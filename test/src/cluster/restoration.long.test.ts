// Tests that a new authority continues from a process's mirrored state, while the clients stay connected.
import type { Room } from "@colyseus/sdk";
import { afterEach, expect, test } from "@jest/globals";
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

/** Ends the authority, and runs `meanwhile`. Then creates a new authority from the state of the second replica. */
async function failOver(meanwhile: () => unknown = () => pause(300)): Promise<void> {
  cluster.endHost();
  await meanwhile();
  await cluster.createHost(cluster.replicas[1]);
}

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
  cut(lost.room);
  cluster.endHost();
  await pause(200);
  await cluster.createHost(cluster.replicas[1]);
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
  cluster.endHost();
  const during = claim(seats[0]);
  await until(() => cluster.replicas[0]!.connectionCount === 2);
  await cluster.createHost(cluster.replicas[1]);
  for (const [room, name] of [
    [await during, "during"],
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
