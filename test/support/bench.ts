// Starts the benchmark as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach } from "@jest/globals";
import { COMPILE_CACHE } from "./compile-cache.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Starts the benchmark. It is terminated after the test. */
export function startBench(...args: string[]) {
  const env = { ...process.env, ...COMPILE_CACHE };
  const child = spawn(process.execPath, ["bench/main.ts", ...args], { cwd: ROOT, env });
  cleanups.push(() => child.kill("SIGTERM"));
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const closed = once(child, "close");
  const ended = async () => {
    const [code] = await closed;
    return { ...printed, code: code as number };
  };
  return { pid: child.pid!, signal: (name: NodeJS.Signals) => child.kill(name), printed, ended };
}
