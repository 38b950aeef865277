// Queries the stats agent (bench/harness/stats-agent.ts), which runs in a server's process.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Vitals } from "./stats-agent.ts";

/** The Node arguments that load the stats agent. */
export const STATS_AGENT_ARGS = ["--import", fileURLToPath(new URL("stats-agent.ts", import.meta.url))];

/** Timeout of a request, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** Queries the stats agent. With `"collect"`, the agent runs a garbage collection before it reads the figures. */
export type AskVitals = (collect?: "collect") => Promise<Vitals>;

/**
 * @param child a process that was started with STATS_AGENT_ARGS, and with `"pipe"` as the fourth entry of its stdio.
 * @returns the function that queries the agent. Queries must not overlap. A query rejects if the process exits, or does
 * not respond within 30 s.
 */
export function vitalsOf(child: ChildProcess): AskVitals {
  const pipe = child.stdio[3] as Duplex;
  pipe.on("error", () => {});
  let onLine: (line: string) => void = () => {};
  createInterface({ input: pipe }).on("line", (line) => onLine(line));
  return (collect) =>
    new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        clearTimeout(timer);
        child.off("exit", onExit);
        reject(new Error(`the stats agent did not respond: ${reason}`));
      };
      const onExit = () => fail("the server has exited");
      const timer = setTimeout(() => fail(`timed out after ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
      if (child.exitCode !== null || child.signalCode !== null) return onExit();
      child.once("exit", onExit);
      onLine = (line) => {
        clearTimeout(timer);
        child.off("exit", onExit);
        resolve(JSON.parse(line));
      };
      pipe.write(`${collect ?? "look"}\n`);
    });
}
