// The processes of a run: started on a core of their own, ended by their own number, none left behind.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";

/** The core for the server alone, and the one for everything that measures it. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

const running = new Set<ChildProcess>();

// Whatever ends this process ends them too.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

let isPinned = false;

/**
 * Pins this process to the load's core, and each process it starts from now on to the core it is started for. Programs that
 * measure call it once, at their start. Importing this file pins nothing, so tests may import it.
 * @returns why processes cannot be pinned here, in a sentence; undefined if they are pinned.
 */
export function pinToCores(): string | undefined {
  if (cpus().length < 2) return "this machine has one core, so server and load share it";
  try {
    execFileSync("taskset", ["-a", "-c", "-p", String(LOAD_CORE), String(process.pid)], { stdio: "ignore" });
  } catch {
    return "there is no taskset, so server and load are not pinned to cores of their own";
  }
  isPinned = true;
  return undefined;
}

/** Whether server and load have cores of their own: only then do the cores' own figures mean anything. */
export function arePinned(): boolean {
  return isPinned;
}

/** Starts a program, on a core if this process is pinned; it keeps its process id, since taskset becomes the program. */
export function start(core: number, program: string, args: string[], options: SpawnOptions): ChildProcess {
  const command = isPinned ? ["taskset", "-c", String(core), program, ...args] : [program, ...args];
  const child = spawn(command[0]!, command.slice(1), options);
  running.add(child);
  child.on("exit", () => running.delete(child));
  // A program that is not there: whoever waits for it sees that it has ended.
  child.on("error", () => running.delete(child));
  return child;
}

/** Ends a process at once, and waits until it has ended. */
export async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
