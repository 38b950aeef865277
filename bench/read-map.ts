// Measures how long it takes to read a Tiled map: `npm run bench:maps -- FILE`. Also measures `JSON.parse` alone,
// which is the first part of reading a map in JSON.
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { commandLine } from "../cli/command-line.ts";
import { readTiledFile } from "../tiled/node.ts";

/** The number of warm-up runs, in which the code is compiled, and the number of measured runs. */
const WARM_UP = 50;
const RUNS = 200;

/** Returns the median time of a function in milliseconds. The first WARM_UP runs do not count. */
function timeOf(run: () => void): number {
  const times = Array.from({ length: WARM_UP + RUNS }, () => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return times.slice(WARM_UP).sort((a, b) => a - b)[RUNS / 2]!;
}

const [file] = commandLine("bench:maps", "Measures how long a map of Tiled takes to read.")
  .argument("<file>", "a map in JSON")
  .parse().args as [string];

const text = readFileSync(file, "utf8");
const parsing = timeOf(() => JSON.parse(text));
const reading = timeOf(() => readTiledFile(dirname(file), basename(file)));
console.log(`${(text.length / 1024).toFixed(0)} kB`);
console.log(`JSON.parse  ${parsing.toFixed(2)} ms`);
console.log(`reading     ${reading.toFixed(2)} ms, ${(reading / parsing).toFixed(2)} x JSON.parse`);
