// `npm run soak`: lets a crowd walk for minutes, and measures memory, ticks and latency. The exit code is 1 if memory
// grew by GOAL % or more, or if a player was disconnected.
import { existsSync } from "node:fs";
import { commandLine, number, wholeNumber } from "../../../cli/command-line.ts";
import { pinToCores } from "../../harness/children.ts";
import { machine } from "../../harness/machine.ts";
import { residentKilobytes } from "../../harness/process-figures.ts";
import { openField, populate, TIMED } from "../siege/field.ts";
import { verdictTable } from "../siege/verdicts.ts";

const WINDOW_S = 10;
/**
 * The first LEFT_OUT readings (two minutes) are ignored. The average of the next COMPARED readings (one minute) is
 * compared with the average of the last COMPARED readings.
 */
const LEFT_OUT = 12;
const COMPARED = 6;
const GOAL = 5;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

const { minutes, players } = commandLine(
  "soak",
  "Lets a crowd walk on a server of its own, on a core of its own, and measures the server's memory.",
)
  .option("--minutes <minutes>", "duration", number(4, 10_000), 10)
  .option("--players <number>", "number of players", wholeNumber(2 * TIMED, 20_000), 500)
  .addHelpText(
    "after",
    `
A line every ten seconds goes to stderr, the verdict to stdout. Memory is compared from the third minute on, because
the memory of the joins is released before that. The exit code is 1 if memory grew by 5 % or more, or if a player was
disconnected.`,
  )
  .parse()
  .opts<{ minutes: number; players: number }>();
if (!existsSync("/proc/self/stat")) exit("the soak reads memory from /proc, which only Linux has");
const windows = Math.round((minutes * 60) / WINDOW_S);

interface Reading {
  resident: number;
  heap: number;
  ticks: number;
  p99: number;
}

const tell = (what: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${what}`);
const unpinned = pinToCores();
const field = await openField(tell, { statsAgent: true });
const readings: Reading[] = [];
// Reads the commit before the run, because the files in the working tree may change during the run.
const where = machine(process.argv.slice(2), "npm run soak");
await populate(field, players);
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
    what: `growth of resident memory with ${players} players, from the third minute to the last of ${(windows * WINDOW_S) / 60}`,
    goal: `less than ${GOAL} %`,
    measured: `${growth.toFixed(1)} %: ${mb(mean("resident", first))}, then ${mb(mean("resident", last))} MB; heap ${mb(mean("heap", first))}, then ${mb(mean("heap", last))} MB`,
    pass: growth < GOAL,
  },
  {
    siege,
    what: "players that were disconnected",
    goal: "0",
    measured: `${losses.length}; ticks per second ${between("ticks")}; p99 in ms ${between("p99")}`,
    pass: losses.length === 0,
  },
];
process.stdout.write(verdictTable(verdicts, where, unpinned === undefined ? [] : [unpinned]));
process.exit(verdicts.every(({ pass }) => pass) ? 0 : 1);

function exit(message: string): never {
  console.error(message);
  process.exit(2);
}
