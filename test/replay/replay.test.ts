// What is recorded of a world plays to the same world; what is damaged, cut off or of another world is refused.
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

/** Three minutes and a half of a bustle: several snapshots, and a second that is not full. */
async function recorded(seed = 1, ticks = 4211): Promise<{ bustle: Bustle; file: Buffer }> {
  const bustle = new Bustle(MAP, seed);
  bustle.play(ticks, 9);
  return { bustle, file: await bustle.end() };
}

/** The sentence with which a file is refused. */
function refusal(file: Uint8Array, map: WorldMap = MAP): string {
  try {
    checkFit(readRecording(file), map, {});
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    return error.message;
  }
  return "";
}

describe("a recording", () => {
  test("plays to the same world, whoever came, went and asked for what", async () => {
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
          expect({ difference: replay.difference, fault: replay.fault }).toEqual({});
          expect(Object.fromEntries(replay.bodies())).toEqual(Object.fromEntries(bustle.bodies));
        },
      ),
      { numRuns: runs(30) },
    );
  });

  test("can be sought in, back and forth, and every tick is as it was", async () => {
    const { file } = await recorded();
    const recording = readRecording(file);
    const straight = new Replay(recording, MAP);
    const places = [JSON.stringify([...straight.bodies()])];
    while (straight.advance()) places.push(JSON.stringify([...straight.bodies()]));
    const replay = new Replay(recording, MAP);
    for (const tick of [4211, 0, 1199, 1200, 1201, 3000, 7, 2400, 2399]) {
      replay.seek(tick);
      expect(replay.tick).toBe(tick);
      if (tick < 4211) expect(JSON.stringify([...replay.bodies()])).toBe(places[tick]);
    }
    expect(replay.difference).toBeUndefined();
  });

  test("has the fields that somebody adds to a player, and leaves out who the player is", async () => {
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

test("who floods the world does not flood the recording", async () => {
  const bustle = new Bustle(MAP, 1);
  const id = bustle.join();
  for (let tick = 0; tick < 100; tick++) {
    for (let flood = 0; flood < 1000; flood++) bustle.world.queueMove(id, { direction: 2 });
    bustle.world.tick(() => undefined);
  }
  expect(bustle.world.dropped).toBeGreaterThan(99_000);
  const file = await bustle.end();
  expect(file.length).toBeLessThan(2000);
  expect(play(readRecording(file), MAP)).toMatchObject({ ticks: 100, difference: undefined });
});

describe("a file that is not as it was", () => {
  test("is refused with any one byte flipped, and it is said between which bytes", async () => {
    const { file } = await recorded(2, 130);
    for (let at = 0; at < file.length; at++) {
      const flipped = Buffer.from(file);
      flipped[at]! ^= 1 << (at % 8);
      const sentence = refusal(flipped);
      const [, from, to] =
        /damaged between the bytes (\d+) and (\d+), (after tick \d+|before its header)/.exec(sentence) ?? [];
      const isHere = Number(from) <= at && at <= Number(to);
      expect({ at, sentence: isHere || at < 16 ? "" : sentence }).toEqual({ at, sentence: "" });
      expect(sentence).not.toBe("");
    }
  });

  test("is refused cut off at any byte, unless that is allowed: then it plays what is there", async () => {
    const { file } = await recorded(3, 70);
    const { frames } = readRecording(file);
    for (let length = 0; length < file.length; length++) {
      const cut = file.subarray(0, length);
      expect(refusal(cut)).toMatch(/cut|nothing in it to play|no recording of sabang|ends w/);
      if (length <= frames[1]!.offset) continue;
      const recording = readRecording(cut);
      checkFit(recording, MAP, { truncated: true });
      const { ticks, difference } = play(recording, MAP);
      expect(difference).toBeUndefined();
      expect(ticks).toBe(recording.lastTick);
    }
    expect(refusal(file.subarray(0, file.length - 20))).toMatch(
      /^it ends within the frame that begins at byte \d+, after tick 60: /,
    );
  });

  test("is refused with something behind its end", async () => {
    const { file } = await recorded(3, 30);
    expect(refusal(Buffer.concat([file, Buffer.from("x")]))).toMatch(/there is more behind its end, from byte \d+ on/);
  });

  test("is refused on another map, with other rules, of another format or version, or as no recording at all", async () => {
    const { file } = await recorded(4, 30);
    expect(refusal(file)).toBe("");
    expect(refusal(file, drawnMap("field", ROWS))).toBe('it was made on the map "yard", and this is "field"');
    const moved = drawnMap("yard", [...ROWS, ROWS[0]!]);
    expect(refusal(file, moved)).toMatch(
      /another "yard" \(\w{8}\) than this one \(\w{8}\): walls or spawns were changed/,
    );
    expect(refusal(Buffer.from("hello\n"))).toBe("it is no recording of sabang: its first line is another one");
    expect(refusal(Buffer.from(file.toString("latin1").replace("replay 2", "replay 7"), "latin1"))).toMatch(
      /it is of format 7; this/,
    );
    const recording = readRecording(file);
    const older = { ...recording, header: { ...recording.header, version: "0.0.9" } };
    expect(() => checkFit(older, MAP, {})).toThrow(`it was made by sabang 0.0.9, and this is ${VERSION}`);
    checkFit(older, MAP, { anyVersion: true });
    const faster = { ...recording, header: { ...recording.header, rules: { ...recording.header.rules, STEP: 16 } } };
    expect(() => checkFit(faster, MAP, {})).toThrow("it was made with STEP 16, and here it is 8");
  });
});

describe("a world that is another one", () => {
  test("is noticed in its first second, with who stands where", async () => {
    const { file } = await recorded(5, 2000);
    // One tile of wall less, without the map's own check.
    const holed = { ...MAP, isWall: (x: number, y: number) => !(x === 6 && y === 1) && MAP.isWall(x, y) };
    const { difference } = play(readRecording(file), holed);
    expect(difference?.what).toMatch(
      /^the world's hash was \w{8} and is \w{8}: p\d+ \(.+\) stood at \(\d+, \d+\) facing \w+, and stands at/,
    );
    const { tick } = difference!;
    expect(tick % 20).toBe(0);
    // Up to then it is the same: nobody had come to the hole.
    const { frames, ...rest } = readRecording(file);
    const before = frames.filter((frame) => frame.tick < tick);
    expect(play({ frames: before, ...rest }, holed).difference).toBeUndefined();
  });
});

test("the checksum is the one of zlib, and the hash is stable", () => {
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

test("the version is that of the package", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(VERSION).toBe(manifest.version);
});
