// `npm run siege`: what protects the server, under the attacks that it is there for. The exit code is 1 if a goal is missed.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { pinToCores } from "../../harness/children.ts";
import { machine } from "../../harness/machine.ts";
import { admission } from "./admission.ts";
import { connections } from "./connections.ts";
import { flood } from "./flood.ts";
import { stop } from "./stop.ts";
import { type Verdict, verdictTable } from "./verdicts.ts";

const SIEGES = { flood, admission, connections, stop };

const HELP = `Besieges a server of its own, on a core of its own, and says whether it held.

  npm run siege -- [--only flood,admission,connections,stop]

  flood        one client at 10,000 messages a second and fifty that never read, among 200 walkers
  admission    more and more walkers until joins are refused, then half as many
  connections  5,000 connections that do not join, many of them half open
  stop         SIGTERM with 200 players, then a restart on the same data

The table goes to stdout, what is being done to stderr. The exit code is 1 if a goal was missed.
`;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const args = process.argv.slice(2);
const { only, help } = (() => {
  try {
    return parseArgs({ args, options: { only: { type: "string" }, help: { type: "boolean" } } }).values;
  } catch (error) {
    return exit((error as Error).message);
  }
})();
if (help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!existsSync("/proc/self/stat")) exit("the siege reads memory and descriptors from /proc, which only Linux has");
const names = only?.split(",").map((name) => name.trim()) ?? Object.keys(SIEGES);
const strange = names.find((name) => !(name in SIEGES));
if (strange !== undefined) {
  exit(`--only: there is no siege "${strange}"; expected some of ${Object.keys(SIEGES).join(", ")}`);
}

// Now, and not at the end: files may change meanwhile.
const where = machine(args, "npm run siege");
const unpinned = pinToCores();
const verdicts: Verdict[] = [];
for (const name of names as (keyof typeof SIEGES)[]) {
  const tell = (what: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${name}: ${what}`);
  try {
    verdicts.push(...(await SIEGES[name](tell)));
  } catch (error) {
    verdicts.push({
      siege: name,
      what: "all of it",
      goal: "to its end",
      measured: (error as Error).message,
      pass: false,
    });
  }
}
process.stdout.write(verdictTable(verdicts, where, unpinned === undefined ? [] : [unpinned]));
process.exit(verdicts.every(({ pass }) => pass) ? 0 : 1);

function exit(sentence: string): never {
  console.error(`${sentence}\nSee npm run siege -- --help`);
  process.exit(2);
}
