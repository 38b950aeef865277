// Starts the server as a process of its own, with its own environment, and captures its output.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "@jest/globals";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { until } from "./until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/**
 * Milliseconds that a start may take. This timeout is shorter than jest's, so `listening` rejects first if a start
 * hangs.
 */
const START_TIMEOUT_MS = 55_000;

/** A server in its own process. It is killed after the test that started it. */
export interface ServerProcess {
  /** Returns the server's standard output so far. */
  stdout(): string;
  /** Returns the server's standard error so far, without the framework's lines about /etc/environment. */
  stderr(): string;
  /** Resolves with the port when the server listens. */
  listening(): Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code when the server has ended and all output has arrived; null if a signal ended it. */
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

/** Creates a data folder for servers. It is removed after the test, when the servers have ended. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sabang-data-"));
  folders.push(folder);
  return folder;
}

/**
 * Starts a server on a free port. The server's environment contains the given variables. Of the test's own variables,
 * it contains only `PATH`. The server uses a new data folder unless `DATA_DIR` is given.
 * @param root the project folder of the server; this project by default.
 */
export function startProcess(environment: Record<string, string> = {}, root: string = ROOT): ServerProcess {
  const child = spawn(process.execPath, ["src/main.ts"], {
    cwd: root,
    env: {
      ...COMPILE_CACHE,
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      PORT: "0",
      // Turns admission control off. Otherwise the server would refuse joins on a busy machine.
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
  const output = () => `\n${printed.stdout}\n${printed.stderr}`;

  return {
    stdout: () => printed.stdout,
    stderr: () => printed.stderr.replace(/^.*injected env .*\n/gm, ""),
    listening: async () => {
      const match = await until(() => {
        if (hasEnded()) throw new Error(`the server exited before it listened:${output()}`);
        return /listening on port (\d+)\n[\s\S]*\/websocket\n\n/.exec(printed.stdout);
      }, START_TIMEOUT_MS);
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
