// Starts a balancer in front of the processes of a local cluster: HAProxy, or the small one of this project.
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOAD_CORE, start } from "../harness/children.ts";
import { waitFor } from "../harness/wait-for.ts";
import { type Backend, haproxyConfig } from "./haproxy.ts";
import { findProgram } from "./programs.ts";

const START_TIMEOUT_MS = 10_000;

const ROUND_ROBIN = fileURLToPath(new URL("round-robin.ts", import.meta.url));

/** The kinds of balancers. */
export type BalancerKind = "HAProxy" | "round robin of bench/";

/** Returns the kind of balancer that this machine can run. */
export function balancerKind(): BalancerKind {
  return findProgram("haproxy") === undefined ? "round robin of bench/" : "HAProxy";
}

/**
 * Starts a balancer on a port of 127.0.0.1. Resolves when the balancer answers, so at least one backend must run.
 * @param folder an existing folder for its configuration.
 */
export async function startBalancer(
  kind: BalancerKind,
  folder: string,
  port: number,
  backends: readonly Backend[],
): Promise<ChildProcess> {
  const child = kind === "HAProxy" ? haproxy(folder, port, backends) : roundRobin(port, backends);
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`${kind} exited with code ${child.exitCode}`);
    return fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await waitFor(`${kind} answers`, answers, START_TIMEOUT_MS);
  return child;
}

function haproxy(folder: string, port: number, backends: readonly Backend[]): ChildProcess {
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, haproxyConfig(port, backends));
  return start(LOAD_CORE, findProgram("haproxy")!, ["-db", "-f", file], { stdio: "ignore", detached: true });
}

function roundRobin(port: number, backends: readonly Backend[]): ChildProcess {
  const args = [ROUND_ROBIN, String(port), ...backends.map(({ port }) => String(port))];
  return start(LOAD_CORE, process.execPath, args, { stdio: ["ignore", "ignore", 2], detached: true });
}
