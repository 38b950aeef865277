// `npm run fuzz`: attacks a server with a given number of frames and prints the results as tables. The exit code is 1
// if errors were found.
import { commandLine, wholeNumber } from "../../../cli/command-line.ts";
import { OPEN_DOOR, report, trial } from "./trial.ts";

interface Options {
  frames: number;
  seed?: number;
  from?: number;
  limits: boolean;
  busy: boolean;
}

const { frames, seed, from, limits, busy } = commandLine(
  "fuzz",
  "Attacks a server of its own with hostile frames and requests, while honest players walk.",
)
  .option("--frames <number>", "hostile frames and requests", wholeNumber(0, 1e9), 200_000)
  .option(
    "--seed <number>",
    "seed of the random numbers; by default a new one for each run, which is printed",
    wholeNumber(0, 2 ** 32 - 1),
  )
  .option(
    "--from <session>",
    "number of the first session; to repeat a failure, give its seed and session, and few frames",
    wholeNumber(0, 1e9),
  )
  .option(
    "--limits",
    "keeps the limits for joins and connections, as in production; by default they are off, so that attackers get in",
    false,
  )
  .option(
    "--busy",
    "for a busy machine: tolerates delays of up to 2 s instead of 0.2 s, and growth of resident memory",
    false,
  )
  .parse()
  .opts<Options>();
const usedSeed = seed ?? Date.now() % 1_000_000;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const outcome = await trial({
  seed: usedSeed,
  frames,
  ...(from !== undefined && { from }),
  environment: limits ? {} : OPEN_DOOR,
  atRest: !busy,
  tell: (what) => console.error(`${new Date().toTimeString().slice(0, 8)} ${what}`),
});
process.stdout.write(report(outcome));
for (const fault of outcome.faults) console.log(`- ${fault}`);
console.log(`\nseed ${usedSeed}`);
process.exit(outcome.faults.length > 0 ? 1 : 0);
