// The child processes of a run. Each is killed by its own process id. Each runs on a given core if this process is
// pinned. All of them end when this process exits.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";

/** The indexes of two cores: the core for the server, and the core for all processes that measure it. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

const running = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

let isPinned = false;

/**
 * Pins this process to the load's core. From then on `start` pins each child to the given core. Each measuring program
 * calls this function once, at its start. Tests may import this file, because the import does not pin any process.
 * @returns the reason why processes cannot be pinned on this machine; undefined if they are pinned.
 */
export function pinToCores(): string | undefined {
  if (cpus().length < 2) return "this machine has one core; server and load share it";
  try {
    pin(process.pid);
  } catch {
    return "taskset is not available; server and load are not pinned to separate cores";
  }
  isPinned = true;
  return undefined;
}

/** Whether server and load run on separate cores. Figures per core are meaningful only in this case. */
export function arePinned(): boolean {
  return isPinned;
}

/**
 * Starts a program, on the given core if this process is pinned. The child's process id is the program's own, because
 * taskset replaces itself with the program.
 */
export function start(core: number, program: string, args: string[], options: SpawnOptions): ChildProcess {
  const command = isPinned ? ["taskset", "-c", String(core), program, ...args] : [program, ...args];
  const child = spawn(command[0]!, command.slice(1), options);
  running.add(child);
  child.on("exit", () => running.delete(child));
  // `error` means that the program could not be started. It will not exit, so `stop` must not wait for its exit.
  child.on("error", () => running.delete(child));
  return child;
}

/** Moves a running process to the load's core, if this process is pinned. */
export function moveToLoadCore(pid: number): void {
  if (isPinned) pin(pid);
}

function pin(pid: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", String(LOAD_CORE), String(pid)], { stdio: "ignore" });
}

/** Kills a process and waits until it has exited. */
export async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
