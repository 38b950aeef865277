// The command line of the benchmark.
import type { Command } from "commander";
import { commandLine, listOf, number, type Output, oneOf, wholeNumber } from "../cli/command-line.ts";
import { CONTENDERS } from "./contenders/contenders.ts";
import { CROWDS, type Crowd } from "./harness/crowd.ts";

/** The options of the command line. */
export interface Options {
  /** Numbers of players. Each number is measured in a run of its own. */
  clients: number[];
  /** Names of the servers to measure. */
  only: string[];
  /** The crowds, which determine where the players are. Each crowd is measured in a run of its own. */
  crowd: Crowd[];
  /** The number of runs of each server with each number of players. The table shows the medians of these runs. */
  rounds: number;
  /** Seconds of the measuring window, and seconds of the warm-up before it. All players walk in both periods. */
  seconds: number;
  warmup: number;
  /** The interval between two texts of the same player, in seconds; 0 if the players say nothing. */
  say: number;
  /** Whether to compare one process alone with clusters, instead of comparing servers. */
  cluster: boolean;
  /** Only with `cluster`: the number of players without a connection. They walk in an additional run; 0 disables it. */
  bodies: number;
  /** Folder for the results. */
  out: string;
}

/** The minimum number of players. Up to half of them are probes, and the others are a small load. */
const MIN = 8;

const MAX_ROUNDS = 99;

/** The maximum number of players. Each connection needs its own local port, and Linux offers about 28 000 of them. */
const MAX = 20_000;

const MAX_BODIES = 15_000;

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
    .option("--crowd <crowds>", "where the players are; each for a run of its own", listOf(oneOf(CROWDS)), ["even"])
    .option("--seconds <seconds>", "length of the measuring window", number(1, 3600), 10)
    .option(
      "--warmup <seconds>",
      "seconds of walking before the window, in which the memory of the joins is released",
      number(0, 3600),
      6,
    )
    .option("--rounds <number>", "runs of each server; the servers take turns", wholeNumber(1, MAX_ROUNDS), 1)
    .option(
      "--say <seconds>",
      "seconds between two texts that each player says (sabang only); 0 for none",
      number(0, 3600),
      0,
    )
    .option("--cluster", "compare 2 and 3 processes of a cluster with one process alone", false)
    .option("--bodies <number>", "players without a connection (only with --cluster)", wholeNumber(0, MAX_BODIES), 0)
    .option("--out <folder>", "folder for table.md, results.json and the charts as SVG", "data/bench")
    .addHelpText(
      "after",
      `
Servers:
${CONTENDERS.map(({ name, what }) => `  ${name.padEnd(12)}${what}`).join("\n")}

Crowds:
  even        distributed over the whole arena of 4096 x 4096 units
  screen      all in one area of 960 x 640 units
  cell        all in one area of 160 x 160 units, one cell of sabang's grid
  mixed       one half distributed over the arena, the other half in one screen

A crowd other than even first spreads for up to 10 s, because all its players start at one point. If the environment has
MAX_BYTES_PER_CLIENT, sabang is started with it. The greediest client is a mean over the window: use at least 5 seconds.

With --cluster, Redis and PostgreSQL are started with the programs of this machine. All clients are at replicas, so the
authority has none. With --bodies, an additional run fills a larger world of the same density with players that walk but
have no connection. It has at most 24 clients, and its last process has none.

With several rounds the table shows medians. The table goes to stdout, progress to stderr. The exit code is 1 if a run
was aborted, or if the state of a client was wrong.`,
    );
}
