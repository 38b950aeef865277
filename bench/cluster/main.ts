// `npm run cluster -- 3`: a cluster on this machine, to try out.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine, wholeNumber } from "../../cli/command-line.ts";
import { balancerKind } from "./balancer.ts";
import { type LocalCluster, startCluster } from "./local-cluster.ts";
import { missingHint, missingPrograms } from "./programs.ts";

const MAX_PROCESSES = 16;

/** The monitor's password. It need not be secret, because all programs listen only on this machine. */
const MONITOR_PASSWORD = "local cluster";

/** Milliseconds between two checks of which process is the authority. */
const WATCH_MS = 1000;

/** A signal within this many milliseconds after the first one is a duplicate. */
const SAME_SIGNAL_MS = 500;

const line = commandLine("cluster", "Starts a cluster on this machine: several processes with one world.")
  .argument("[processes]", "the number of processes", wholeNumber(1, MAX_PROCESSES), 3)
  .option("--port <port>", "the port of the balancer", wholeNumber(0, 65_535), 2567)
  .addHelpText(
    "after",
    `
It starts Redis and PostgreSQL with the programs of this machine, the processes of the server, and a balancer in front of
them: HAProxy if this machine has it, else a small one of its own. All files are in a temporary folder, which is removed at
the end. Ctrl-C stops everything. The settings of docs/configuration.md are passed on to the processes.

Try it: kill a process that is listed, with kill -9, and watch the others go on.`,
  );

const { port } = line.parse().opts<{ port: number }>();
const [processes] = line.processedArgs as [number];

const missing = missingPrograms(["redis-server", "postgres", "initdb"]);
if (missing.length > 0) {
  console.error(missingHint(missing));
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "sabang-cluster-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
let cluster: LocalCluster | undefined;
let stoppingSince: number | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stopAll);

const kind = balancerKind();
console.log(`starting Redis, PostgreSQL, ${processes} processes and ${kind}`);
try {
  cluster = await startCluster({
    processes,
    port: port || undefined,
    balancer: kind,
    folder,
    environment: { ...settingsOf(process.env), MONITOR_PASSWORD },
    onOutput: (member, text) => printLines(member.name, text),
  });
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
const first = await cluster.untilAuthority();
describe(cluster, first.name);
await watch(cluster, first.name);

/**
 * Stops all programs and ends this process. A second signal ends this process at once, except the duplicate signal that
 * npm sends when an operator presses Ctrl-C.
 */
async function stopAll(): Promise<void> {
  if (!cluster) process.exit(130);
  if (stoppingSince !== undefined) {
    if (performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(130);
    return;
  }
  stoppingSince = performance.now();
  console.log("stopping: each process hands over to the next one");
  await cluster.stop();
  process.exit(0);
}

/**
 * Returns the environment variables for the server processes. Leaves out those that the cluster sets itself, and those
 * of npm.
 */
function settingsOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const own = /^(PATH|PORT|HOST|DATA_DIR|REDIS_URL|DATABASE_URL|JWT_SECRET|npm_.*)$/;
  const entries = Object.entries(environment).filter(([name, value]) => !own.test(name) && value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Prints the output of a process, except the process's list of addresses. */
function printLines(name: string, text: string): void {
  for (const line of text.split("\n")) {
    if (line.trim() !== "" && !line.startsWith("  ") && !line.startsWith("sabang is listening")) {
      console.log(`${name}: ${line}`);
    }
  }
}

/** Prints the addresses of all programs, and which process is the authority. */
function describe({ port, members, redis, postgresPort }: LocalCluster, authority: string): void {
  const rows = [
    ["the game", `http://localhost:${port}/`],
    ["the monitor", `http://localhost:${port}/monitor (user admin, password ${MONITOR_PASSWORD})`],
    ["WebSocket", `ws://localhost:${port}/websocket`],
    ...members.map(({ name, port, pid }) => [name, `http://localhost:${port}/, process id ${pid}`]),
    ["Redis", redis.url],
    ["PostgreSQL", `port ${postgresPort}`],
  ];
  console.log(`\nthe cluster is ready on port ${port}, through ${kind}\n`);
  for (const [name, address] of rows) console.log(`  ${name!.padEnd(16)}${address}`);
  console.log(`\n${authority} is the authority`);
}

/**
 * Prints a line each time the authority changes or a process ends.
 * @param first the present authority.
 */
async function watch({ authority, members }: LocalCluster, first: string): Promise<never> {
  let last: string | undefined = first;
  const ended = new Set<string>();
  for (;;) {
    const name = (await authority())?.name;
    if (name !== last && stoppingSince === undefined)
      console.log(name ? `${name} is the authority` : "no process is the authority");
    last = name;
    for (const member of members) {
      if (member.isRunning || ended.has(member.name) || stoppingSince !== undefined) continue;
      ended.add(member.name);
      console.log(`${member.name} has ended`);
    }
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}
