// A real cluster for the tests of a file: Redis, PostgreSQL, server processes and a balancer.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { balancerKind } from "../../bench/cluster/balancer.ts";
import { type ClusterOptions, type LocalCluster, startCluster } from "../../bench/cluster/local-cluster.ts";
import { COMPILE_CACHE } from "./compile-cache.ts";

/** The credentials of the monitor. */
const OPERATOR = { user: "admin", password: "open sesame, please" };

/** Milliseconds that the start of a cluster may take on a busy machine. */
const START_TIMEOUT_MS = 180_000;

/** The cluster of a test file. */
export interface TestCluster {
  /** The cluster. It runs only during the tests of the file. */
  readonly running: LocalCluster;
  /** The address of the balancer. */
  readonly url: string;
  /** Sends a request to the monitor of the process at a port. */
  monitor(port: number, path: string): Promise<Response>;
}

/** Starts a cluster before the tests of a file, and stops it after them. */
export function testCluster(
  environment: Record<string, string> = {},
  { processes = 3, environmentOf }: Partial<Pick<ClusterOptions, "processes" | "environmentOf">> = {},
): TestCluster {
  let cluster: LocalCluster;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sabang-cluster-"));
    cluster = await startCluster({
      processes,
      balancer: balancerKind(),
      folder,
      environment: {
        ...(COMPILE_CACHE as Record<string, string>),
        ADMISSION_MAX_DELAY_MS: "0",
        MONITOR_PASSWORD: OPERATOR.password,
        ...environment,
      },
      ...(environmentOf && { environmentOf }),
    });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, maxRetries: 10 });
  }, START_TIMEOUT_MS);
  return {
    get running() {
      return cluster;
    },
    get url() {
      return `http://127.0.0.1:${cluster.port}`;
    },
    monitor: (port, path) =>
      fetch(`http://127.0.0.1:${port}/monitor${path}`, {
        headers: {
          authorization: `Basic ${Buffer.from(`${OPERATOR.user}:${OPERATOR.password}`).toString("base64")}`,
          "sec-fetch-site": "none",
        },
      }),
  };
}
