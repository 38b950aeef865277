// Recordings on disk: whole files, and what becomes of them when the disk will not have them.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { KIND, readRecording } from "../../../replay/format.ts";
import { RecordedWorld } from "../../../replay/recorded-world.ts";
import { BLANK_INPUT } from "../../../schema/move-input.ts";
import type { Input } from "../../../sim/apply-input.ts";
import { type Bounds, RecordingsFolder } from "../../../src/store/recordings.ts";
import { drawnMap } from "../../support/maps.ts";
import { until } from "../../support/until.ts";

const MAP = drawnMap("plaza", ["#######", "#s...s#", "#.....#", "#######"]);
const INCIDENT = { tick: 1, player: "ada", fault: "took a step that threw: Error: mud" };

let folder: string;
let lines: string[];
beforeEach(() => {
  folder = join(tmpdir(), `sabang-recordings-${crypto.randomUUID()}`);
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function recordings(bounds: Partial<Bounds> = {}, all = true, at = folder): RecordingsFolder {
  const log = (_details: object, message: string) => {
    lines.push(message);
  };
  return new RecordingsFolder(at, all, { info: () => {}, warn: log, error: log }, bounds);
}

/** Plays some seconds in which somebody walks. */
async function play(world: RecordedWorld, seconds: number): Promise<void> {
  world.join("ada", { x: 0, y: 0, facing: 4 });
  for (let tick = 0; tick < 20 * seconds; tick++) world.tick(once(1 + (tick % 4)));
  await world.end();
}

function once(direction: number): () => Input | undefined {
  const inputs = [{ direction }];
  return () => inputs.shift();
}

const files = () => (existsSync(folder) ? readdirSync(folder) : []);
const only = () => readRecording(readFileSync(join(folder, files()[0]!)));

describe("the file of a world", () => {
  test("is there, whole, when the world has ended", async () => {
    await play(new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "room/../1", recordings: recordings() }), 5);
    expect(files()).toEqual([expect.stringMatching(/^plaza-\d{4}-.*Z-room____1\.replay$/)]);
    expect(only()).toMatchObject({ lastTick: 100, truncated: undefined, header: { map: "plaza", seed: 1 } });
    expect(lines).toEqual([]);
  });

  test("is not there for a server that was not asked to record", async () => {
    await play(
      new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "room", recordings: recordings({}, false) }),
      1,
    );
    expect(files()).toEqual([]);
  });

  test("ends where it has become too large, and the game goes on", async () => {
    const world = new RecordedWorld(MAP, 1, {
      blankInput: BLANK_INPUT,
      room: "room",
      recordings: recordings({ fileBytes: 1000 }),
    });
    await play(world, 60);
    expect(lines).toEqual(["a recording ends here: it has become as large as a recording may be; the game goes on"]);
    expect(readFileSync(join(folder, files()[0]!)).length).toBeLessThanOrEqual(1000);
    expect(only().truncated).toMatch(/^it ends without its end mark, at byte \d+, after tick \d+$/);
  });

  test("ends where the disk does not keep up", async () => {
    await play(
      new RecordedWorld(MAP, 1, {
        blankInput: BLANK_INPUT,
        room: "room",
        recordings: recordings({ waitingBytes: 600 }),
      }),
      60,
    );
    expect(lines).toEqual(["a recording ends here: the disk does not take it fast enough; the game goes on"]);
    expect(only().lastTick).toBeGreaterThanOrEqual(0);
  });

  test("ends where the disk fails, with what the system says", async () => {
    // A longer name than a file may have.
    await play(
      new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "r".repeat(300), recordings: recordings() }),
      2,
    );
    expect(lines).toEqual([
      expect.stringMatching(/^a recording ends here: it cannot be written to: ENAMETOOLONG.*; the game goes on$/),
    ]);
  });

  test("is not begun where its folder cannot be one, or is full", async () => {
    writeFileSync(folder, "a file");
    await play(new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "room", recordings: recordings() }), 1);
    expect(lines.splice(0)).toEqual(["a room is not recorded: its folder cannot be used"]);
    rmSync(folder);
    mkdirSync(folder);
    writeFileSync(join(folder, "old.replay"), Buffer.alloc(2000));
    await play(
      new RecordedWorld(MAP, 1, {
        blankInput: BLANK_INPUT,
        room: "room",
        recordings: recordings({ folderBytes: 2000 }),
      }),
      1,
    );
    expect(lines).toEqual(["a room is not recorded: its folder is full; move recordings away"]);
    expect(files()).toEqual(["old.replay"]);
  });
});

describe("an incident", () => {
  test("is kept as a file, told of once with its path, and there are only so many", async () => {
    const folders = recordings({ incidents: 2 }, false);
    for (const room of ["one", "two"]) folders.keep("plaza", room, INCIDENT, [Buffer.from([1]), Buffer.from([2])]);
    await until(() => lines.length === 2);
    folders.keep("plaza", "three", INCIDENT, [Buffer.from([KIND.end])]);
    await until(() => lines.length === 3);
    expect(lines[0]).toBe(
      "an incident: the player ada took a step that threw: Error: mud; replay it with npm run replay",
    );
    expect(lines[2]).toMatch(/; there are enough files of others already$/);
    expect(files()).toHaveLength(2);
    expect([...readFileSync(join(folder, files()[0]!))]).toEqual([1, 2]);
  });

  test("that cannot be written down is told of all the same", async () => {
    writeFileSync(folder, "a file");
    recordings().keep("plaza", "room", INCIDENT, []);
    await until(() => lines.length > 0);
    expect(lines).toEqual(["an incident could not be written down"]);
  });
});
