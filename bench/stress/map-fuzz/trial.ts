// Reads many damaged maps in a child process, which is killed if it hangs.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { caller } from "../../harness/ipc.ts";
import type { Outcome, ReaderRequests } from "./reader.ts";

/** The options of a trial. */
export interface TrialOptions {
  seed: number;
  /** The number of the first map. To repeat a failure, give the number of the map that failed. */
  from?: number;
  maps: number;
  /** Called with progress messages. */
  tell?: (message: string) => void;
}

/** The number of maps in one request. */
const BATCH = 500;

/** The time in which a batch must be read, in milliseconds. */
const TIMEOUT_MS = 60_000;

/**
 * The memory that the child process may use, in bytes. It is enough for Node itself, for the largest allowed map with
 * its encoded data, and for garbage that is not collected yet.
 */
const MAX_MEMORY = 600e6;

/** Reads damaged maps. */
export async function trial({ seed, from = 0, maps, tell = () => {} }: TrialOptions): Promise<Outcome> {
  const total: Outcome = { loaded: 0, refused: {}, faults: [], slowest: { map: from, ms: 0 }, memory: 0 };
  const child = fork(fileURLToPath(new URL("reader.ts", import.meta.url)), {
    execArgv: [],
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const ended = once(child, "exit");
  try {
    const ask = caller<ReaderRequests>(child, tell);
    for (let first = from; first < from + maps; first += BATCH) {
      const count = Math.min(BATCH, from + maps - first);
      const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
      const outcome = await ask("read", { seed, first, count }).catch((error: Error) => {
        total.faults.push(`maps ${first} to ${first + count - 1}: ${error.message}`);
      });
      clearTimeout(timer);
      if (!outcome) break;
      add(total, outcome);
      if ((first / BATCH) % 20 === 19) tell(`${first + count - from} of ${maps} maps`);
    }
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  if (total.memory > MAX_MEMORY) total.faults.push(`the process used ${(total.memory / 1e6).toFixed(0)} MB`);
  return total;
}

function add(total: Outcome, outcome: Outcome): void {
  total.loaded += outcome.loaded;
  total.faults.push(...outcome.faults);
  for (const [kind, count] of Object.entries(outcome.refused)) total.refused[kind] = (total.refused[kind] ?? 0) + count;
  if (outcome.slowest.ms > total.slowest.ms) total.slowest = outcome.slowest;
  total.memory = Math.max(total.memory, outcome.memory);
}

/** Returns the outcome as Markdown. */
export function report({ loaded, refused, faults, slowest, memory }: Outcome): string {
  const kinds = Object.entries(refused).sort(([, a], [, b]) => b - a);
  const rows = [
    ["loaded", loaded],
    ["refused", kinds.reduce((sum, [, count]) => sum + count, 0)],
    ["kinds of first faults", kinds.length],
    ["slowest map, ms", `${slowest.ms.toFixed(0)} (map ${slowest.map})`],
    ["memory of the process, MB", (memory / 1e6).toFixed(0)],
    ["errors", faults.length],
  ];
  return [["figure", "value"], ["---", "---"], ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
