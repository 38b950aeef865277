// Frames that no client sends, against a server in a process of its own: a frozen one would take the test with it.
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS } from "../../rooms/errors.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startProcess } from "../support/process.ts";
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

/** Joins with a bare socket, as far as the handshake: the room still waits for its acknowledgement. */
async function shakeHands(server: string): Promise<WebSocket> {
  const answer = await fetch(`${server}/matchmake/joinOrCreate/world`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const { processId, roomId, sessionId } = (await answer.json()) as Record<string, string>;
  const socket = new WebSocket(`${server.replace("http", "ws")}/${processId}/${roomId}?sessionId=${sessionId}`);
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
