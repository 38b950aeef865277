// Tests the plain protocol frame by frame, as docs/protocol.md specifies it.
import { execFile } from "node:child_process";
import type { EventEmitter } from "node:events";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { ERRORS } from "../../../schema/errors.ts";
import { testWithPython } from "../../support/example.ts";
import { drawnMap } from "../../support/maps.ts";
import { PlainPlayer, plainError } from "../../support/plain.ts";
import { startServer } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { joinWithSdk } from "../../support/walkers.ts";

const ROWS = [".....", ".....", "..s..", ".....", "....."];
const server = startServer({
  maps: new Map(["plaza", "meadow"].map((name) => [name, drawnMap(name, ROWS)])),
});

test("a client on a plain WebSocket first receives a welcome frame, then all players in sight, and then only changes", async () => {
  const other = await joinWithSdk(server);
  const player = await PlainPlayer.join(server.url, "?name=%EC%A7%80%EB%AF%BC");
  expect(player.frames[0]).toEqual({
    type: "welcome",
    id: player.id,
    name: "지민",
    x: 80,
    y: 80,
    step: 8,
    map: "plaza",
  });
  expect(player.frames[1]).toEqual({
    type: "players",
    players: { [other.sessionId]: [80, 80], [player.id]: [80, 80] },
    gone: [],
  });
  player.socket.send("좌");
  await until(() => player.frames.length > 2);
  expect(player.frames[2]).toEqual({ type: "players", players: { [player.id]: [72, 80] }, gone: [] });
  await other.leave();
  await until(() => player.frames.length > 3);
  expect(player.frames[3]).toEqual({ type: "players", players: {}, gone: [other.sessionId] });
});

test("a client on a plain WebSocket gets at most one `players` frame per tick, and only if something has changed", async () => {
  const player = await PlainPlayer.join(server.url);
  const room = await server.roomOf(player.id);
  let ticks = 0;
  const step = room.step.bind(room);
  room.step = () => {
    ticks++;
    step();
  };
  await until(() => ticks > 5);
  expect(player.frames).toHaveLength(2);
  const before = ticks;
  for (const word of ["left", "right", "up", "down"]) player.socket.send(word);
  await until(() => player.players.get(player.id)?.y === 80 && ticks > before + 5);
  expect(player.frames.length - 2).toBeLessThanOrEqual(4);
});

test("the server accepts a word even if it is sent immediately after a plain WebSocket has opened", async () => {
  const player = new PlainPlayer(`${server.wsUrl}/websocket`);
  player.socket.once("open", () => player.socket.send("우"));
  await until(() => player.players.get(player.id)?.x === 88);
});

test("the server removes the player of a plain WebSocket at once, regardless of how the WebSocket closes", async () => {
  const witness = await joinWithSdk(server);
  for (const end of [
    (socket: WebSocket) => socket.close(),
    (socket: WebSocket) => socket.close(1001),
    (socket: WebSocket) => socket.close(4321, "bye"),
    (socket: WebSocket) => socket.terminate(),
  ]) {
    const player = await PlainPlayer.join(server.url);
    await until(() => witness.state.players.size === 2);
    end(player.socket);
    // This timeout is much shorter than the reconnection timeout of 20 s. The server would hold the seat of an SDK
    // client for those 20 s.
    await until(() => witness.state.players.size === 1, 5000);
  }
});

test("the player of a plain WebSocket does not stay in the room if the WebSocket closes during the join", async () => {
  const witness = await joinWithSdk(server);
  for (let i = 0; i < 20; i++) {
    const player = new PlainPlayer(`${server.wsUrl}/websocket`);
    player.socket.once("open", () => player.socket.terminate());
    await until(() => player.closed);
  }
  const last = await PlainPlayer.join(server.url);
  await until(() => witness.state.players.has(last.id) && witness.state.players.size === 2);
});

test("a plain WebSocket joins with the name and map in its query, and is refused if the name or map is invalid", async () => {
  const meadow = await PlainPlayer.join(server.url, "?map=meadow");
  expect(meadow.frames[0]).toMatchObject({ map: "meadow", name: expect.stringMatching(/^player-/) });
  for (const [query, name] of [
    ["?map=moon", "unknownMap"],
    ["?name=", "badJoinOption"],
    [`?name=${"a".repeat(25)}`, "badJoinOption"],
  ] as const) {
    const refused = new PlainPlayer(`${server.wsUrl}/websocket${query}`);
    await until(() => refused.closed);
    expect(refused.errors).toEqual([{ ...plainError(name), message: expect.stringMatching(/\.$/) }]);
    expect(refused.closed).toEqual({ code: ERRORS.joinRefused.code, reason: ERRORS.joinRefused.message });
  }
});

describe("invalid frames on plain WebSockets:", () => {
  test.each(["north", "", "LEFT", " left", "0", "{}", '{"type":"move"}', "좌좌", "x".repeat(4000)])(
    "a text frame that is not a valid word is answered with the error badMove: %j",
    async (word) => {
      const player = await PlainPlayer.join(server.url);
      player.socket.send(word);
      await until(() => player.errors.length > 0);
      expect(player.errors).toEqual([plainError("badMove")]);
      player.socket.send("left");
      await until(() => player.players.get(player.id)?.x === 72);
    },
  );

  test("a binary frame on a plain WebSocket is answered with an error, even if the frame contains a valid word", async () => {
    const player = await PlainPlayer.join(server.url);
    player.socket.send(Buffer.from("left"));
    player.socket.send(Buffer.of(0x13, 0x80, 1));
    await until(() => player.errors.length === 2);
    expect(player.players.get(player.id)).toEqual({ x: 80, y: 80 });
  });

  test.each([
    ["say", [ERRORS.badSay.code]],
    ["wave", []],
    ["move", [ERRORS.badMove.code]],
    ["sing", [ERRORS.unknownMessage.code]],
  ])("deeply nested JSON in a `%s` message on a plain WebSocket does not close the connection", async (type, codes) => {
    const player = await PlainPlayer.join(server.url);
    player.socket.send(`{"type":"${type}","text":${"[".repeat(2000)}${"]".repeat(2000)}}`);
    player.socket.send("left");
    await until(() => player.players.get(player.id)?.x === 72);
    expect(player.errors.map(({ code }) => code)).toEqual(codes);
  });

  test("the server closes only the plain WebSocket whose frame has caused an error, and logs the error", async () => {
    server.expectLog(/failed to process a client's frame/);
    const witness = await PlainPlayer.join(server.url);
    const player = await PlainPlayer.join(server.url);
    const room = await server.roomOf(player.id);
    const { ref } = room.clients.get(player.id) as unknown as { ref: EventEmitter };
    ref.on("message", () => {
      throw new Error("boom");
    });
    player.socket.send("left");
    await until(() => player.closed);
    expect(player.closed?.code).toBe(ERRORS.badFrame.code);
    await until(() => witness.players.size === 1);
  });

  test("a text frame of a megabyte closes only its sender's connection, with code 1009", async () => {
    const witness = await PlainPlayer.join(server.url);
    const player = await PlainPlayer.join(server.url);
    player.socket.send("좌".repeat(350_000));
    await until(() => player.closed);
    expect(player.closed?.code).toBe(1009);
    await until(() => !witness.players.has(player.id));
    witness.socket.send("up");
    await until(() => witness.players.get(witness.id)?.y === 72);
  });
});

test("a WebSocket on an unknown path is refused with 404", async () => {
  for (const path of ["/websocket/", "/websockets", "/a/b/c", "/../websocket", "/%77ebsocket"]) {
    const socket = new WebSocket(`${server.wsUrl}${path}`);
    const failure = await new Promise<string>((resolve) => {
      socket.on("error", (error) => resolve(error.message));
      socket.on("open", () => resolve("open"));
    });
    // The client's library resolves /../websocket to /websocket before it sends the request.
    expect(failure).toBe(path === "/../websocket" ? "open" : "Unexpected server response: 404");
    socket.terminate();
  }
});

testWithPython("tornado", "a Python client joins, walks, and gets an error for an unknown word", async (python) => {
  const program = `
import asyncio, json, sys
from tornado.websocket import websocket_connect

async def main():
    socket = await websocket_connect(sys.argv[1])
    welcome = json.loads(await socket.read_message())
    await socket.read_message()
    await socket.write_message("좌")
    moved = json.loads(await socket.read_message())
    await socket.write_message("north")
    error = json.loads(await socket.read_message())
    socket.close()
    print(json.dumps([welcome["x"], moved["players"][welcome["id"]][0], error["code"]]))

asyncio.run(main())
`;
  const url = `${server.wsUrl}/websocket`;
  const { stdout } = await promisify(execFile)(python, ["-c", program, url]);
  expect(JSON.parse(stdout)).toEqual([80, 72, ERRORS.badMove.code]);
});
