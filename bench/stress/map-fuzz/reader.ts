// The child process of the fuzzer: reads damaged maps and checks the results.

import { seededRandom } from "../../../sim/random.ts";
import { allLayers } from "../../../tiled/all-layers.ts";
import { isFree } from "../../../tiled/ground/cells.ts";
import { type Ground, groundOf } from "../../../tiled/ground/ground.ts";
import { CELLS_PER_TILE } from "../../../tiled/ground/units.ts";
import type { TiledMap } from "../../../tiled/model.ts";
import { decompress } from "../../../tiled/node.ts";
import { readTiledMap } from "../../../tiled/read-map.ts";
import { TiledError } from "../../../tiled/tiled-error.ts";
import { serve } from "../../harness/ipc.ts";
import { damagedMap } from "./mutate.ts";

/** The results of reading a number of maps. */
export interface Outcome {
  loaded: number;
  /** The number of refused maps by kind. The kind is the map's first error message, without names and numbers. */
  refused: Record<string, number>;
  /** The errors that were found in the reader, each with the number of the map. */
  faults: string[];
  slowest: { map: number; ms: number };
  /** The most memory that the process has used so far, in bytes. */
  memory: number;
}

/** The requests that the parent process sends. */
export interface ReaderRequests {
  /** Reads maps. The random numbers of each map depend only on the seed and the map's number. */
  read(argument: { seed: number; first: number; count: number }): Outcome;
}

/**
 * A map counts as an error if reading it takes more than this number of milliseconds. Even a busy machine needs only a
 * tenth of this time.
 */
const SLOW_MS = 5000;

/** The maximum length of a warning or another message of the map reader, in characters. */
const MAX_SENTENCE = 1000;

/** Returns what is wrong with a map that was read. */
function wrongIn(map: TiledMap): string[] {
  const layers = allLayers(map.layers);
  const numbers = [
    map.origin,
    map.parallaxOrigin,
    ...layers.flatMap((layer) => (layer.type === "object" ? layer.objects : [])),
  ];
  return [
    ...layers.flatMap((layer) =>
      layer.type === "tile" && layer.gids.length !== map.width * map.height
        ? [`${layer.path} has ${layer.gids.length} tiles`]
        : [],
    ),
    ...numbers.flatMap((each) =>
      Object.values(each).some((value) => typeof value === "number" && !Number.isFinite(value))
        ? [`${JSON.stringify(each)} is not finite`]
        : [],
    ),
    ...map.warnings.filter(isWrong),
  ];
}

/** Returns what is wrong with the ground of a map. */
function wrongInGround({ width, height, solid, spawns, rules, leftOut, warnings, problems }: Ground): string[] {
  const cells = { columns: width * CELLS_PER_TILE, rows: height * CELLS_PER_TILE, solid };
  const blocked = spawns.filter(({ x, y }) => !(Number.isInteger(x) && Number.isInteger(y) && isFree(x, y, cells)));
  return [
    ...(problems.length === 0 && spawns.length === 0 ? ["its ground has neither spawns nor problems"] : []),
    ...(problems.length === 0 && solid.length !== cells.columns * cells.rows ? ["its ground has another size"] : []),
    ...blocked.map((spawn) => `the spawn ${JSON.stringify(spawn)} is not free`),
    ...[...rules, ...leftOut, ...warnings, ...problems].filter(isWrong),
  ];
}

function isWrong(sentence: string): boolean {
  return sentence.length > MAX_SENTENCE || /\[object Object\]/.test(sentence);
}

function read(seed: number, number: number, outcome: Outcome): void {
  // The multiplication makes the seeds of successive maps differ in many bits, so their random numbers differ, too.
  const { text, files } = damagedMap(seededRandom(seed ^ Math.imul(number + 1, 0x9e3779b1)));
  const startedAt = performance.now();
  try {
    const readFile = (path: string): string => {
      if (!Object.hasOwn(files, path)) throw new Error("there is no such file");
      return files[path]!;
    };
    const map = readTiledMap("damaged", text, { readFile, decompress });
    outcome.loaded++;
    const wrong = [...wrongIn(map), ...wrongInGround(groundOf(map))];
    outcome.faults.push(...wrong.map((one) => `map ${number}: ${one}`));
  } catch (error) {
    if (error instanceof TiledError && error.faults.length > 0 && !error.faults.some(isWrong)) {
      const kind = error.faults[0]!.replace(/"(\\.|[^"\\])*"?/g, '"…"')
        .replace(/\d+/g, "N")
        .slice(0, 60);
      outcome.refused[kind] = (outcome.refused[kind] ?? 0) + 1;
    } else
      outcome.faults.push(
        `map ${number}: ${error instanceof TiledError ? error.message : (error as Error).stack}`.slice(0, 2000),
      );
  }
  const ms = performance.now() - startedAt;
  if (ms > outcome.slowest.ms) outcome.slowest = { map: number, ms };
  if (ms > SLOW_MS) outcome.faults.push(`map ${number} took ${ms.toFixed(0)} ms`);
}

serve({
  read: ({ seed, first, count }) => {
    const outcome: Outcome = { loaded: 0, refused: {}, faults: [], slowest: { map: first, ms: 0 }, memory: 0 };
    for (let number = first; number < first + count; number++) read(seed, number, outcome);
    return { ...outcome, memory: process.resourceUsage().maxRSS * 1024 };
  },
} satisfies ReaderRequests);
