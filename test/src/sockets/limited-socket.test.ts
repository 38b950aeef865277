// The limits of sockets: clients that send too much and clients that do not read, over both protocols.
import { once } from "node:events";
import { Decoder } from "@colyseus/schema";
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS } from "../../../schema/errors.ts";
import { Player } from "../../../schema/player.ts";
import { WorldState } from "../../../schema/world-state.ts";
import { drawnMap } from "../../support/maps.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { RawConnection } from "../../support/raw.ts";
import { pathOf, takeSeat } from "../../support/seat.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const MESSAGES_PER_SECOND = 100;
const BUFFER_BYTES = 65_536;
/** Seconds for which a connection may be backpressured. */
const MAX_BACKPRESSURE_SECONDS = 1;

const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", ["......", "..s...", "......"])]]),
  edge: {
    maxMessagesPerSecond: MESSAGES_PER_SECOND,
    maxSendBufferBytes: BUFFER_BYTES,
    maxBackpressureSeconds: MAX_BACKPRESSURE_SECONDS,
  },
});
const refused = () => server.app.edgeCounters.refused;

/** A room client whose socket can pause, unlike the SDK's socket. It decodes states with the framework's decoder. */
class RoomReader {
  readonly #decoder = new Decoder(new WorldState());
  readonly socket: WebSocket;
  readonly id: string;

  private constructor(socket: WebSocket, id: string) {
    this.socket = socket;
    this.id = id;
    socket.on("message", (data: Buffer) => {
      const code = data[0]! & 0x1f;
      if (code === 10) socket.send(Buffer.of(10));
      else if (code === 14) this.#decoder.decodeResync(data, { offset: 9 });
      else if (code === 15 && data.length > 9) this.#decoder.decode(data, { offset: 9 });
    });
  }

  static async join(): Promise<RoomReader> {
    const seat = await takeSeat(server.url);
    const reader = new RoomReader(new WebSocket(server.wsUrl + pathOf(seat)), seat.sessionId);
    await until(() => reader.players().has(seat.sessionId));
    return reader;
  }

  players(): ReadonlyMap<string, Player> {
    return this.#decoder.state.players as unknown as ReadonlyMap<string, Player>;
  }
}

/** Returns a frame as a client sends it. The masking key is 0, so the payload stays unchanged. */
function frameOf(opcode: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0), payload]);
}

/** Joins with a raw connection. */
async function joinRaw(): Promise<{ connection: RawConnection; sessionId: string }> {
  const seat = await takeSeat(server.url);
  const connection = new RawConnection(server.port);
  connection.upgrade(pathOf(seat));
  await until(() => connection.received.length > 300);
  connection.socket.write(frameOf(2, Buffer.of(10)));
  return { connection, sessionId: seat.sessionId };
}

test("a client may send 2000 moves in a burst, but loses its connection and seat if it keeps flooding", async () => {
  const witness = await joinWithSdk(server);
  const client = await joinWithSdk(server);
  client.reconnection.enabled = false;
  let left: number | undefined;
  client.onLeave((code) => {
    left = code;
  });
  for (let i = 0; i < 2000; i++) client.send("move", "left");
  await new Promise((resolve) => client.ping(resolve));
  expect(left).toBeUndefined();
  const before = refused().flooding;
  const flood = setInterval(() => {
    for (let i = 0; i < 50 && left === undefined; i++) client.send("move", "left");
  }, 5);
  await until(() => left !== undefined);
  clearInterval(flood);
  expect([left, refused().flooding - before]).toEqual([ERRORS.flooding.code, 1]);
  // The server does not hold the client's seat: it removes the player long before the reconnection timeout of 20 s.
  await until(() => witness.state.players.size === 1, 5000);
  await witness.leave();
});

test.each([
  ["valid words", (socket: WebSocket) => socket.send("left")],
  ["invalid words", (socket: WebSocket) => socket.send("north")],
  ["pongs", (socket: WebSocket) => socket.pong()],
])("a client that floods a plain WebSocket with %s is disconnected", async (_what, send) => {
  const player = await PlainPlayer.join(server.url);
  for (let i = 0; i < 2000; i++) send(player.socket);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(player.closed).toBeUndefined();
  for (let i = 0; i < 1000 && !player.closed; i++) send(player.socket);
  await until(() => player.closed);
  expect(player.closed).toEqual({ code: ERRORS.flooding.code, reason: ERRORS.flooding.message });
});

test("a client that floods its WebSocket before it has joined is disconnected", async () => {
  const socket = new WebSocket(`${server.wsUrl}/`);
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await new Promise((resolve) => socket.once("open", resolve));
  for (let i = 0; i < 3000; i++) socket.send(Buffer.of(18));
  expect(await closed).toBe(ERRORS.flooding.code);
});

test("a client that floods a plain WebSocket with pings is disconnected", async () => {
  const player = await PlainPlayer.join(server.url);
  for (let i = 0; i < 5000 && !player.closed; i++) player.socket.ping();
  await until(() => player.closed);
});

type Room = Awaited<ReturnType<typeof server.roomOf>>;

/** Returns the server's end of a connection. */
const serverSocket = (room: Room, id: string) => room.clients.get(id)!.ref as unknown as { isBackpressured: boolean };

/** More bytes than the kernel's buffers and the send buffer of a client can hold together. */
const MAX_FILL_BYTES = 4 * BUFFER_BYTES + 64 * 1_048_576;

/**
 * Sends errors to a client that has stopped reading, until its socket is backpressured. This first fills the kernel's
 * buffers, and then the client's send buffer up to the threshold.
 * @throws if the socket is not backpressured after MAX_FILL_BYTES.
 */
function fill(room: Room, id: string): void {
  const client = room.clients.get(id)!;
  const text = "x".repeat(4000);
  for (let sent = 0; !serverSocket(room, id).isBackpressured; sent += text.length) {
    if (sent > MAX_FILL_BYTES) throw new Error(`the socket is not backpressured after ${sent} unread bytes`);
    client.error(4999, text);
  }
}

/** Counts the ticks of a room from now on. Returns a function that returns the count. */
function ticksOf(room: Room): () => number {
  let ticks = 0;
  const step = room.step.bind(room);
  room.step = () => {
    step();
    ticks++;
  };
  return () => ticks;
}

/** Changes two hundred players in every tick, so that patches are large. Returns a function that ends the changes. */
function makeLargePatches(room: Room): () => void {
  const names = ["a", "b"].map((letter) => letter.repeat(100));
  const crowd = Array.from({ length: 200 }, (_, i) => {
    const player = new Player().assign({ name: "crowd", x: 80, y: 48, facing: 4 });
    room.state.players.set(`crowd-${i}`, player);
    return player;
  });
  let turn = 0;
  const timer = setInterval(() => {
    turn++;
    for (const player of crowd) player.assign({ name: names[turn % 2]! });
  }, 20);
  return () => {
    clearInterval(timer);
    for (let i = 0; i < crowd.length; i++) room.state.players.delete(`crowd-${i}`);
  };
}

test("a client that stops reading gets no more patches, and is disconnected when its send buffer is full", async () => {
  const { connection, sessionId } = await joinRaw();
  const room = await server.roomOf(sessionId);
  connection.socket.pause();
  fill(room, sessionId);
  const end = makeLargePatches(room);
  const socket = serverSocket(room, sessionId) as unknown as WebSocket;
  const ticks = ticksOf(room);
  await until(() => ticks() > 40);
  end();
  // The skipped patches would have added 800 kB. The expected maximum includes one full state, which the server
  // sends if the kernel accepts some of the queued bytes.
  expect(socket.bufferedAmount).toBeLessThan(BUFFER_BYTES / 4 + 30_000);
  const before = refused().slowConsumer;
  const closed = once(socket, "close");
  // Only patches are skipped. The error messages about invalid moves fill the send buffer.
  const badMove = frameOf(2, Buffer.of(13, 0xa4, 0x6d, 0x6f, 0x76, 0x65, 0xa1, 0x78));
  for (let i = 0; i < 1500; i++) connection.socket.write(badMove);
  await until(() => refused().slowConsumer === before + 1);
  expect(socket.bufferedAmount).toBeLessThan(BUFFER_BYTES + 30_000);
  // The server does not hold the client's seat, and destroys the connection although the client never reads the close
  // frame.
  await until(() => !room.state.players.has(sessionId), 5000);
  connection.socket.resume();
  await until(() => connection.closed);
  expect((await closed)[0]).toBe(4314);
});

test("a client that sends pongs but does not read is disconnected after a timeout", async () => {
  const { connection, sessionId } = await joinRaw();
  const room = await server.roomOf(sessionId);
  connection.socket.pause();
  fill(room, sessionId);
  const pong = setInterval(() => connection.socket.write(frameOf(10)), 200);
  const before = refused().slowConsumer;
  const closed = once(serverSocket(room, sessionId) as unknown as WebSocket, "close");
  await until(() => refused().slowConsumer === before + 1, 40_000).finally(() => clearInterval(pong));
  await until(() => !room.state.players.has(sessionId), 5000);
  expect((await closed)[0]).toBe(4314);
});

test.each(["plain", "room"])(
  "a slow client of the %s protocol receives the current state as soon as the client reads again",
  async (kind) => {
    const witness = await joinWithSdk(server);
    const room = await server.roomOf(witness.sessionId);
    room.state.players.set("early", new Player().assign({ name: "early", x: 80, y: 48, facing: 2 }));
    const reader = kind === "plain" ? await PlainPlayer.join(server.url) : await RoomReader.join();
    const seen = () => (reader instanceof PlainPlayer ? reader.players : reader.players());
    await until(() => seen().has("early"));
    reader.socket.pause();
    fill(room, reader.id);
    const ticks = ticksOf(room);
    // While the client does not read, one player leaves, one joins and one walks.
    room.state.players.delete("early");
    room.state.players.set("late", new Player().assign({ name: "late", x: 88, y: 48, facing: 2 }));
    witness.send("move", "left");
    await until(() => ticks() > 5);
    expect(serverSocket(room, reader.id).isBackpressured).toBe(true);
    reader.socket.resume();
    const positions = (players: ReadonlyMap<string, { x: number; y: number }>) =>
      JSON.stringify([...players].map(([id, { x, y }]) => [id, x, y]).sort());
    await until(() => positions(seen()) === positions(room.state.players as unknown as Map<string, Player>));
    // The client also receives later changes.
    witness.send("move", "up");
    const { y } = witness.state.players.get(witness.sessionId)!;
    await until(() => seen().get(witness.sessionId)?.y === y - 8);
    room.state.players.delete("late");
    reader.socket.close();
    await witness.leave();
  },
);

test("the server counts open sockets, sent frames and sent bytes", async () => {
  const { edgeCounters } = server.app;
  await until(() => edgeCounters.sockets.size === 0);
  const before = { frames: edgeCounters.framesOut, bytes: edgeCounters.bytesOut };
  const [sdk, plain] = [await joinWithSdk(server), await PlainPlayer.join(server.url)];
  expect(edgeCounters.sockets.size).toBe(2);
  expect(edgeCounters.framesOut - before.frames).toBeGreaterThanOrEqual(4);
  expect(edgeCounters.bytesOut - before.bytes).toBeGreaterThan(300);
  const [first] = edgeCounters.sockets as unknown as Set<WebSocket>;
  plain.socket.terminate();
  await sdk.leave();
  await until(() => edgeCounters.sockets.size === 0);
  // A frame for a closed socket is not counted.
  const after = { frames: edgeCounters.framesOut, bytes: edgeCounters.bytesOut };
  first!.send(Buffer.of(1), () => {});
  expect({ frames: edgeCounters.framesOut, bytes: edgeCounters.bytesOut }).toEqual(after);
});
