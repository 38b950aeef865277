// Frames that no client sends, against a server in a process of its own: a frozen one would take the test with it.
import { Client } from "@colyseus/sdk";
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS } from "../../rooms/errors.ts";
import { laggyNetwork } from "../support/lag.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startProcess } from "../support/process.ts";
import { RawConnection } from "../support/raw.ts";
import { until } from "../support/until.ts";

const UNRELIABLE_INPUT = 20;

/** Lengths that a frame may claim, in the number format of the framework: negative, not finite, absurd, cut off. */
const LENGTHS: Array<[what: string, bytes: number[]]> = [
  ["-2 in 8 bits", [0xd0, 0xfe]],
  ["-1 as a fixed number", [0xff]],
  ["-2 in 16 bits", [0xd1, 0xfe, 0xff]],
  ["-2 in 32 bits", [0xd2, 0xfe, 0xff, 0xff, 0xff]],
  ["-2 in 64 bits", [0xd3, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ["-2 as a float", [0xca, 0, 0, 0, 0xc0]],
  ["-infinity as a float", [0xca, 0, 0, 0x80, 0xff]],
  ["not a number as a float", [0xca, 0, 0, 0xc0, 0x7f]],
  ["infinity as a double", [0xcb, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f]],
  ["nothing", []],
];

/** Takes a seat. @returns the path of its WebSocket. */
async function takeSeat(server: string): Promise<string> {
  const answer = await fetch(`${server}/matchmake/joinOrCreate/world`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const { processId, roomId, sessionId } = (await answer.json()) as Record<string, string>;
  return `/${processId}/${roomId}?sessionId=${sessionId}`;
}

/** Joins with a bare socket, as far as the handshake: the room still waits for its acknowledgement. */
async function shakeHands(server: string): Promise<WebSocket> {
  const socket = new WebSocket(server.replace("http", "ws") + (await takeSeat(server)));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("message", resolve));
  return socket;
}

async function joinRaw(server: string): Promise<WebSocket> {
  const socket = await shakeHands(server);
  socket.send(Buffer.of(10));
  return socket;
}

test("closes whoever sends an unreliable input, and serves everybody else", async () => {
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const witness = await PlainPlayer.join(url);
  for (const modifiers of [0, 0x20, 0x40, 0x80, 0xe0]) {
    for (const [what, bytes] of LENGTHS) {
      const socket = await joinRaw(url);
      const closed = new Promise<[number, string]>((resolve) => {
        socket.once("close", (code, reason) => resolve([code, String(reason)]));
      });
      socket.send(Buffer.of(UNRELIABLE_INPUT | modifiers, 0, ...bytes));
      expect([what, modifiers, ...(await closed)]).toEqual([
        what,
        modifiers,
        ERRORS.badFrame.code,
        ERRORS.badFrame.sentence,
      ]);
    }
  }
  // Nobody who was closed keeps a place, and the world still ticks.
  await until(() => witness.players.size === 1);
  const { x, y } = witness.players.get(witness.id)!;
  witness.socket.send("left");
  witness.socket.send("down");
  await until(() => {
    const now = witness.players.get(witness.id)!;
    return now.x !== x || now.y !== y;
  });
});

const MOVE = [0xa4, 0x6d, 0x6f, 0x76, 0x65];
const LEFT = [0xa4, 0x6c, 0x65, 0x66, 0x74];

/** Frames that no client sends, besides those of unknown first bytes. */
const BAD: Array<[what: string, bytes: number[]]> = [
  ["nothing at all", []],
  ["a join with something behind it", [10, 0]],
  ["a leave with something behind it", [12, 0]],
  ["a ping with something behind it", [18, 1]],
  ["a message without a type", [13]],
  ["a message whose type ends behind the frame", [13, 0xa5, ...MOVE.slice(1)]],
  ["a message whose type is longer than 255 bytes, and is not there", [13, 0xda, 0xff, 0xff, 0x61]],
  ["a message whose type is 4 GB long", [13, 0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
  ["a message whose type is negative", [13, 0xff]],
  ["a message whose type is infinite", [13, 0xcb, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f]],
  ["a message whose type is cut off", [13, 0xcd, 0]],
  ["a message whose type is no UTF-8", [13, 0xa2, 0xff, 0xff]],
  ["a message with a modifier", [13 | 0x80, ...MOVE, ...LEFT]],
  ["bytes without a type", [17]],
  ["a request without a number", [21]],
  ["a request without a type", [21, 0]],
  ["a request with a negative number", [21, 0xd0, 0xfe, ...MOVE]],
  ["an input with a time", [19 | 0x80, 0, 0x80, 1]],
  ["an input that switches to another structure", [19, 0xff, 1, 0x80, 1]],
  ["an input that takes a field away", [19, 0x40, 1]],
  ["an input without a value", [19, 0x80]],
  ["an input of two values", [19, 0x80, 1, 1]],
  ["an input of 65 bytes", [19, 0x80, ...Array<number>(63).fill(1)]],
];

/** First bytes that clients send. */
const GOOD = [10, 12, 13, 17, 18, 19, 21];

test("closes whoever sends what no client sends, and keeps no seat", async () => {
  const server = startProcess({ LOG_LEVEL: "silent", MAX_CONNECTIONS_PER_ADDRESS: "0" });
  const url = `http://127.0.0.1:${await server.listening()}`;
  const witness = await PlainPlayer.join(url);
  const unknown = Array.from({ length: 256 }, (_, first) => first).filter((first) => !GOOD.includes(first));
  for (const [what, bytes] of [...BAD, ...unknown.map((first): [string, number[]] => [`${first}`, [first, 0x80, 1]])]) {
    const socket = await joinRaw(url);
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    socket.send(Buffer.from(bytes));
    expect([what, await closed]).toEqual([what, ERRORS.badFrame.code]);
  }
  await until(() => witness.players.size === 1);
});

test("lets through what the SDK sends", async () => {
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const socket = await joinRaw(url);
  const answers: number[] = [];
  socket.on("message", (data: Buffer) => answers.push(data[0]! & 0x1f));
  const PONG = 18;
  const frames = [
    [13, ...MOVE, ...LEFT],
    [13, 0xd9, 40, ...Array<number>(40).fill(0x61)],
    [13, 0xda, 0x2c, 1, ...Array<number>(300).fill(0x61)],
    [13, 0xa0],
    [13, 5],
    [13, 0xcd, 0x10, 0x27, 1],
    [17, 0xa1, 0x78, 0xff, 0xff],
    [19],
    [19, 0x80, 1],
    [21, 0, ...MOVE, ...LEFT],
    [21, 0xcc, 200, ...MOVE, ...LEFT],
  ];
  for (const frame of frames) {
    socket.send(Buffer.from(frame));
    const before = answers.filter((code) => code === PONG).length;
    socket.send(Buffer.of(18));
    await until(() => answers.filter((code) => code === PONG).length > before || socket.readyState !== WebSocket.OPEN);
    expect([frame, socket.readyState]).toEqual([frame, WebSocket.OPEN]);
  }
  socket.close();
});

const REQUEST = [21, 0, ...MOVE, ...LEFT];

test("who does not acknowledge its join is closed, instead of having its answers kept without end", async () => {
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const socket = await shakeHands(url);
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  for (let i = 0; i < 2000; i++) socket.send(Buffer.from(REQUEST));
  expect(await closed).toBe(ERRORS.badFrame.code);
});

test("nor is an acknowledgement one that comes before the room can have asked for it", async () => {
  const server = startProcess();
  const port = await server.listening();
  const connection = new RawConnection(port);
  const frame = (bytes: number[]) => Buffer.from([0x82, 0x80 | bytes.length, 0, 0, 0, 0, ...bytes]);
  const path = await takeSeat(`http://127.0.0.1:${port}`);
  connection.socket.cork();
  connection.upgrade(path);
  connection.socket.write(frame([10]));
  connection.socket.uncork();
  // The room's handshake has the names of its fields.
  await until(() => connection.received.includes("facing"));
  for (let i = 0; i < 100; i++) connection.socket.write(frame(REQUEST));
  await until(() => connection.closed);
  expect(connection.received).toContain(ERRORS.badFrame.sentence);
});

test("what the SDK sends before it acknowledges that it is back is taken", async () => {
  const server = startProcess();
  const network = await laggyNetwork(await server.listening(), 1);
  const client = new Client(network.url);
  client.auth.token = undefined as unknown as string;
  const room = await client.joinOrCreate("world");
  let left: number | undefined;
  const answers: unknown[] = [];
  room.onLeave((code) => {
    left = code;
  });
  room.reconnection.minUptime = 0;
  room.onReconnect(() => {
    for (let i = 0; i < 20; i++) room.request("move", "left").then((answer) => answers.push(answer));
  });
  await until(() => room.state.players?.size === 1);
  network.cut();
  await until(() => left !== undefined || answers.length === 20, 20_000).finally(() => {
    room.reconnection.enabled = false;
    network.close();
  });
  expect([left, answers.length]).toEqual([undefined, 20]);
});

test("junk of every first byte, a text frame and a megabyte end at most their own connection", async () => {
  const server = startProcess({ LOG_LEVEL: "silent" });
  const url = `http://127.0.0.1:${await server.listening()}`;
  const witness = await PlainPlayer.join(url);
  const start = { ...witness.players.get(witness.id)! };
  for (let first = 0; first < 256; first++) {
    const socket = await joinRaw(url);
    socket.send(Buffer.of(first, 0xff, 0xd9, 0xff, 0xc1, 0x80, 0xc8, 0xdf, 0xff, 0xff));
    socket.send(Buffer.of(first));
    socket.send(Buffer.alloc(300, first));
    socket.close();
  }
  for (const frame of ["left", "", Buffer.alloc(0), Buffer.alloc(1_000_000, 13), "좌".repeat(350_000)]) {
    const socket = await joinRaw(url);
    socket.send(frame);
    socket.close();
    await until(() => socket.readyState === WebSocket.CLOSED);
  }
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(witness.players.get(witness.id)).toEqual(start);
  witness.socket.send("north");
  await until(() => witness.errors.length === 1);
  expect(server.hasEnded()).toBe(false);
});

test("a connection lost before its join was acknowledged leaves no rejected promise behind", async () => {
  // Such a client may not come back, and allowReconnection() says so by rejecting: left bare, that could end the process.
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const witness = await PlainPlayer.join(url);
  for (let i = 0; i < 3; i++) {
    const socket = await shakeHands(url);
    await until(() => witness.players.size === 2);
    socket.terminate();
    await until(() => witness.players.size === 1);
  }
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(server.stdout() + server.stderr()).not.toMatch(/rejected|ERROR|FATAL/);
});
