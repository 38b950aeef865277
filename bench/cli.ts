// The bench's command line: what may be asked for, and the sentence for what may not.
import { parseArgs } from "node:util";
import { CONTENDERS } from "./contenders/contenders.ts";

/** What was asked for. */
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
  help: boolean;
}

/** Players that are full clients, and so the fewest that make sense: the load needs some too. */
export const PROBES = 4;
const FEWEST = 2 * PROBES;

const MOST_ROUNDS = 99;

/** Addresses and ports: the load has one address, so it has that many ports for its ends of the connections. */
const MOST = 20_000;

const SERVERS = CONTENDERS.map(({ name }) => name);

export const HELP = `Measures sabang against other servers: each in turn on one core, the same load for all on another.

  npm run bench -- [--clients 400,800,1500] [--only sabang,ws-binary] [--seconds 10] [--warmup 6]
                   [--rounds 1] [--out data/bench]

  --clients  numbers of players, each for a run of its own; from ${FEWEST} to ${MOST}; default 400,800,1500
  --only     servers to measure; default all of them:
${CONTENDERS.map(({ name, what }) => `               ${name.padEnd(12)}${what}`).join("\n")}
  --seconds  length of the measuring window; default 10
  --warmup   seconds of walking before the window, in which the memory of the joins is given back; default 6
  --rounds   runs of each, in which the servers take turns; the medians are shown; default 1
  --out      folder for table.md, results.json and the curves as SVG; default data/bench
  --help     this text

The table goes to stdout, what is being done to stderr. The exit code is 1 if a server did not last a run, or if a client
knew what it must not, or did not know what it must.
`;

/** A command line that cannot be used; the message says what was wrong and what is accepted. */
export class UsageError extends Error {}

/**
 * Reads the arguments.
 * @throws {UsageError} for the first that cannot be used.
 */
export function readOptions(args: string[]): Options {
  const { clients, only, seconds, warmup, rounds, out, help } = parse(args);
  const text = { clients: clients ?? "400,800,1500", only: only ?? SERVERS.join(), out: out || "data/bench" };
  return {
    clients: listOf("clients", text.clients).map((item) => number("clients", item, FEWEST, MOST, true)),
    only: listOf("only", text.only).map((name) => {
      if (SERVERS.includes(name)) return name;
      throw new UsageError(`--only: there is no server "${name}"; expected some of ${SERVERS.join(", ")}`);
    }),
    seconds: number("seconds", seconds ?? "10", 1, 3600),
    warmup: number("warmup", warmup ?? "6", 0, 3600),
    rounds: number("rounds", rounds ?? "1", 1, MOST_ROUNDS, true),
    out: text.out,
    help: help ?? false,
  };
}

function parse(args: string[]) {
  try {
    const text = { type: "string" } as const;
    const options = {
      clients: text,
      only: text,
      seconds: text,
      warmup: text,
      rounds: text,
      out: text,
      help: { type: "boolean" },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function listOf(flag: string, text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  const twice = items.find((item, index) => items.indexOf(item) !== index);
  if (twice !== undefined) throw new UsageError(`--${flag}: "${twice}" stands in it twice`);
  return items;
}

function number(flag: string, text: string, least: number, most: number, whole = false): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "whole numbers" : "a number";
  throw new UsageError(`--${flag}: got "${text}"; expected ${kind} from ${least} to ${most}`);
}
