// Measures sabang and its peers: `npm run bench -- --help`.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { charts } from "./charts.ts";
import { benchLine, type Options } from "./cli.ts";
import { benchCluster } from "./cluster/bench.ts";
import { contender } from "./contenders/contenders.ts";
import { pinToCores } from "./harness/children.ts";
import { machine } from "./harness/machine.ts";
import { pythonWithTornado } from "./harness/server-process.ts";
import { median } from "./median.ts";
import { type BrokenRow, type Row, run } from "./run.ts";
import { placeOf, results } from "./table.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    console.error("aborted; stopping all child processes");
    process.exit(130);
  });
}

const args = process.argv.slice(2);
const options = benchLine().parse().opts<Options>();
if (!existsSync("/proc/self/stat")) exit("the bench reads CPU and memory from /proc, which only Linux has");
makeFolder(options.out);

const tell = (what: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${what}`);
const notes: string[] = [];
const note = (sentence: string) => {
  notes.push(sentence);
  tell(sentence);
};
const unpinned = pinToCores();
if (unpinned !== undefined) note(unpinned);
if (options.cluster) await compareClusters();
let servers = options.only;
if (servers.includes("tornado") && !pythonWithTornado()) {
  note("tornado is skipped: no python3 that can import tornado was found");
  servers = servers.filter((name) => name !== "tornado");
}

const rows: (Row | BrokenRow)[] = [];
const runs: (Row | BrokenRow)[] = [];
const { seconds, warmup, say, rounds } = options;
// Measures all servers and crowds with one number of players, then with the next number. The report compares runs that
// have the same number of players, so these runs take place at about the same time.
for (const clients of options.clients) {
  const first = runs.length;
  const kinds = options.crowd.flatMap((crowd) => servers.map((server) => ({ crowd, server })));
  for (let round = 0; round < rounds; round++) {
    for (const { crowd, server } of kinds) {
      runs.push(await run(contender(server), clients, { crowd, seconds, warmup, say, tell }));
    }
  }
  for (const { crowd, server } of kinds) {
    rows.push(median(runs.slice(first).filter((one) => one.crowd === crowd && one.server === server)));
  }
}
if (rounds > 1) note(`each figure is the median of ${rounds} runs, in which the servers took turns; counts are sums`);

const where = machine(args);
const markdown = results(rows, where, notes);
const save = (file: string, text: string) => writeFileSync(join(options.out, file), text);
save("table.md", markdown);
save("results.json", `${JSON.stringify({ machine: where, options, rows, runs, notes }, null, 2)}\n`);
for (const [file, svg] of charts(rows)) save(file, svg);
tell(`written to ${options.out}: table.md, results.json and the charts`);
process.stdout.write(markdown);
process.exit(rows.some((row) => "broken" in row || row.fault !== undefined) ? 1 : 0);

/** Measures clusters instead of servers, and exits. */
async function compareClusters(): Promise<never> {
  const { rows, runs, broken, markdown } = await benchCluster(options, tell).catch((error: Error) =>
    exit(error.message),
  );
  const where = machine(args);
  const text = `${markdown}\n${[...notes.map((note) => `- ${note}`), "", placeOf(where)].join("\n")}\n`;
  writeFileSync(join(options.out, "cluster.md"), text);
  const json = JSON.stringify({ machine: where, options, rows, runs, broken, notes }, null, 2);
  writeFileSync(join(options.out, "cluster.json"), `${json}\n`);
  tell(`written to ${options.out}: cluster.md and cluster.json`);
  process.stdout.write(text);
  process.exit(broken.length > 0 || rows.some(({ fault }) => fault !== undefined) ? 1 : 0);
}

/** Creates the folder of the results. Called before the measurements, which take minutes. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    exit(`cannot create the folder ${folder}: ${(error as Error).message}\nChoose another folder with --out.`);
  }
}

function exit(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
