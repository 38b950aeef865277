// Tests an authority's rooms with clients that connect to two other processes, with the SDK and with plain WebSockets.
import { decode } from "@colyseus/schema";
import type { Room } from "@colyseus/sdk";
import { afterEach, expect, test } from "@jest/globals";
import { ClientState, Protocol } from "colyseus";
import { ERRORS, taggedMessage } from "../../../schema/errors.ts";
import type { WorldState } from "../../../schema/world-state.ts";
import { newPlayerId } from "../../../src/auth/tokens.ts";
import { startCluster } from "../../support/cluster.ts";
import { cut } from "../../support/connection.ts";
import { drawnMap, withObjects } from "../../support/maps.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { PredictingClient } from "../../support/predicting.ts";
import { until } from "../../support/until.ts";

const ROWS = ["............", ".....s......", "......#.....", "............"];
const plaza = drawnMap("plaza", ROWS);
const gate = { x: 300, y: 48, shape: "rectangle", width: 40, height: 200, properties: { portal: "meadow" } } as const;
const maps = new Map([
  ["plaza", withObjects(plaza, gate)],
  ["meadow", drawnMap("meadow", ROWS)],
]);
const cluster = startCluster(2, { maps });

const open: Room[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((room) => room.connection.isOpen && room.leave()));
  await until(() => cluster.rooms().every(({ state }) => state.players.size === 0));
});

/** Joins at a replica, and records errors and close codes. */
async function join(route: number, options: object = {}, token?: string) {
  cluster.route = route;
  const room = await cluster.client(token).joinOrCreate<WorldState>("world", options);
  open.push(room);
  room.reconnection.minUptime = 0;
  const errors: string[] = [];
  const codes: number[] = [];
  room.onError((_, message) => errors.push(message!));
  room.onLeave((code) => codes.push(code));
  await until(() => room.state.players?.has(room.sessionId));
  return { room, id: room.sessionId, errors, codes, self: () => room.state.players.get(room.sessionId)! };
}

test("clients of two processes see each other join, walk and leave", async () => {
  const one = await join(0, { name: "one" });
  const other = await join(1, { name: "other" });
  await until(() => one.room.state.players.has(other.id) && other.room.state.players.has(one.id));
  const { x } = one.self();
  one.room.send("move", "right");
  await until(() => other.room.state.players.get(one.id)!.x === x + 8);
  expect(other.room.state.players.get(one.id)!.toJSON()).toEqual(one.self().toJSON());
  expect(other.room.state).toMatchObject({ map: "plaza", width: 12 * 32, height: 4 * 32 });
  await one.room.leave();
  await until(() => !other.room.state.players.has(one.id));
  expect(one.codes).toEqual([4000]);
  await until(() => cluster.replicas[0]!.connectionCount === 0);
  expect(cluster.replicas[1]!.connectionCount).toBe(1);
});

test("the prediction of a client is exact, and every input is acknowledged once", async () => {
  cluster.route = 1;
  const walker = await PredictingClient.join(cluster.client(), plaza);
  open.push(walker.room);
  walker.room.onMessage("portal", () => {});
  walker.walk();
  await until(() => walker.sent >= 40);
  await walker.settle();
  expect(walker.drift).toBe(0);
  expect(walker.prediction.confirmed).toMatchObject({ x: walker.prediction.self.x, y: walker.prediction.self.y });
  expect(walker.room.input().lastProcessed).toBe(walker.sent);
});

test("a plain client in one process and an SDK client in another see each other walk and talk", async () => {
  cluster.route = 0;
  const plain = await PlainPlayer.join(cluster.url, "?name=plain");
  const sdk = await join(1);
  const heard: unknown[] = [];
  sdk.room.onMessage("say", (said) => heard.push(said));
  sdk.room.onMessage("wave", () => {});
  await until(() => sdk.room.state.players.has(plain.id) && plain.players.has(sdk.id));
  const { x } = plain.players.get(plain.id)!;
  plain.socket.send("right");
  await until(() => sdk.room.state.players.get(plain.id)!.x === x + 8 && plain.players.get(plain.id)!.x === x + 8);
  plain.socket.send(JSON.stringify({ type: "say", text: "hello" }));
  sdk.room.send("wave");
  await until(() => heard.length === 1 && plain.frames.some(({ type }) => type === "wave"));
  expect(heard).toEqual([{ id: plain.id, text: "hello" }]);
  expect(plain.frames.filter(({ type }) => type === "say")).toEqual([{ type: "say", id: plain.id, text: "hello" }]);
  plain.socket.send("nowhere");
  await until(() => plain.errors.length === 1);
  plain.socket.close();
  await until(() => !sdk.room.state.players.has(plain.id));
});

test("a client receives errors, a kick, and the answers to its requests and pings through its own process", async () => {
  const { room, id, errors, codes } = await join(1);
  room.send("move", "nowhere");
  await until(() => errors.length === 1);
  expect(errors).toEqual([ERRORS.badMove.message]);
  await expect(room.request("move", "nowhere")).rejects.toMatchObject({
    reason: taggedMessage("badMove", ERRORS.badMove.message),
  });
  expect(await new Promise((resolve) => room.ping(resolve))).toEqual(expect.any(Number));
  cluster.roomOf(id)!.kick(id, "You know why.");
  await until(() => codes.length === 1);
  expect([errors.at(-1), codes]).toEqual(["You know why.", [ERRORS.kicked.code]]);
});

test("a player walks through a portal into a room in which another process has clients", async () => {
  const token = await cluster.tokens.sign(newPlayerId());
  const { room } = await join(0, {}, token);
  const there = await join(1, { map: "meadow" });
  const portals: { map: string; arrival: string }[] = [];
  room.onMessage("portal", (message) => portals.push(message));
  const walking = setInterval(() => room.send("move", "right"), 50);
  await until(() => portals.length > 0);
  clearInterval(walking);
  const arrived = await join(0, portals[0], token);
  await until(() => there.room.state.players.has(arrived.id));
  expect(arrived.room.state.map).toBe("meadow");
  // The player's first session has ended, so the rooms have only two players in total.
  await until(() => cluster.rooms().reduce((sum, { state }) => sum + state.players.size, 0) === 2);
});

test("a disconnected client reconnects to another process, and keeps its session and its player object", async () => {
  const { room, id, codes, self } = await join(0);
  const witness = await join(1);
  await until(() => witness.room.state.players.has(id));
  room.send("move", "right");
  const { x } = self();
  await until(() => self().x === x + 8);
  const before = self();
  cluster.route = 1;
  cut(room);
  await until(() => cluster.replicas[1]!.connectionCount === 2 && room.connection.isOpen);
  room.send("move", "left");
  await until(() => self().x === x);
  expect([room.sessionId, codes, self() === before]).toEqual([id, [], true]);
  expect(witness.room.state.players.get(id)!.x).toBe(x);
});

test("a wrong token and an unknown seat are refused with the errors and the close codes of the framework", async () => {
  const { room, id } = await join(0);
  const refusalOf = async (query: string) => {
    const socket = new WebSocket(`${cluster.url.replace("http", "ws")}/x/${room.roomId}?${query}`);
    socket.binaryType = "arraybuffer";
    let error: unknown;
    socket.addEventListener("message", ({ data }) => {
      const at = { offset: 1 };
      error = [decode.number(new Uint8Array(data), at), decode.string(new Uint8Array(data), at)];
    });
    const code = await new Promise((resolve) => socket.addEventListener("close", (event) => resolve(event.code)));
    return { error, code };
  };
  const error = [524, "seat reservation expired."];
  expect(await refusalOf(`sessionId=${id}&reconnectionToken=wrong`)).toEqual({ error, code: 4003 });
  expect(await refusalOf("sessionId=unknown")).toEqual({ error, code: 4002 });
  // A session id is public, so a connection cannot take over a seat with the session id alone.
  expect(await refusalOf(`sessionId=${id}`)).toEqual({ error, code: 4002 });
  expect(room.connection.isOpen).toBe(true);
});

test("all reconnection tokens sent to a client stay valid until the client acknowledges a connection", async () => {
  const { room, id } = await join(0);
  room.reconnection.enabled = false;
  /** Reconnects with a token. @returns the socket, and the new token that the rooms have sent. */
  const returnWith = async (token: string) => {
    const query = `sessionId=${id}&reconnectionToken=${token}`;
    const socket = new WebSocket(`${cluster.url.replace("http", "ws")}/x/${room.roomId}?${query}`);
    socket.binaryType = "arraybuffer";
    const frame = await new Promise<Buffer>((resolve) =>
      socket.addEventListener("message", ({ data }) => resolve(Buffer.from(data)), { once: true }),
    );
    expect(frame[0]).toBe(Protocol.JOIN_ROOM);
    return { socket, token: frame.toString("utf8", 2, 2 + frame[1]!) };
  };
  const first = room.reconnectionToken.split(":")[1]!;
  const second = await returnWith(first);
  const third = await returnWith(first);
  cluster.endHost();
  await cluster.createHost(cluster.replicas[1]);
  const fourth = await returnWith(second.token);
  const fifth = await returnWith(third.token);
  fifth.socket.send(Buffer.of(Protocol.JOIN_ROOM));
  await until(() => cluster.rooms()[0]!.clients.get(id)?.state === ClientState.JOINED);
  fifth.socket.close();
  for (const token of [first, second.token, fourth.token]) {
    const refused = new WebSocket(
      `${cluster.url.replace("http", "ws")}/x/${room.roomId}?sessionId=${id}&reconnectionToken=${token}`,
    );
    expect(await new Promise((resolve) => refused.addEventListener("close", ({ code }) => resolve(code)))).toBe(4003);
  }
  const sixth = await returnWith(fifth.token);
  sixth.socket.send(Buffer.of(Protocol.JOIN_ROOM));
  sixth.socket.send(Buffer.of(Protocol.LEAVE_ROOM));
});

test("if two sockets in two processes claim the same seat at once, only one of them gets the seat", async () => {
  const seat = await fetch(`${cluster.url}/matchmake/joinOrCreate/world`, { method: "POST", body: "{}" });
  const { roomId, sessionId } = (await seat.json()) as { roomId: string; sessionId: string };
  const sockets = [0, 1].map(() => `${cluster.url.replace("http", "ws")}/x/${roomId}?sessionId=${sessionId}`);
  const results = sockets.map((url, route) => {
    cluster.route = route;
    const socket = new WebSocket(url);
    return new Promise<string>((resolve) => {
      socket.addEventListener("close", ({ code }) => resolve(`closed ${code}`));
      socket.binaryType = "arraybuffer";
      socket.addEventListener("message", ({ data }) => {
        if (new Uint8Array(data)[0] === 10) resolve("joined");
        socket.close(1000);
      });
    });
  });
  expect((await Promise.all(results)).sort()).toEqual(["closed 4002", "joined"]);
});

test("without an authority, a new WebSocket is closed after three seconds; the SDK reconnects to the next authority", async () => {
  const { room, codes, self } = await join(0);
  cluster.endHost();
  cut(room);
  const [replica] = cluster.replicas;
  const attempts = async (count: number) => {
    await until(() => replica!.connectionCount === count);
  };
  await attempts(0);
  await attempts(1);
  await attempts(0);
  await attempts(1);
  await cluster.createHost(cluster.replicas[1]);
  await until(() => room.connection.isOpen);
  const { x } = self();
  room.send("move", "left");
  await until(() => self().x === x - 8);
  expect(codes).toEqual([]);
});
