// Runs the benchmark as a user does: in its own process, with real servers and a real load.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import type { ClusterReport } from "../../bench/cluster/bench.ts";
import type { ProcessFigures } from "../../bench/cluster/measure.ts";
import type { Row } from "../../bench/run.ts";
import { startBench } from "../support/bench.ts";
import { testWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

const testWithCluster = testWith("redis");

/** Milliseconds within which a busy machine starts a server and its load. */
const START_TIMEOUT_MS = 60_000;

/** Timeout in ms of a benchmark of several servers on a busy machine. */
const TIMEOUT_MS = 180_000;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Runs the benchmark and waits until it exits. */
const bench = (...args: string[]) => startBench(...args).ended();

/** Returns the command lines of a process's children, by process id. */
function childrenOf(pid: number): Map<number, string> {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return new Map(pids.map((child) => [Number(child), readFileSync(`/proc/${child}/cmdline`, "utf8")]));
}

function folder(): string {
  const out = mkdtempSync(join(tmpdir(), "bench-test-"));
  cleanups.push(() => rmSync(out, { recursive: true }));
  return out;
}

const onLinux = existsSync("/proc/self/stat") ? test : test.skip;

onLinux("the benchmark measures servers, verifies their clients' states, and writes a table and charts", async () => {
  const out = folder();
  const args = ["--clients", "20", "--only", "sabang,bare,ws-binary", "--seconds", "1", "--warmup", "1", "--out", out];
  const { code, stdout, stderr } = await bench(...args);
  const { rows } = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as { rows: Row[] };
  expect(rows.map(({ server, clients }) => `${server} ${clients}`)).toEqual(["sabang 20", "bare 20", "ws-binary 20"]);
  for (const row of rows) {
    expect(row).not.toHaveProperty("broken");
    expect(row.fault).toBeUndefined();
    expect(row.framesPerSecond).toBeGreaterThan(1);
    expect(row.cpuPerFrame).toBeGreaterThan(0);
    expect(row.kilobytesPerSecond).toBeGreaterThan(0);
    expect(row.sentMoves).toBeGreaterThan(5);
    if (row.server === "bare") continue;
    expect(row.latency.moves).toBeGreaterThan(10);
    expect(row.latency.p99).toBeGreaterThanOrEqual(row.latency.p50);
  }
  expect(rows[0]!.audit!.frames).toBeGreaterThan(10);
  expect(rows[0]!.audit!.leaks).toBe(0);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\| sabang \| 20 \| even \| .* \| ok \|$/m);
  expect(stdout).toMatch(/^\| bare \| 20 \| even \| .* \| – \| – \| – \| – \| .* \| ok \|$/m);
  expect(stdout).toMatch(/^\| ws-binary \| 20 \| even \| .* \| ok \|$/m);
  expect(stdout).toContain("20 players, even: CPU per frame of sabang is ");
  expect(readFileSync(join(out, "table.md"), "utf8")).toBe(stdout);
  expect(stderr).toContain("sabang, 20 players, even: measuring for 1 s");
  for (const file of ["cpu.svg", "bytes.svg", "latency.svg"]) {
    const svg = readFileSync(join(out, file), "utf8");
    expect(svg).toMatch(/^<svg /);
    for (const text of ["sabang", "ws-binary", "players in one room", 'fill="#ffffff"']) expect(svg).toContain(text);
  }
});

onLinux(
  "the benchmark measures a median staleness of 0 ticks for each server if all players are in one cell",
  async () => {
    const out = folder();
    const servers = "sabang,tutorial,state-view,ws-binary,ws-json,socket-io";
    const args = [
      "--clients",
      "40",
      "--only",
      servers,
      "--crowd",
      "cell",
      "--say",
      "1",
      "--seconds",
      "2",
      "--warmup",
      "0",
    ];
    const { code, stdout } = await bench(...args, "--out", out);
    const { rows } = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as { rows: Row[] };
    expect(rows.map(({ server }) => server)).toEqual(servers.split(","));
    for (const row of rows) {
      expect(row).toMatchObject({ crowd: "cell", strays: 0 });
      expect(row).not.toHaveProperty("fault");
      expect(row.greediestKilobytesPerSecond).toBeGreaterThanOrEqual(row.kilobytesPerSecond);
      expect(row.staleness!.all!.samples).toBeGreaterThan(100);
      expect(row.staleness!.all!.p50).toBe(0);
    }
    // sabang's frames carry the room's clock, so sabang's staleness does not depend on when frames arrive.
    expect(rows[0]!.staleness!.all!.max).toBeLessThanOrEqual(1);
    expect(rows[0]!.audit!.leaks).toBe(0);
    // Only the 20 clients of the load send texts. The 20 probes send no texts.
    expect(rows[0]!.heardPerSecond).toBeGreaterThan(10);
    expect(rows[1]).not.toHaveProperty("heardPerSecond");
    expect(code).toBe(0);
    expect(stdout).toContain("40 players, cell: CPU per frame of sabang is ");
    expect(readFileSync(join(out, "cell-cpu.svg"), "utf8")).toContain("Server CPU per delivered frame (cell)");
  },
  TIMEOUT_MS,
);

onLinux(
  "the benchmark reports a server that exits during a run, measures the other servers, and exits with code 1",
  async () => {
    const args = [
      "--clients",
      "12",
      "--only",
      "ws-binary,ws-json",
      "--seconds",
      "1",
      "--warmup",
      "0",
      "--out",
      folder(),
    ];
    const run = startBench(...args);
    await until(() => run.printed.stderr.includes("ws-binary, 12 players, even: walking"), START_TIMEOUT_MS);
    const [server] = [...childrenOf(run.pid)].find(([, command]) => command.includes("contenders/ws-binary.ts"))!;
    process.kill(server, "SIGKILL");
    const { code, stdout } = await run.ended();
    expect(stdout).toMatch(/^\| ws-binary \| 12 \| even (\| – )+\| ABORTED \|$/m);
    expect(stdout).toContain(
      "ws-binary, 12 players, even: aborted: the server exited unexpectedly (SIGKILL): listening on port",
    );
    expect(stdout).toMatch(/^\| ws-json \| 12 \| even \| .* \| ok \|$/m);
    expect(code).toBe(1);
  },
);

onLinux("the benchmark kills all its child processes when it receives SIGINT", async () => {
  const run = startBench("--clients", "12", "--only", "sabang", "--out", folder());
  await until(() => run.printed.stderr.includes("sabang, 12 players, even: joining"), START_TIMEOUT_MS);
  const children = childrenOf(run.pid);
  expect([...children.values()].filter((command) => /main\.ts/.test(command))).toHaveLength(3);
  run.signal("SIGINT");
  const { code, stdout } = await run.ended();
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  await until(() => [...children.keys()].every((pid) => !existsSync(`/proc/${pid}`)));
});

testWithCluster(
  "the benchmark compares clusters with a single process, and measures a cluster with players that have no connection",
  async () => {
    const out = folder();
    const args = ["--cluster", "--clients", "12", "--bodies", "300", "--seconds", "2", "--warmup", "1", "--out", out];
    const { code, stdout, stderr } = await bench(...args);
    const { rows, broken } = JSON.parse(readFileSync(join(out, "cluster.json"), "utf8")) as ClusterReport;
    expect(broken).toEqual([]);
    const roles = rows.map(({ processes }) => processes.map(({ role, clients }) => `${role} ${clients}`));
    expect(roles).toEqual([
      ["alone 12"],
      ["authority 0", "replica 12"],
      ["authority 0", "replica 6", "replica 6"],
      ["authority 0", "replica 12", "replica 0"],
    ]);
    for (const row of rows) {
      expect(row.fault).toBeUndefined();
      expect(row.framesPerSecond).toBeGreaterThan(1);
      expect(row.latency.moves).toBeGreaterThan(10);
      const [first, ...replicas] = row.processes as [ProcessFigures, ...ProcessFigures[]];
      for (const { clients, cpuPerFrame } of row.processes) if (clients > 0) expect(cpuPerFrame).toBeGreaterThan(0);
      expect(first.tickMs).toBeGreaterThan(0);
      for (const { receivedKilobytes } of replicas) expect(receivedKilobytes).toBeGreaterThan(0);
    }
    expect(rows[3]!.processes.map(({ tickCpuMs }) => tickCpuMs > 0)).toEqual([true, false, false]);
    // The bodies walk, so the authority sends more than in the run with the same clients and no bodies.
    expect(rows[3]!.processes[0]!.sentKilobytes).toBeGreaterThan(2 * rows[1]!.processes[0]!.sentKilobytes);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/2 processes, 12 clients: a replica needs [\d.]+ x the CPU per frame of one process alone/);
    expect(readFileSync(join(out, "cluster.md"), "utf8")).toBe(stdout);
  },
  TIMEOUT_MS,
);
