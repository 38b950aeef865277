// Replays a recording: `npm run replay -- FILE`. With `--test` it also writes a test that replays the recording.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { commandLine } from "../../cli/command-line.ts";
import {
  checkFit,
  type Hindrance,
  type Incident,
  type Recording,
  RecordingError,
  readRecording,
} from "../../replay/format.ts";
import { type Outcome, play } from "../../replay/outcome.ts";
import { MapError } from "../../sim/map.ts";
import { TICK_HZ } from "../../sim/rules.ts";
import { SETTINGS } from "../config.ts";
import { type LoadedMap, loadMap } from "../maps/load-map.ts";
import { EXTENSION } from "../store/recordings.ts";

const line = commandLine(
  "replay",
  "Replays a recording and verifies that the world ends up the same, second by second.",
)
  .argument("<file>", "a recording: data/recordings/….replay")
  .option("--test", "write a test into test/incidents/ that fails until the error of the recording is fixed")
  .option("--allow-truncated", "play the existing part of a file that was cut off, for instance by kill -9")
  .option("--any-version", "play a recording of another version of sabang, to see whether the rules still agree")
  .option("--maps <folder>", "the folder of the maps; by default MAPS_DIR, or maps")
  .addHelpText(
    "after",
    `
The exit code is 0 if the replay matches the recording without an error, 1 if it does not, and 2 if the file or the
command line is unusable.`,
  );

/**
 * The folder of the tests that `--test` writes. An incident is an error in the game for which the server saved a
 * recording.
 */
const TESTS = "test/incidents";

/** The options of a replay. */
interface Options {
  /** Folder of the maps. */
  maps: string;
  anyVersion?: boolean;
  allowTruncated?: boolean;
}

/** The result of playing a recording. */
interface Played {
  recording: Recording;
  outcome: Outcome;
  /** The files from which the map was loaded, relative to the folder of maps. */
  mapFiles: readonly string[];
  /** The duration of the playback in milliseconds. */
  took: number;
}

/**
 * Plays the recording in a file.
 * @throws {RecordingError} with the reason, if the recording cannot be played.
 */
export function replayFile(path: string, { maps, anyVersion, allowTruncated }: Options): Played {
  const recording = orDamaged(() => readRecording(bytesOf(path)));
  const { map, sources } = mapOf(recording, maps);
  checkFit(recording, map, { anyVersion, truncated: allowTruncated });
  const since = performance.now();
  const outcome = orDamaged(() => play(recording, map));
  return { recording, outcome, mapFiles: sources, took: performance.now() - since };
}

/**
 * Returns the result of `read`. Converts an unexpected error to a RecordingError, because the content of a file can be
 * invalid even if its checksums are right.
 */
function orDamaged<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    throw new RecordingError("damaged", `its content is invalid: ${(error as Error).message}`);
  }
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RecordingError("empty", `it cannot be read: ${(error as Error).message}`);
  }
}

/** Loads the map of a recording. `basename` ensures that the name in the header cannot lead out of the folder. */
function mapOf({ header }: Recording, folder: string): LoadedMap {
  return loadMap(basename(header.map), folder);
}

/** Returns the text to print about a played recording. */
function summary(played: Played): string {
  const { recording, outcome, took } = played;
  const { header, firstTick, truncated } = recording;
  const { ticks, sessions, left, divergence, fault } = outcome;
  const { incident } = header;
  const rows = [
    ["map", header.map],
    ["recorded", `${new Date(header.startedAt).toISOString()} by sabang ${header.version}, seed ${header.seed}`],
    ["ticks", `${ticks}, from ${firstTick} on: ${clock(ticks)} of the game, played in ${Math.round(took)} ms`],
    ["players", `${sessions}, of whom ${left} were there at the end`],
    ...(truncated ? [["cut off", truncated]] : []),
    ...(incident ? [["incident", told(incident)]] : []),
    ["result", resultOf(outcome, incident)],
    ...(divergence && (fault || (incident && !isWell(played))) ? [["also", differing(divergence)]] : []),
  ];
  return rows.map(([what, text]) => `${what!.padEnd(9)} ${text}`).join("\n");
}

function resultOf({ divergence, fault }: Outcome, incident: Incident | undefined): string {
  if (fault) return `${incident ? "it happens again" : "a fault"}: ${told(fault)}`;
  if (incident) return "the incident does not happen any more";
  if (divergence) return differing(divergence);
  return "the same, to the last hash";
}

function differing({ tick, message }: { tick: number; message: string }): string {
  return `it differs in second ${Math.ceil(tick / TICK_HZ)} (tick ${tick}): ${message}`;
}

function told({ tick, player, fault }: Incident): string {
  return `in tick ${tick} the player ${player} ${fault}`;
}

/** Returns the duration of a number of ticks as minutes and seconds. */
function clock(ticks: number): string {
  const seconds = Math.floor(ticks / TICK_HZ);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} minutes`;
}

/**
 * Whether the replay shows no error and no divergence from the recording. A divergence at or after the tick of the
 * incident is accepted, because a fix for the error changes the rest of the game.
 */
function isWell({ outcome, recording }: Played): boolean {
  const { divergence, fault } = outcome;
  const { incident } = recording.header;
  return !fault && (!divergence || (incident !== undefined && divergence.tick >= incident.tick));
}

/**
 * Writes a test that plays the recording, and copies the recording and the map into a folder beside the test.
 * @param maps the folder of the maps.
 * @returns the path of the test.
 */
function writeTest(path: string, { recording, outcome, mapFiles }: Played, maps: string): string {
  const name = basename(path, EXTENSION);
  const folder = join(TESTS, name);
  const test = `${folder}.test.ts`;
  if (existsSync(test)) return `${test} (exists already; not changed)`;
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, `recording${EXTENSION}`));
  for (const file of mapFiles) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(maps, file), join(folder, file));
  }
  const { incident, startedAt, map } = recording.header;
  const fault = incident ?? outcome.fault;
  const title = fault ? told(fault) : "plays without a fault";
  writeFileSync(
    test,
    `// Replays a recording of ${new Date(startedAt).toISOString().slice(0, 10)} on the map ${JSON.stringify(map)}. The test fails until the fault is fixed.
import { expect, test } from "@jest/globals";
import { replayFile } from "../../src/commands/replay.ts";

const FOLDER = new URL(${JSON.stringify(`./${name}/`)}, import.meta.url).pathname;

test(${JSON.stringify(title)}, () => {
  const { outcome } = replayFile(\`\${FOLDER}recording${EXTENSION}\`, { maps: FOLDER, anyVersion: true });
  expect(outcome.fault).toBeUndefined();
});
`,
  );
  return test;
}

/** Hints for the user about some errors. Each hint is appended to the message of its error. */
const HINTS: Partial<Record<Hindrance, string>> = {
  version: "; --any-version shows whether the rules still agree",
  truncated: "; --allow-truncated plays the existing part",
};

/** The options of the command. */
interface Flags {
  test?: boolean;
  allowTruncated?: boolean;
  anyVersion?: boolean;
  maps?: string;
}

function mapsFolder(): string {
  return SETTINGS.MAPS_DIR.schema.parse(process.env.MAPS_DIR || undefined);
}

/** Runs the command. @returns the exit code. */
function main(path: string, { test, maps = mapsFolder(), ...accept }: Flags): number {
  try {
    const played = replayFile(path, { maps, ...accept });
    console.log(summary(played));
    if (test) console.log(`test      ${writeTest(path, played, maps)}`);
    return isWell(played) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof RecordingError || error instanceof MapError)) throw error;
    const hint = error instanceof RecordingError ? (HINTS[error.hindrance] ?? "") : "";
    console.error(`${path} cannot be played: ${error.message}${hint}`);
    return 2;
  }
}

if (process.argv[1] === import.meta.filename) {
  line.parse();
  process.exitCode = main(line.processedArgs[0], line.opts<Flags>());
}
