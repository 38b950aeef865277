// `npm run fuzz:maps`: reads damaged maps and prints the results as a table. The exit code is 1 if errors were found.
import { commandLine, wholeNumber } from "../../../cli/command-line.ts";
import { report, trial } from "./trial.ts";

const MAX_SEED = 2 ** 32 - 1;

const { maps, seed, from } = commandLine("fuzz:maps", "Reads maps of Tiled that are damaged at random.")
  .option("--maps <number>", "damaged maps", wholeNumber(1, 1e9), 100_000)
  .option("--seed <number>", "seed of the random numbers; by default a new one for each run", wholeNumber(0, MAX_SEED))
  .option("--from <map>", "number of the first map; to repeat a failure, give its seed and map", wholeNumber(0, 1e9), 0)
  .parse()
  .opts<{ maps: number; seed?: number; from: number }>();

const usedSeed = seed ?? Date.now() % 1_000_000;
const outcome = await trial({ seed: usedSeed, from, maps, tell: (message) => console.error(message) });
process.stdout.write(report(outcome));
for (const fault of outcome.faults) console.log(`- ${fault}`);
console.log(`\nseed ${usedSeed}`);
process.exit(outcome.faults.length > 0 ? 1 : 0);
