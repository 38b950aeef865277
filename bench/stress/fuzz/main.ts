// `npm run fuzz`: the attack at any length, with a table at its end. The exit code is 1 if anything was wrong.
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
    "seed of the random numbers; by default another one each time, which is printed",
    wholeNumber(0, 2 ** 32 - 1),
  )
  .option(
    "--from <session>",
    "number of the first session: repeats a failure, with its seed and few frames",
    wholeNumber(0, 1e9),
  )
  .option(
    "--limits",
    "with the limits per address on, as in production; by default off, so that the attack gets in",
    false,
  )
  .option("--busy", "the machine is busy: tolerates delays up to 2 s instead of 0.2, and growing memory", false)
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
