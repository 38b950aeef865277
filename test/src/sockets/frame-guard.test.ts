// Tests the frame guard of rooms: it closes the connection of a client that sends an invalid frame, and no other
// connection. Valid clients never send such frames.
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS } from "../../../schema/errors.ts";
import { cut } from "../../support/connection.ts";
import { PlainPlayer } from "../../support/plain.ts";
import { RawConnection } from "../../support/raw.ts";
import { RawPlayer } from "../../support/raw-player.ts";
import { pathOf, takeSeat } from "../../support/seat.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const server = startServer();

const JOINED = 10;
/** The code of pings and of the answers to them. */
const PING = 18;

/** This bit in the first byte of an input means that a time precedes the input's fields. */
const TIMED = 0x80;

const MOVE = [0xa4, 0x6d, 0x6f, 0x76, 0x65];
const LEFT = [0xa4, 0x6c, 0x65, 0x66, 0x74];
const REQUEST = [21, 0, ...MOVE, ...LEFT];

/** Takes a seat and receives the handshake, but does not acknowledge it. */
async function connectWithoutAcknowledging(): Promise<WebSocket> {
  const socket = new WebSocket(server.url.replace("http", "ws") + pathOf(await takeSeat(server.url)));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("message", resolve));
  return socket;
}

/** Resolves with the code and the reason with which the server closes the connection. */
function closing(socket: WebSocket): Promise<[number, string]> {
  return new Promise((resolve) => socket.once("close", (code, reason) => resolve([code, String(reason)])));
}

/** Returns an input as the framework sends it over unreliable transports, with or without a time. */
function unreliableInput(modifiers: number): number[] {
  const time = modifiers & TIMED ? [1, 0, 0, 0, 0] : [];
  return [20 | modifiers, ...time, 1, 2, 0x80, 1];
}

/** The valid first bytes: the codes that clients send, without modifier bits. */
const VALID_CODES = [10, 12, 13, 17, 18, 19, 21];

/** Invalid frames: an empty frame, and frames with valid first bytes. */
const INVALID_FRAMES: Array<[what: string, bytes: number[]]> = [
  ["an empty frame", []],
  ["a join acknowledgement with an extra byte", [10, 0]],
  ["a leave with an extra byte", [12, 0]],
  ["a ping with an extra byte", [18, 1]],
  ["a message without a type", [13]],
  ["a message whose type ends after the frame", [13, 0xa5, ...MOVE.slice(1)]],
  ["a message whose type has a two-byte length and ends after the frame", [13, 0xda, 2, 0, 0x61]],
  ["a message whose type has a four-byte length", [13, 0xdb, 1, 0, 0, 0, 0x61]],
  ["a message whose type is negative", [13, 0xff]],
  ["a message whose type is a fraction", [13, 0xca, 0, 0, 0xc0, 0x3f]],
  ["a message whose type is cut off", [13, 0xcd, 0]],
  ["a message whose type is not UTF-8", [13, 0xa2, 0xff, 0xff]],
  ["a message of bytes without a type", [17]],
  ["a request without a number", [21]],
  ["a request without a type", [21, 0]],
  ["a request with a negative number", [21, 0xd0, 0xfe, ...MOVE]],
  ["an input that switches to another structure", [19, 0xff, 1, 0x80, 1]],
  ["an input that removes a field", [19, 0x40, 1]],
  ["an input without a value", [19, 0x80]],
  ["an input of two values", [19, 0x80, 1, 1]],
];

/**
 * Frames with invalid first bytes: all unknown codes, and each known code with every combination of modifier bits. The
 * code 20 is always invalid: it stands for an input over an unreliable transport, and a WebSocket is reliable.
 */
const UNKNOWN_FRAMES = Array.from({ length: 256 }, (_, first) => first)
  .filter((first) => !VALID_CODES.includes(first) && (first < 0x20 || [20, ...VALID_CODES].includes(first & 0x1f)))
  .map((first): [what: string, bytes: number[]] => [
    `the first byte ${first}`,
    (first & 0x1f) === 20 ? unreliableInput(first & 0xe0) : [first, 0x80, 1],
  ]);

test("the server disconnects only the sender of an invalid frame, and removes only the sender's player", async () => {
  const witness = await PlainPlayer.join(server.url);
  const frames = [...INVALID_FRAMES, ...UNKNOWN_FRAMES];
  const send = async ([what, bytes]: (typeof frames)[number]) => {
    const player = await RawPlayer.join(server.url, {});
    const closed = closing(player.socket);
    player.send(Uint8Array.from(bytes));
    expect([what, ...(await closed)]).toEqual([what, ERRORS.badFrame.code, ERRORS.badFrame.message]);
  };
  // Sends the frames over twenty connections at a time. Each frame needs a join of its own, which takes several round
  // trips and a tick.
  for (let at = 0; at < frames.length; at += 20) await Promise.all(frames.slice(at, at + 20).map(send));
  await until(() => witness.players.size === 1);
  const { x, y } = witness.players.get(witness.id)!;
  witness.socket.send("left");
  witness.socket.send("down");
  await until(() => {
    const now = witness.players.get(witness.id)!;
    return now.x !== x || now.y !== y;
  });
});

test("a text frame over the SDK's protocol closes its sender's connection, even if the frame is empty", async () => {
  for (const text of ["left", ""]) {
    const player = await RawPlayer.join(server.url, {});
    const closed = closing(player.socket);
    player.socket.send(text);
    expect([text, ...(await closed)]).toEqual([text, ERRORS.badFrame.code, ERRORS.badFrame.message]);
  }
});

test("the frame guard accepts every kind of frame that the SDK sends", async () => {
  const player = await RawPlayer.join(server.url, {});
  const pongs = () => player.frames.filter((frame) => frame[0] === PING).length;
  const frames = [
    [13, ...MOVE, ...LEFT],
    [13, 0xd9, 40, ...Array<number>(40).fill(0x61)],
    [13, 0xda, 40, 0, ...Array<number>(40).fill(0x61)],
    [13, 0xa0],
    [13, 5],
    [13, 0xcd, 0x10, 0x27, 1],
    [17, 0xa1, 0x78, 0xff, 0xff],
    [19],
    [19, 0x80, 1],
    REQUEST,
    [21, 0xcc, 200, ...MOVE, ...LEFT],
  ];
  for (const frame of frames) {
    const before = pongs();
    player.send(Uint8Array.from(frame));
    player.send(Uint8Array.of(PING));
    await until(() => pongs() > before || player.closed !== undefined);
    expect([frame, player.closed]).toEqual([frame, undefined]);
  }
});

test("a client may send 64 frames before it acknowledges its join, and the next frame closes its connection", async () => {
  const socket = await connectWithoutAcknowledging();
  let code: number | undefined;
  socket.once("close", (closedWith) => {
    code = closedWith;
  });
  for (let sent = 0; sent < 64; sent++) socket.send(Uint8Array.from(REQUEST));
  const pong = new Promise((resolve) => socket.on("message", (frame: Buffer) => frame[0] === PING && resolve(frame)));
  // Pings do not count towards the limit of 64 frames.
  socket.send(Uint8Array.of(PING));
  await pong;
  expect(code).toBeUndefined();
  socket.send(Uint8Array.from(REQUEST));
  await until(() => code !== undefined);
  expect(code).toBe(ERRORS.badFrame.code);
});

test("the frame guard ignores a join acknowledgement that arrives before the handshake of the room", async () => {
  const connection = new RawConnection(server.port);
  const frame = (bytes: number[]) => Buffer.from([0x82, 0x80 | bytes.length, 0, 0, 0, 0, ...bytes]);
  const path = pathOf(await takeSeat(server.url));
  connection.socket.cork();
  connection.upgrade(path);
  connection.socket.write(frame([JOINED]));
  connection.socket.uncork();
  // Waits for the handshake, which contains the names of the state's fields, such as `facing`.
  await until(() => connection.received.includes("facing"));
  for (let sent = 0; sent < 65; sent++) connection.socket.write(frame(REQUEST));
  await until(() => connection.received.includes(ERRORS.badFrame.message));
});

test("the frame guard accepts the frames that an SDK client sends before the client acknowledges its reconnection", async () => {
  const room = await joinWithSdk(server);
  let left: number | undefined;
  const answers: unknown[] = [];
  room.onLeave((code) => {
    left = code;
  });
  room.onReconnect(() => {
    for (let i = 0; i < 20; i++) room.request("move", "left").then((answer) => answers.push(answer));
  });
  cut(room);
  await until(() => left !== undefined || answers.length === 20);
  expect([left, answers.length]).toEqual([undefined, 20]);
});

test("a message that cannot be decoded closes its sender's connection with code 4002, and the server logs no error", async () => {
  const player = await RawPlayer.join(server.url, {});
  const closed = closing(player.socket);
  // A `move` whose word is truncated.
  player.send(Uint8Array.of(13, ...MOVE, ...LEFT.slice(0, -1)));
  expect((await closed)[0]).toBe(4002);
});

test("the server logs an error that the handler of a frame throws, and closes only the sender's connection", async () => {
  server.expectLog(/failed to process a client's frame/);
  const witness = await PlainPlayer.join(server.url);
  const player = await RawPlayer.join(server.url, {});
  const room = await server.roomOf(player.seat.sessionId);
  const { ref } = room.clients.get(player.seat.sessionId) as unknown as { ref: WebSocket };
  ref.on("message", () => {
    throw new Error("boom");
  });
  const closed = closing(player.socket);
  player.send(Uint8Array.of(PING));
  expect((await closed)[0]).toBe(ERRORS.badFrame.code);
  await until(() => witness.players.size === 1);
});
