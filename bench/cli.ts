// The command line of the benchmark.
import type { Command } from "commander";
import { commandLine, listOf, number, type Output, oneOf, wholeNumber } from "../cli/command-line.ts";
import { CONTENDERS } from "./contenders/contenders.ts";

/** The options of the command line. */
export interface Options {
  /** Numbers of players, each for a run of its own. */
  clients: number[];
  /** Names of the servers to measure. */
  only: string[];
  /** Runs of each server with each number of players, of which the medians are shown. */
  rounds: number;
  /** Length of the measuring window, and of the walking before it. */
  seconds: number;
  warmup: number;
  /** Folder for the results. */
  out: string;
}

/** Players that are probes, which are full clients. The minimum is higher, because the load needs players too. */
export const PROBES = 4;
const MIN = 2 * PROBES;

const MAX_ROUNDS = 99;

/** The maximum number of players. All connections of the load have one IP address, and each needs a local port. */
const MAX = 20_000;

const SERVERS = CONTENDERS.map(({ name }) => name);

/** Creates the command line. */
export function benchLine(output?: Output): Command {
  return commandLine(
    "bench",
    "Measures sabang against other servers: each in turn on one core, the same load for all on another.",
    output,
  )
    .option(
      "--clients <numbers>",
      "numbers of players, each for a run of its own",
      listOf(wholeNumber(MIN, MAX)),
      [400, 800, 1500],
    )
    .option("--only <servers>", "servers to measure; by default all", listOf(oneOf(SERVERS)), SERVERS)
    .option("--seconds <seconds>", "length of the measuring window", number(1, 3600), 10)
    .option(
      "--warmup <seconds>",
      "seconds of walking before the window, in which the memory of the joins is released",
      number(0, 3600),
      6,
    )
    .option("--rounds <number>", "runs of each server; the servers take turns", wholeNumber(1, MAX_ROUNDS), 1)
    .option("--out <folder>", "folder for table.md, results.json and the charts as SVG", "data/bench")
    .addHelpText(
      "after",
      `
Servers:
${CONTENDERS.map(({ name, what }) => `  ${name.padEnd(12)}${what}`).join("\n")}

With several rounds the table shows medians. The table goes to stdout, progress to stderr. The exit code is 1 if a run
was aborted, or if the state of a client was wrong.`,
    );
}
