// The bytes in docs/protocol.md: each example is compared with what a real server sends, or is sent to it, and is read by
// the SDK's own decoder.
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

/** The page's examples by name. */
const EXAMPLES = new Map(
  [...page.matchAll(/```hex (\S+)\n([\s\S]*?)```/g)].map(([, name, lines]) => [name!, bytesOf(lines!)]),
);

function bytesOf(lines: string): Buffer {
  const digits = lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, bytes] = /^((?:[0-9a-f]{2} )*[0-9a-f]{2})(?: {2,}\S.*)?$/.exec(line) ?? [];
      if (!bytes) throw new Error(`docs/protocol.md: not a line of bytes: ${line}`);
      return bytes.replaceAll(" ", "");
    });
  return Buffer.from(digits.join(""), "hex");
}

function example(name: string): Buffer {
  const bytes = EXAMPLES.get(name);
  if (!bytes) throw new Error(`docs/protocol.md has no example ${name}`);
  used.add(name);
  return bytes;
}
const used = new Set<string>();

/** The seat of Ada, as the page has it. */
const ADA: Seat = JSON.parse(/```json\s*({"name":"world".*})/.exec(page)![1]!);
const MINA = "f3CJ_GOK3";
const TOKEN = "5CRaPI34-";

/** Whether a frame is the page's, where the page's session ids and token stand for those of this run. */
function isExample(name: string, frame: Buffer, aliases: Record<string, string>): boolean {
  let text = frame.toString("latin1");
  for (const [actual, written] of Object.entries(aliases)) text = text.replaceAll(actual, written);
  const normal = Buffer.from(text, "latin1");
  const expected = example(name);
  // The room's clock is what it is.
  if (normal[0]! & 0x80) expected.copy(normal, 1, 1, 5);
  return normal.equals(expected);
}

async function gets(player: RawPlayer, name: string, aliases: Record<string, string> = {}): Promise<void> {
  await until(() => player.frames.some((frame) => isExample(name, frame, aliases))).catch(() => {
    const frames = player.frames.map((frame) => frame.toString("hex"));
    throw new Error(`nobody sent the example ${name}:\n${example(name).toString("hex")}\nbut\n${frames.join("\n")}`);
  });
}

/** Waits until a player's room has stepped, so that what was news about the player is news no more. */
async function ticksPass({ seat }: RawPlayer, count: number): Promise<void> {
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
async function join(name: string): Promise<RawPlayer> {
  const player = await RawPlayer.join(server.url, { name });
  players.push(player);
  return player;
}
afterEach(() => {
  for (const player of players.splice(0)) player.socket.close(1000);
});

describe("a real server sends", () => {
  test("the seat, the handshake and the full state of the page", async () => {
    const ada = await join("Ada");
    expect(Object.keys(ada.seat)).toEqual(Object.keys(ADA));
    const aliases = { [ada.seat.sessionId]: ADA.sessionId, [ada.reconnectionToken]: TOKEN };
    await gets(ada, "handshake", aliases);
    expect(ada.frames[0]![0]).toBe(0x0a);
    await gets(ada, "state", aliases);
    expect(ada.frames[1]![0]).toBe(0x8e);
  });

  test("the page's patches when somebody comes, walks and goes", async () => {
    const ada = await join("Ada");
    await ticksPass(ada, 2);
    const mina = await join("미나");
    const aliases = { [ada.seat.sessionId]: ADA.sessionId, [mina.seat.sessionId]: MINA };
    await gets(ada, "came", aliases);
    mina.send(example("move-left"));
    await gets(ada, "walked");
    const room = await server.roomOf(mina.seat.sessionId);
    mina.send(example("move-좌"));
    await until(() => room.state.players.get(mina.seat.sessionId)?.x === 64);
    mina.send(Buffer.of(0x0c));
    await gets(ada, "gone");
    await until(() => mina.closed === 4000);
  });

  test("the number of the last input, and nothing else where nothing else changed", async () => {
    const ada = await join("Ada");
    for (const name of ["input-right", "input-same", "input-none"]) ada.send(example(name));
    await gets(ada, "acknowledged");
    const room = await server.roomOf(ada.seat.sessionId);
    expect(room.state.players.get(ada.seat.sessionId)?.toJSON()).toMatchObject({ x: 96, y: 80, facing: 2 });
  });

  test("errors, answers and pings as they are on the page", async () => {
    const ada = await join("Ada");
    ada.send(example("move-north"));
    await gets(ada, "error");
    ada.send(example("request"));
    await gets(ada, "done");
    ada.send(Buffer.of(0x12));
    await until(() => ada.frames.some((frame) => frame.equals(Buffer.of(0x12))));
  });
});

describe("a place", () => {
  test("is kept for a broken connection, and taken up with the token of the handshake", async () => {
    const ada = await join("Ada");
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
      // With skipHandshake the block of fields is empty; the sections come all the same.
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
    ["without a seat", "", 4002],
    ["with a token that is wrong", "&reconnectionToken=wrong", 4003],
  ])("is refused %s, by an error of code 524", async (_, query, code) => {
    const ada = await join("Ada");
    const stranger = new RawPlayer(server.url, { ...ada.seat, sessionId: "nobody" }, query);
    await until(() => stranger.closed);
    expect(stranger.closed).toBe(code);
    expect(stranger.frames[0]!.toString("hex")).toMatch(/^0bcd0c02/);
  });

  test.each([
    [1000, false],
    [undefined, true],
  ])("is given up by a close of %s: kept is %s", async (code, kept) => {
    const ada = await join("Ada");
    const witness = await join("미나");
    const room = await server.roomOf(witness.seat.sessionId);
    ada.socket.close(code);
    await until(() => room.clients.length === 1);
    if (!kept) await until(() => room.state.players.size === 1);
    expect(room.state.players.size).toBe(kept ? 2 : 1);
  });
});

test("a token that came with the seat makes the client somebody, with nothing about it in the WebSocket's address", async () => {
  const id = crypto.randomUUID();
  const token = await server.tokens.sign(id);
  const first = await RawPlayer.join(server.url, { name: "Ada" }, { authorization: `Bearer ${token}` });
  players.push(first, await RawPlayer.join(server.url, {}, { authorization: `Bearer ${token}` }));
  await until(() => first.closed === 4312);
});

describe("the SDK reads out of the page's bytes", () => {
  const onlooker = new Onlooker();
  beforeAll(() => {
    for (const name of ["handshake", "state"]) onlooker.take(example(name));
  });
  const ada = { name: "Ada", x: 80, y: 80, facing: 4 };

  test("the full state", () => {
    expect(onlooker.ground).toEqual({ map: "plaza", width: 160, height: 160 });
    expect(Object.fromEntries(onlooker.heard)).toEqual({ [ADA.sessionId]: ada });
    expect(onlooker.room.reconnectionToken).toMatch(new RegExp(`:${TOKEN}$`));
  });

  test("who comes, walks and goes", () => {
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

test("the page's tables of fields are the schema's", () => {
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

test("no example of the page is left untried", () => {
  expect([...EXAMPLES.keys()].filter((name) => !used.has(name))).toEqual([]);
});
