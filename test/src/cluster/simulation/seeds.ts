// Runs seeds in a thread of their own, because Jest's environment makes code about ten times slower.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { RunFigures } from "./oracle.ts";
import { PLANTED } from "./planted.ts";
import { Simulation } from "./simulation.ts";

/** The seeds that the thread must run. */
interface SeedsWanted {
  readonly first: number;
  readonly count: number;
  /** The name of a planted fault. The run ends with the first seed that finds it. */
  readonly planted?: string;
}

/** The results of all seeds. */
export interface SeedsRun {
  /** For each failed seed: the violation, and the events before it. */
  readonly failures: string[];
  /** The sums over all seeds that did not fail. */
  readonly total: Omit<RunFigures, "longestStillMs">;
}

/** Runs seeds in a thread. */
export async function runSeeds(wanted: SeedsWanted): Promise<SeedsRun> {
  const worker = new Worker(new URL(import.meta.url), { workerData: wanted });
  const [result] = await once(worker, "message");
  await worker.terminate();
  return result as SeedsRun;
}

function run({ first, count, planted }: SeedsWanted): SeedsRun {
  const failures: string[] = [];
  const total = { ticks: 0, applied: 0, reigns: 0, rollbacks: 0, handovers: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const simulation = new Simulation(seed, planted === undefined ? {} : PLANTED[planted]!);
    try {
      const figures = simulation.run();
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += figures[name];
    } catch (error) {
      failures.push([`seed ${seed}: ${(error as Error).stack}`, ...simulation.log].join("\n"));
      if (planted !== undefined) break;
    }
  }
  return { failures, total };
}

if (!isMainThread) parentPort!.postMessage(run(workerData as SeedsWanted));
