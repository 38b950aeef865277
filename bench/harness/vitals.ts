// The asking end of the passenger (bench/harness/stats-agent.ts) that rides along in a server's process.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Vitals } from "./stats-agent.ts";

/** Arguments for Node that take the passenger along. */
export const STATS_AGENT_ARGS = ["--import", fileURLToPath(new URL("stats-agent.ts", import.meta.url))];

/** Milliseconds after which no answer is to be expected any more. */
const PATIENCE_MS = 30_000;

/** Asks the passenger; after a garbage collection, or without one. */
export type AskVitals = (collect?: "collect") => Promise<Vitals>;

/**
 * @param child was started with PASSENGER_ARGS, and `"pipe"` as the fourth entry of its stdio.
 * @returns questions that must not overlap; one fails if the process ends or is stuck for half a minute.
 */
export function vitalsOf(child: ChildProcess): AskVitals {
  const pipe = child.stdio[3] as Duplex;
  pipe.on("error", () => {});
  let hear: (line: string) => void = () => {};
  createInterface({ input: pipe }).on("line", (line) => hear(line));
  return (collect) =>
    new Promise((resolve, reject) => {
      const end = (why: string) => {
        clearTimeout(timer);
        child.off("exit", gone);
        reject(new Error(`the server did not tell how it is: ${why}`));
      };
      const gone = () => end("it has ended");
      const timer = setTimeout(() => end(`no answer in ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
      if (child.exitCode !== null || child.signalCode !== null) return gone();
      child.once("exit", gone);
      hear = (line) => {
        clearTimeout(timer);
        child.off("exit", gone);
        resolve(JSON.parse(line));
      };
      pipe.write(`${collect ?? "look"}\n`);
    });
}
