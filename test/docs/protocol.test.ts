// Tests the bytes in docs/protocol.md. Each example is compared with the frames of a real server, or is sent to a real
// server. The SDK decodes the examples.
import { readFileSync } from "node:fs";
import type { Schema } from "@colyseus/schema";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { fieldsOf } from "../../rooms/interest/state-requirements.ts";
import { MoveInput } from "../../schema/move-input.ts";
import { Player } from "../../schema/player.ts";
import { WorldState } from "../../schema/world-state.ts";
import { Onlooker } from "../support/crowd.ts";
import { drawnMap } from "../support/maps.ts";
import { RawPlayer } from "../support/raw-player.ts";
import type { Seat } from "../support/seat.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const server = startServer({
  maps: new Map([["plaza", drawnMap("plaza", [".....", ".....", "..s..", ".....", "....."])]]),
});
const page = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

/** The hex examples of docs/protocol.md, by name. */
const EXAMPLES = new Map(
  [...page.matchAll(/```hex (\S+)\n([\s\S]*?)```/g)].map(([, name, lines]) => [name!, bytesOf(lines!)]),
);

function bytesOf(lines: string): Buffer {
  const digits = lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, bytes] = /^((?:[0-9a-f]{2} )*[0-9a-f]{2})(?: {2,}\S.*)?$/.exec(line) ?? [];
      if (!bytes)
        throw new Error(
          `docs/protocol.md: invalid line in a hex block: "${line}"; expected bytes, two spaces and a comment`,
        );
      return bytes.replaceAll(" ", "");
    });
  return Buffer.from(digits.join(""), "hex");
}

function example(name: string): Buffer {
  const bytes = EXAMPLES.get(name);
  if (!bytes) throw new Error(`docs/protocol.md has no hex block "${name}"`);
  used.add(name);
  return bytes;
}
const used = new Set<string>();

/** The seat of the player Ada in the examples of docs/protocol.md. */
const ADA: Seat = JSON.parse(/```json\s*({"name":"world".*})/.exec(page)![1]!);
const MINA = "f3CJ_GOK3";
const TOKEN = "5CRaPI34-";

/**
 * Whether a frame equals an example, after this run's session ids and token have been replaced by the values on the
 * page.
 */
function isExample(name: string, frame: Buffer, aliases: Record<string, string>): boolean {
  let text = frame.toString("latin1");
  for (const [actual, onPage] of Object.entries(aliases)) text = text.replaceAll(actual, onPage);
  const normalized = Buffer.from(text, "latin1");
  const expected = example(name);
  // Bytes 1 to 4 are the room's clock, which differs in each run.
  if (normalized[0]! & 0x80) expected.copy(normalized, 1, 1, 5);
  return normalized.equals(expected);
}

/** Waits until a player has received a frame that equals an example. */
async function receives(player: RawPlayer, name: string, aliases: Record<string, string> = {}): Promise<void> {
  await until(() => player.frames.some((frame) => isExample(name, frame, aliases))).catch(() => {
    const frames = player.frames.map((frame) => frame.toString("hex"));
    throw new Error(
      `expected the example ${name}:\n${example(name).toString("hex")}\nbut received:\n${frames.join("\n")}`,
    );
  });
}

/** Waits for `count` ticks of a player's room, so that pending changes of the player have been sent. */
async function waitTicks({ seat }: RawPlayer, count: number): Promise<void> {
  const room = await server.roomOf(seat.sessionId);
  let ticks = 0;
  const step = room.step.bind(room);
  room.step = () => {
    step();
    ticks++;
  };
  await until(() => ticks >= count);
}

const players: RawPlayer[] = [];
async function join(name: string, look: number): Promise<RawPlayer> {
  const player = await RawPlayer.join(server.url, { name, look });
  players.push(player);
  return player;
}
afterEach(() => {
  for (const player of players.splice(0)) player.socket.close(1000);
});

describe("a real server", () => {
  test("sends the seat reservation, the handshake and the full state as in docs/protocol.md", async () => {
    const ada = await join("Ada", 5);
    expect(Object.keys(ada.seat)).toEqual(Object.keys(ADA));
    const aliases = { [ada.seat.sessionId]: ADA.sessionId, [ada.reconnectionToken]: TOKEN };
    await receives(ada, "handshake", aliases);
    expect(ada.frames[0]![0]).toBe(0x0a);
    await receives(ada, "state", aliases);
    expect(ada.frames[1]![0]).toBe(0x8e);
  });

  test("sends the patches of docs/protocol.md when a player joins, walks and leaves", async () => {
    const ada = await join("Ada", 5);
    await waitTicks(ada, 2);
    const mina = await join("미나", 17);
    const aliases = { [ada.seat.sessionId]: ADA.sessionId, [mina.seat.sessionId]: MINA };
    await receives(ada, "came", aliases);
    mina.send(example("move-left"));
    await receives(ada, "walked");
    const room = await server.roomOf(mina.seat.sessionId);
    mina.send(example("move-좌"));
    await until(() => room.state.players.get(mina.seat.sessionId)?.x === 64);
    mina.send(Buffer.of(0x0c));
    await receives(ada, "gone");
    await until(() => mina.closed === 4000);
  });

  test("sends a patch with only the input number if no visible field has changed", async () => {
    const ada = await join("Ada", 5);
    for (const name of ["input-right", "input-same", "input-none"]) ada.send(example(name));
    await receives(ada, "acknowledged");
    const room = await server.roomOf(ada.seat.sessionId);
    expect(room.state.players.get(ada.seat.sessionId)?.toJSON()).toMatchObject({ x: 96, y: 80, facing: 2 });
  });

  test("sends a player's text and a player's emote `wave` to other players as in docs/protocol.md", async () => {
    const ada = await join("Ada", 5);
    const aliases = { [ada.seat.sessionId]: ADA.sessionId };
    ada.send(example("say-hi"));
    await receives(ada, "said-hi", aliases);
    ada.send(example("wave"));
    await receives(ada, "waved", aliases);
  });

  test("sends errors, responses and pings as in docs/protocol.md", async () => {
    const ada = await join("Ada", 5);
    ada.send(example("move-north"));
    await receives(ada, "error");
    ada.send(example("request"));
    await receives(ada, "done");
    ada.send(Buffer.of(0x12));
    await until(() => ada.frames.some((frame) => frame.equals(Buffer.of(0x12))));
  });
});

describe("seats in a room:", () => {
  test("a client that has lost its connection can take its seat again with the reconnection token of the handshake", async () => {
    const ada = await join("Ada", 5);
    ada.send(example("input-right"));
    const room = await server.roomOf(ada.seat.sessionId);
    await until(() => room.state.players.get(ada.seat.sessionId)?.x === 88);
    ada.socket.terminate();
    await until(() => room.clients.length === 0);
    for (const query of ["", "&skipHandshake=1"]) {
      const before = players.at(-1)!;
      const again = new RawPlayer(server.url, ada.seat, `&reconnectionToken=${before.reconnectionToken}${query}`);
      players.push(again);
      await until(() => again.frames.length > 1);
      expect(again.reconnectionToken).not.toBe(before.reconnectionToken);
      // With skipHandshake=1 the handshake has no field descriptions, so their length is 0.
      const lengthAt = 2 + again.frames[0]![1]! + 1 + "schema".length;
      expect(again.frames[0]![lengthAt]).toBe(query ? 0 : 0xcc);
      expect(again.frames[1]!.readUInt32LE(5)).toBe(0);
      again.send(example("input-none"));
      await until(() => again.frames.some((frame) => frame[0] === 0x8f && frame.readUInt32LE(5) === 1));
      again.socket.terminate();
      await until(() => room.clients.length === 0);
    }
  });

  test.each([
    ["an unknown session id", "", 4002],
    ["a wrong reconnection token", "&reconnectionToken=wrong", 4003],
  ])("a WebSocket with %s gets the error 524 instead of a seat", async (_, query, code) => {
    const ada = await join("Ada", 5);
    const stranger = new RawPlayer(server.url, { ...ada.seat, sessionId: "unknown" }, query);
    await until(() => stranger.closed);
    expect(stranger.closed).toBe(code);
    expect(stranger.frames[0]!.toString("hex")).toMatch(/^0bcd0c02/);
  });

  test.each([
    [1000, false],
    [undefined, true],
  ])(
    "after a close with the code %s (undefined means no code), the server holds the seat for a reconnection: %s",
    async (code, isHeld) => {
      const ada = await join("Ada", 5);
      const witness = await join("미나", 17);
      const room = await server.roomOf(witness.seat.sessionId);
      ada.socket.close(code);
      await until(() => room.clients.length === 1);
      if (!isHeld) await until(() => room.state.players.size === 1);
      expect(room.state.players.size).toBe(isHeld ? 2 : 1);
    },
  );
});

test("a client that sends its token with the seat request is signed in, even without a token in the WebSocket's URL", async () => {
  const id = crypto.randomUUID();
  const token = await server.tokens.sign(id);
  const first = await RawPlayer.join(server.url, { name: "Ada" }, { authorization: `Bearer ${token}` });
  players.push(first, await RawPlayer.join(server.url, {}, { authorization: `Bearer ${token}` }));
  await until(() => first.closed === 4312);
});

describe("the SDK", () => {
  const onlooker = new Onlooker();
  beforeAll(() => {
    for (const name of ["handshake", "state"]) onlooker.take(example(name));
  });
  const ada = { name: "Ada", x: 80, y: 80, facing: 4 };

  test("decodes the handshake and the full state of docs/protocol.md", () => {
    expect(onlooker.ground).toEqual({ map: "plaza", width: 160, height: 160 });
    expect(Object.fromEntries(onlooker.heard)).toEqual({ [ADA.sessionId]: ada });
    expect(onlooker.room.reconnectionToken).toMatch(new RegExp(`:${TOKEN}$`));
  });

  test("decodes the patches of docs/protocol.md in which a player joins, walks and leaves", () => {
    onlooker.take(example("came"));
    expect(Object.fromEntries(onlooker.heard)).toEqual({
      [ADA.sessionId]: ada,
      [MINA]: { name: "미나", x: 80, y: 80, facing: 4 },
    });
    onlooker.take(example("walked"));
    expect(onlooker.heard.get(MINA)).toEqual({ name: "미나", x: 72, y: 80, facing: 1 });
    onlooker.take(example("gone"));
    expect([...onlooker.heard.keys()]).toEqual([ADA.sessionId]);
  });
});

test("docs/protocol.md lists the same fields of the state, of a player and of an input as the schema", () => {
  for (const [title, schema] of [
    ["the state", WorldState],
    ["a player", Player],
    ["an input", MoveInput],
  ] as const) {
    const fields = fieldsOf(schema as unknown as typeof Schema).map(
      ({ index, name, type }) => `${index} \`${name}\` ${typeof type === "string" ? type : "map of players"}`,
    );
    expect(page).toContain(`| ${title} | ${fields.join(", ")} |`);
  }
});

test("each hex example of docs/protocol.md is used in this test file", () => {
  expect([...EXAMPLES.keys()].filter((name) => !used.has(name))).toEqual([]);
});
