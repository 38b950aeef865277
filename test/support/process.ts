// Starts the server as people do: a process of its own with an environment of its own, its output in hand.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "@jest/globals";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { until } from "./until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Milliseconds that a start may take on a busy machine: less than a test may take, so that a hang is told with what was printed. */
const LISTENING_MS = 55_000;

/** A server in its own process. It is killed after the test that started it. */
export interface ServerProcess {
  /** What it has printed so far. */
  stdout(): string;
  /** The same, without what the framework says about /etc/environment on machines that have one. */
  stderr(): string;
  /** Its port, as soon as it listens. */
  listening(): Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** Its exit code (null if a signal ended it), as soon as it has ended and all it printed has arrived. */
  ended(): Promise<number | null>;
  hasEnded(): boolean;
}

const started = new Set<ChildProcess>();
const folders: string[] = [];

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  started.clear();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder for the data of servers, which is removed after the test, as soon as they have ended. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sabang-data-"));
  folders.push(folder);
  return folder;
}

/**
 * Starts a server on a free port. It sees the given variables and nothing of the test's own environment, and its data
 * are its own unless `DATA_DIR` is given.
 * @param root the project that it is the server of, by default this one.
 */
export function startProcess(environment: Record<string, string> = {}, root: string = ROOT): ServerProcess {
  const child = spawn(process.execPath, ["src/main.ts"], {
    cwd: root,
    env: {
      ...COMPILE_CACHE,
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      PORT: "0",
      // Tests run on machines that do much else.
      ADMISSION_MAX_DELAY_MS: "0",
      ...(environment.DATA_DIR ? {} : { DATA_DIR: dataFolder() }),
      ...environment,
    } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.add(child);
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const closed = once(child, "close");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const all = () => `\n${printed.stdout}\n${printed.stderr}`;

  return {
    stdout: () => printed.stdout,
    stderr: () => printed.stderr.replace(/^.*injected env .*\n/gm, ""),
    listening: async () => {
      const match = await until(() => {
        if (hasEnded()) throw new Error(`the server ended instead of listening:${all()}`);
        return /listening on port (\d+)\n[\s\S]*\/websocket\n\n/.exec(printed.stdout);
      }, LISTENING_MS);
      return Number(match[1]);
    },
    signal: (name) => child.kill(name),
    ended: async () => {
      await closed;
      return child.exitCode;
    },
    hasEnded,
  };
}
