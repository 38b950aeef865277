// `npm run soak`: a crowd walks for minutes. Does memory grow, do ticks come later? The exit code is 1 if memory grew.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { pinToCores } from "../../harness/children.ts";
import { machine } from "../../harness/machine.ts";
import { residentKilobytes } from "../../harness/process-figures.ts";
import { openField, populate, TIMED } from "../siege/field.ts";
import { verdictTable } from "../siege/verdicts.ts";

const HELP = `Lets a crowd walk about on a server of its own, on a core of its own, and watches its memory.

  npm run soak -- [--minutes 10] [--players 500]

A line for each ten seconds goes to stderr, the verdict to stdout. Memory is compared from the third minute on: before that
the joins are still being given back. The exit code is 1 if it grew by 5 % or more, or if a player was disconnected.
`;

const WINDOW_S = 10;
/** Readings that are left out, and those whose mean is compared at either end: two minutes, and one. */
const LEFT_OUT = 12;
const COMPARED = 6;
const GOAL = 5;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const args = process.argv.slice(2);
const { minutes, players, help } = (() => {
  try {
    const text = { type: "string" } as const;
    return parseArgs({ args, options: { minutes: text, players: text, help: { type: "boolean" } } }).values;
  } catch (error) {
    return exit((error as Error).message);
  }
})();
if (help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!existsSync("/proc/self/stat")) exit("the soak reads memory from /proc, which only Linux has");
const windows = Math.round((number("minutes", minutes ?? "10", 4, 10_000) * 60) / WINDOW_S);
const crowd = number("players", players ?? "500", 2 * TIMED, 20_000);

interface Reading {
  resident: number;
  heap: number;
  ticks: number;
  p99: number;
}

const tell = (what: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${what}`);
const unpinned = pinToCores();
const field = await openField(tell, { passenger: true });
const readings: Reading[] = [];
// Now, and not at the end: files may change meanwhile.
const where = machine(args, "npm run soak");
await populate(field, crowd);
const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
for (let window = 0; window < windows; window++) {
  const { ticks, p99 } = await field.watch(WINDOW_S - 1);
  const { heap } = await field.server.vitals();
  const reading = { resident: residentKilobytes(field.server.pid) * 1000, heap, ticks, p99 };
  readings.push(reading);
  tell(
    `${((window + 1) * WINDOW_S).toString().padStart(4)} s  resident ${mb(reading.resident)} MB  heap ${mb(heap)} MB  ${ticks.toFixed(1)} ticks/s  p99 ${p99.toFixed(0)} ms`,
  );
}
const losses = await field.losses();
await field.end();

const mean = (of: keyof Reading, some: Reading[]) => some.reduce((sum, one) => sum + one[of], 0) / some.length;
const first = readings.slice(LEFT_OUT, LEFT_OUT + COMPARED);
const last = readings.slice(-COMPARED);
const growth = (mean("resident", last) / mean("resident", first) - 1) * 100;
const siege = "soak";
const between = (of: keyof Reading) => `${mean(of, first).toFixed(1)}, then ${mean(of, last).toFixed(1)}`;
const verdicts = [
  {
    siege,
    what: `growth of resident memory with ${crowd} players, from the third minute to the last of ${(windows * WINDOW_S) / 60}`,
    goal: `less than ${GOAL} %`,
    measured: `${growth.toFixed(1)} %: ${mb(mean("resident", first))}, then ${mb(mean("resident", last))} MB; heap ${mb(mean("heap", first))}, then ${mb(mean("heap", last))} MB`,
    pass: growth < GOAL,
  },
  {
    siege,
    what: "players that were disconnected",
    goal: "0",
    measured: `${losses.length}; ticks a second ${between("ticks")}; p99 in ms ${between("p99")}`,
    pass: losses.length === 0,
  },
];
process.stdout.write(verdictTable(verdicts, where, unpinned === undefined ? [] : [unpinned]));
process.exit(verdicts.every(({ pass }) => pass) ? 0 : 1);

function number(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  return exit(`--${flag}: got "${text}"; expected a number from ${least} to ${most}`);
}

function exit(sentence: string): never {
  console.error(`${sentence}\nSee npm run soak -- --help`);
  process.exit(2);
}
