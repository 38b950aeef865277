// Recordings on disk: complete files, size limits, and disks that are slow or fail.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { KIND, readRecording } from "../../../replay/format.ts";
import { RecordedWorld } from "../../../replay/recorded-world.ts";
import { BLANK_INPUT } from "../../../schema/move-input.ts";
import type { Input } from "../../../sim/apply-input.ts";
import { type Limits, RecordingsFolder } from "../../../src/store/recordings.ts";
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

function recordings(limits: Partial<Limits> = {}, all = true, at = folder): RecordingsFolder {
  const log = (_details: object, message: string) => {
    lines.push(message);
  };
  return new RecordingsFolder(at, all, { info: () => {}, warn: log, error: log }, limits);
}

/** Plays some seconds of a game with one walking player. Then ends the world. */
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

describe("recordings of worlds:", () => {
  test("the recording of a world is complete when the world has ended", async () => {
    await play(new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "room/../1", recordings: recordings() }), 5);
    expect(files()).toEqual([expect.stringMatching(/^plaza-\d{4}-.*Z-room____1\.replay$/)]);
    expect(only()).toMatchObject({ lastTick: 100, truncated: undefined, header: { map: "plaza", seed: 1 } });
    expect(lines).toEqual([]);
  });

  test("no file is written for a world if recording is off", async () => {
    await play(
      new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "room", recordings: recordings({}, false) }),
      1,
    );
    expect(files()).toEqual([]);
  });

  test("a recording ends at the size limit, and the game goes on", async () => {
    const world = new RecordedWorld(MAP, 1, {
      blankInput: BLANK_INPUT,
      room: "room",
      recordings: recordings({ fileBytes: 1000 }),
    });
    await play(world, 60);
    expect(lines).toEqual(["recording ended early: the size limit is reached; the game goes on"]);
    expect(readFileSync(join(folder, files()[0]!)).length).toBeLessThanOrEqual(1000);
    expect(only().truncated).toMatch(/^it ends without its end mark, at byte \d+, after tick \d+$/);
  });

  test("a recording ends if too many bytes are queued for a slow disk", async () => {
    await play(
      new RecordedWorld(MAP, 1, {
        blankInput: BLANK_INPUT,
        room: "room",
        recordings: recordings({ queuedBytes: 600 }),
      }),
      60,
    );
    expect(lines).toEqual(["recording ended early: the disk is too slow; the game goes on"]);
    expect(only().lastTick).toBeGreaterThanOrEqual(0);
  });

  test("a recording ends if writing it fails, and the operating system's error message is logged", async () => {
    // The room's id makes the name of the file longer than the file system allows.
    await play(
      new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "r".repeat(300), recordings: recordings() }),
      2,
    );
    expect(lines).toEqual([
      expect.stringMatching(/^recording ended early: writing failed: ENAMETOOLONG.*; the game goes on$/),
    ]);
  });

  test("no recording is created if the folder is unusable or full", async () => {
    writeFileSync(folder, "a file");
    await play(new RecordedWorld(MAP, 1, { blankInput: BLANK_INPUT, room: "room", recordings: recordings() }), 1);
    expect(lines.splice(0)).toEqual(["room not recorded: cannot use the folder"]);
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
    expect(lines).toEqual(["room not recorded: the folder is full; move recordings to another folder"]);
    expect(files()).toEqual(["old.replay"]);
  });
});

describe("incidents, which are recordings of errors in the game:", () => {
  test("each incident is logged, but only the first incidents, up to a limit, are written to files", async () => {
    const folders = recordings({ incidents: 2 }, false);
    for (const room of ["one", "two"]) folders.keep("plaza", room, INCIDENT, [Buffer.from([1]), Buffer.from([2])]);
    await until(() => lines.length === 2);
    folders.keep("plaza", "three", INCIDENT, [Buffer.from([KIND.end])]);
    await until(() => lines.length === 3);
    expect(lines[0]).toBe("incident: player ada took a step that threw: Error: mud; replay it with npm run replay");
    expect(lines[2]).toMatch(/; no file: the limit of incident files is reached$/);
    expect(files()).toHaveLength(2);
    expect([...readFileSync(join(folder, files()[0]!))]).toEqual([1, 2]);
  });

  test("a log line reports an incident that cannot be written to a file", async () => {
    writeFileSync(folder, "a file");
    recordings().keep("plaza", "room", INCIDENT, []);
    await until(() => lines.length > 0);
    expect(lines).toEqual(["writing an incident failed"]);
  });
});
