// `npm run siege`: attacks a server and checks that its protections hold. The exit code is 1 if a goal is missed.
import { existsSync } from "node:fs";
import { commandLine, listOf, oneOf, wholeNumber } from "../../../cli/command-line.ts";
import { missingHint, missingPrograms } from "../../cluster/programs.ts";
import { pinToCores } from "../../harness/children.ts";
import { machine } from "../../harness/machine.ts";
import { admission } from "./admission.ts";
import { ROUND_KINDS } from "./cluster/rounds.ts";
import { besiegeCluster, type ClusterSiege } from "./cluster/siege.ts";
import { connections } from "./connections.ts";
import { flood } from "./flood.ts";
import { says } from "./says.ts";
import { stop } from "./stop.ts";
import { type Verdict, verdictTable } from "./verdicts.ts";

const SIEGES = { flood, says, admission, connections, stop };

const SIEGE_NAMES = Object.keys(SIEGES) as (keyof typeof SIEGES)[];

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

/** The options of the command line. */
type Options = Omit<ClusterSiege, "processes"> & { only: typeof SIEGE_NAMES; cluster?: number | true };

const { only, cluster, ...clusterOptions } = commandLine(
  "siege",
  "Attacks a server of its own, and reports whether it held. The server has a core of its own, unless it is a cluster.",
)
  .option("--only <sieges>", "sieges to run; by default all", listOf(oneOf(SIEGE_NAMES)), SIEGE_NAMES)
  .option("--cluster [processes]", "attack a cluster of 3 processes instead, or of this number", wholeNumber(2, 16))
  .option("--players <number>", "clients of the cluster", wholeNumber(12, 5000), 600)
  .option("--rounds <number>", "rounds of each kind of attack on a process of the cluster", wholeNumber(1, 100), 20)
  .option("--kinds <kinds>", "kinds of rounds; by default all", listOf(oneOf(ROUND_KINDS)), [...ROUND_KINDS])
  .addHelpText(
    "after",
    `
Sieges:
  flood        one client at 10,000 messages per second and fifty that never read, among 200 walkers
  says         fifty clients that say 10,000 hostile texts in 40 s, among 200 walkers
  admission    more and more walkers until joins are refused, then half as many
  connections  5,000 connections that do not join, many of them half open
  stop         SIGTERM with 200 players, then a restart on the same data

Rounds of a cluster:
  authority    kill -9 of the process that is the authority
  replica      kill -9 of another process
  pause        SIGSTOP of the authority for 1 to 12 s
  handover     SIGTERM of the authority, and a start of another process
  redis        kill -9 of Redis, which is back and empty after 3 s
  cut          all connections to Redis are cut
  replace      SIGTERM of each process in turn, and a start of another

The table goes to stdout, progress to stderr. The exit code is 1 if a goal was missed.`,
  )
  .parse()
  .opts<Options>();
if (!existsSync("/proc/self/stat")) exit("the siege reads memory and descriptors from /proc, which only Linux has");
const missing = cluster === undefined ? [] : missingPrograms(["redis-server", "postgres", "initdb"]);
if (missing.length > 0) exit(missingHint(missing));
// Reads the commit before the run, because the files in the working tree may change during the run.
const where = machine(process.argv.slice(2), "npm run siege");
// The processes of a cluster share all cores: on one core, the start of a process would stop the others.
const unpinned = cluster === undefined ? pinToCores() : undefined;
const verdicts: Verdict[] = [];
const clusterSiege = (tell: (what: string) => void) =>
  besiegeCluster(tell, { ...clusterOptions, processes: typeof cluster === "number" ? cluster : 3 });
const sieges: [name: string, run: (tell: (what: string) => void) => Promise<Verdict[]>][] =
  cluster === undefined ? only.map((name) => [name, SIEGES[name]]) : [["cluster", clusterSiege]];
for (const [name, run] of sieges) {
  const tell = (what: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${name}: ${what}`);
  try {
    verdicts.push(...(await run(tell)));
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
