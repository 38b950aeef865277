// Tests that a recording replays to the same world, and that damaged, truncated and incompatible files are rejected.
import { readFileSync } from "node:fs";
import { crc32 as zlibCrc32 } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { crc32 } from "../../replay/bytes.ts";
import { checkFit, RecordingError, readRecording } from "../../replay/format.ts";
import { play } from "../../replay/outcome.ts";
import { Replay } from "../../replay/replay.ts";
import { VERSION } from "../../replay/version.ts";
import { hashOfPlayers } from "../../sim/hash.ts";
import type { WorldMap } from "../../sim/map.ts";
import { runs } from "../support/long.ts";
import { drawnMap } from "../support/maps.ts";
import { Bustle } from "../support/recording.ts";

const ROWS = [
  "####################",
  "#s....#......s.....#",
  "#.....#....###.....#",
  "#..s.........#..s..#",
  "#....####..........#",
  "#s......#...s......#",
  "####################",
];
const MAP = drawnMap("yard", ROWS);

/** Records random players: by default for 3.5 minutes, with several snapshots and an incomplete last second. */
async function recorded(seed = 1, ticks = 4211): Promise<{ bustle: Bustle; file: Buffer }> {
  const bustle = new Bustle(MAP, seed);
  bustle.play(ticks, 9);
  return { bustle, file: await bustle.end() };
}

/** Returns the message with which a file is rejected; an empty text if it is accepted. */
function rejection(file: Uint8Array, map: WorldMap = MAP): string {
  try {
    checkFit(readRecording(file), map, {});
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    return error.message;
  }
  return "";
}

describe("recordings:", () => {
  test("a replay ends in the same state as its game, in which players join, leave and move at random", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 1500 }),
        async (seed, ticks) => {
          const { bustle, file } = await recorded(seed, ticks);
          const recording = readRecording(file);
          checkFit(recording, MAP, {});
          const replay = new Replay(recording, MAP);
          while (replay.advance());
          expect(replay.tick).toBe(ticks);
          expect({ divergence: replay.divergence, fault: replay.fault }).toEqual({});
          expect(Object.fromEntries(replay.bodies())).toEqual(Object.fromEntries(bustle.bodies));
        },
      ),
      { numRuns: runs(30) },
    );
  });

  test("a replay that seeks to a tick has the same state as a replay that plays up to this tick", async () => {
    const { file } = await recorded();
    const recording = readRecording(file);
    const sequential = new Replay(recording, MAP);
    const states = [JSON.stringify([...sequential.bodies()])];
    while (sequential.advance()) states.push(JSON.stringify([...sequential.bodies()]));
    const replay = new Replay(recording, MAP);
    for (const tick of [4211, 0, 1199, 1200, 1201, 3000, 7, 2400, 2399]) {
      replay.seek(tick);
      expect(replay.tick).toBe(tick);
      if (tick < 4211) expect(JSON.stringify([...replay.bodies()])).toBe(states[tick]);
    }
    expect(replay.divergence).toBeUndefined();
  });

  test("a recording contains additional fields of a player's body, but not the secret player id", async () => {
    const bustle = new Bustle(MAP, 1);
    const body = { name: "Ada", coins: 3, x: 0, y: 0, facing: 4 };
    const before = { x: 80, y: 80, player: "a secret id", name: "Ada" };
    bustle.world.join("ada", body, before);
    bustle.play(1300, 1);
    const file = await bustle.end();
    const replay = new Replay(readRecording(file), MAP);
    while (replay.advance());
    expect(replay.bodies().get("ada")).toEqual(body);
    replay.seek(1250);
    expect(replay.bodies().get("ada")).toMatchObject({ name: "Ada", coins: 3 });
    expect(file.toString("latin1")).not.toContain("secret");
  });
});

test("a flood of moves adds at most 17 bytes per tick to a recording", async () => {
  const bustle = new Bustle(MAP, 1);
  const id = bustle.join();
  for (let tick = 0; tick < 100; tick++) {
    for (let flood = 0; flood < 1000; flood++) bustle.world.queueMove(id, { direction: 2 });
    bustle.world.tick(() => undefined);
  }
  expect(bustle.world.dropped).toBeGreaterThan(99_000);
  const file = await bustle.end();
  // A recording contains only the first eight and the last eight moves of a player in each tick. Each move takes one
  // byte, and the tick itself takes one byte. The rest of the file is less than 1500 bytes.
  expect(file.length).toBeLessThan(100 * 17 + 1500);
  expect(play(readRecording(file), MAP)).toMatchObject({ ticks: 100, divergence: undefined });
});

describe("changed or incompatible files:", () => {
  test("a recording with a flipped bit is rejected with a message that names the range of damaged bytes", async () => {
    const { file } = await recorded(2, 130);
    for (let at = 0; at < file.length; at++) {
      const flipped = Buffer.from(file);
      flipped[at]! ^= 1 << (at % 8);
      const message = rejection(flipped);
      const [, from, to] =
        /damaged between bytes (\d+) and (\d+), (after tick \d+|before its header)/.exec(message) ?? [];
      const isHere = Number(from) <= at && at <= Number(to);
      expect({ at, message: isHere || at < 16 ? "" : message }).toEqual({ at, message: "" });
      expect(message).not.toBe("");
    }
  });

  test("a recording cut off at any byte is rejected; if `truncated` is set, it replays up to the cut", async () => {
    const { file } = await recorded(3, 70);
    const { frames } = readRecording(file);
    for (let length = 0; length < file.length; length++) {
      const cut = file.subarray(0, length);
      expect(rejection(cut)).toMatch(/cut|no state to start from|not a sabang recording|ends w/);
      if (length <= frames[1]!.offset) continue;
      const recording = readRecording(cut);
      checkFit(recording, MAP, { truncated: true });
      const { ticks, divergence } = play(recording, MAP);
      expect(divergence).toBeUndefined();
      expect(ticks).toBe(recording.lastTick);
    }
    expect(rejection(file.subarray(0, file.length - 20))).toMatch(
      /^it ends within the frame that begins at byte \d+, after tick 60: /,
    );
  });

  test("a recording is rejected if data follows its end mark", async () => {
    const { file } = await recorded(3, 30);
    expect(rejection(Buffer.concat([file, Buffer.from("x")]))).toMatch(/it has data after its end mark, from byte \d+/);
  });

  test("a file is rejected if it is not a recording, or if its map, rules, format or version is not the current one", async () => {
    const { file } = await recorded(4, 30);
    expect(rejection(file)).toBe("");
    expect(rejection(file, drawnMap("field", ROWS))).toBe('it was recorded on the map "yard", but this map is "field"');
    const moved = drawnMap("yard", [...ROWS, ROWS[0]!]);
    expect(rejection(file, moved)).toMatch(
      /its map "yard" \(\w{8}\) differs from this one \(\w{8}\): walls or spawns have changed/,
    );
    expect(rejection(Buffer.from("hello\n"))).toBe(
      'it is not a sabang recording: its first line is not "sabang-replay 2"',
    );
    expect(rejection(Buffer.from(file.toString("latin1").replace("replay 2", "replay 7"), "latin1"))).toMatch(
      /it has format 7, but this version reads format 2/,
    );
    const recording = readRecording(file);
    const older = { ...recording, header: { ...recording.header, version: "0.0.9" } };
    expect(() => checkFit(older, MAP, {})).toThrow(`it was recorded by sabang 0.0.9, but this is ${VERSION}`);
    checkFit(older, MAP, { anyVersion: true });
    const faster = { ...recording, header: { ...recording.header, rules: { ...recording.header.rules, STEP: 16 } } };
    expect(() => checkFit(faster, MAP, {})).toThrow("it was recorded with STEP 16, but sim/rules.ts has 8");
  });
});

describe("replays on a changed map:", () => {
  test("a replay on a changed map reports the first second that diverges, with the players' positions", async () => {
    const { file } = await recorded(5, 2000);
    // This map lacks one wall tile. The function `play` does not check whether the map fits the recording.
    const isInHole = (x: number, y: number) => Math.floor(x / 4) === 6 && Math.floor(y / 4) === 1;
    const holed = { ...MAP, isSolid: (x: number, y: number) => !isInHole(x, y) && MAP.isSolid(x, y) };
    const { divergence } = play(readRecording(file), holed);
    expect(divergence?.message).toMatch(
      /^the recorded hash is \w{8}, but the world's hash is \w{8}: p\d+ \(.+\) was recorded at \(\d+, \d+\) facing/,
    );
    const { tick } = divergence!;
    expect(tick % 20).toBe(0);
    // A replay of the frames before the reported tick must not diverge.
    const { frames, ...rest } = readRecording(file);
    const before = frames.filter((frame) => frame.tick < tick);
    expect(play({ frames: before, ...rest }, holed).divergence).toBeUndefined();
  });
});

test("crc32 returns the same checksum as zlib, and hashOfPlayers returns another hash if an id, a body or a move changes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === zlibCrc32(bytes)));
  const ada = { id: "ada", body: { x: 80, y: 112, facing: 4 }, moves: [{ direction: 1 }, { direction: 2 }] };
  expect(hashOfPlayers([])).toBe(0x811c9dc5);
  expect(hashOfPlayers([ada])).toBe(hashOfPlayers([{ ...ada, moves: [{ direction: 1 }, { direction: 2 }] }]));
  for (const other of [
    { ...ada, id: "adb" },
    { ...ada, moves: [{ direction: 1 }] },
    { ...ada, body: { ...ada.body, y: 113 } },
  ]) {
    expect(hashOfPlayers([other])).not.toBe(hashOfPlayers([ada]));
  }
});

test("VERSION equals the version in package.json", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(VERSION).toBe(manifest.version);
});
