// `npm run siege`: attacks a server and checks that its protections hold. The exit code is 1 if a goal is missed.
import { existsSync } from "node:fs";
import { commandLine, listOf, oneOf } from "../../../cli/command-line.ts";
import { pinToCores } from "../../harness/children.ts";
import { machine } from "../../harness/machine.ts";
import { admission } from "./admission.ts";
import { connections } from "./connections.ts";
import { flood } from "./flood.ts";
import { stop } from "./stop.ts";
import { type Verdict, verdictTable } from "./verdicts.ts";

const SIEGES = { flood, admission, connections, stop };

const SIEGE_NAMES = Object.keys(SIEGES) as (keyof typeof SIEGES)[];

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const { only } = commandLine("siege", "Attacks a server of its own, on a core of its own, and reports whether it held.")
  .option("--only <sieges>", "sieges to run; by default all", listOf(oneOf(SIEGE_NAMES)), SIEGE_NAMES)
  .addHelpText(
    "after",
    `
Sieges:
  flood        one client at 10,000 messages per second and fifty that never read, among 200 walkers
  admission    more and more walkers until joins are refused, then half as many
  connections  5,000 connections that do not join, many of them half open
  stop         SIGTERM with 200 players, then a restart on the same data

The table goes to stdout, progress to stderr. The exit code is 1 if a goal was missed.`,
  )
  .parse()
  .opts<{ only: typeof SIEGE_NAMES }>();
if (!existsSync("/proc/self/stat")) exit("the siege reads memory and descriptors from /proc, which only Linux has");
// The commit is read now and not at the end, because files may change during the run.
const where = machine(process.argv.slice(2), "npm run siege");
const unpinned = pinToCores();
const verdicts: Verdict[] = [];
for (const name of only) {
  const tell = (what: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${name}: ${what}`);
  try {
    verdicts.push(...(await SIEGES[name](tell)));
  } catch (error) {
    verdicts.push({
      siege: name,
      what: "the whole siege",
      goal: "completes",
      measured: (error as Error).message,
      pass: false,
    });
  }
}
process.stdout.write(verdictTable(verdicts, where, unpinned === undefined ? [] : [unpinned]));
process.exit(verdicts.every(({ pass }) => pass) ? 0 : 1);

function exit(message: string): never {
  console.error(message);
  process.exit(2);
}
