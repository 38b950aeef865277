// `npm run bench -- --cluster`: one process alone against clusters of several processes, with the same clients.
import type { Options } from "../cli.ts";
import { middle } from "../median.ts";
import { type ClusterRow, type ClusterRun, measureCluster, type ProcessFigures } from "./measure.ts";
import { missingHint, missingPrograms } from "./programs.ts";

/** The numbers of processes that are compared. The number 1 stands for one process without a cluster. */
const PROCESSES = [1, 2, 3];

/**
 * The number of processes in the run with bodies (players without a connection): the authority and two replicas. One of
 * the replicas has no clients.
 */
const PROCESSES_WITH_BODIES = 3;

/**
 * The maximum number of clients in the run with bodies. The run shows what it costs a replica to mirror the authority's
 * rooms, so the cost of clients must stay low.
 */
const CLIENTS_WITH_BODIES = 24;

/** The report on all measurements. */
export interface ClusterReport {
  /** Medians over the rounds. */
  rows: ClusterRow[];
  /** All rounds. */
  runs: ClusterRow[];
  /** The reasons why individual measurements were aborted. */
  broken: string[];
  /** A table of all processes, and the ratios, as Markdown. */
  markdown: string;
}

/**
 * Measures each number of processes once per round, for several rounds.
 * @throws {Error} with a hint if Redis or PostgreSQL is missing.
 */
export async function benchCluster(
  { clients: sizes, bodies, rounds, seconds, warmup }: Options,
  tell: (message: string) => void,
): Promise<ClusterReport> {
  const missing = missingPrograms(["redis-server", "postgres", "initdb"]);
  if (missing.length > 0) throw new Error(missingHint(missing));
  const kinds: ClusterRun[] = sizes.flatMap((clients) =>
    PROCESSES.map((processes) => ({ processes, clients, bodies: 0, seconds, warmup })),
  );
  const few = Math.min(CLIENTS_WITH_BODIES, ...sizes);
  if (bodies > 0) kinds.push({ processes: PROCESSES_WITH_BODIES, clients: few, bodies, seconds, warmup });
  const runs: ClusterRow[][] = kinds.map(() => []);
  const broken: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [index, kind] of kinds.entries()) {
      const name = `round ${round} of ${rounds}, ${nameOf(kind.processes, kind.bodies)}, ${kind.clients} clients`;
      try {
        runs[index]!.push(await measureCluster(kind, (message) => tell(`${name}: ${message}`)));
      } catch (error) {
        broken.push(`${name}: aborted: ${(error as Error).message}`);
        tell(broken.at(-1)!);
      }
    }
  }
  const rows = runs.filter(({ length }) => length > 0).map(medianOf);
  return { rows, runs: runs.flat(), broken, markdown: report(rows, broken, rounds) };
}

function nameOf(processes: number, bodies: number): string {
  const what = processes === 1 ? "one process alone" : `${processes} processes`;
  return bodies === 0 ? what : `${what}, ${bodies} bodies`;
}

/** Returns the median of each figure over several rounds, the sums of counts, and the errors of all rounds. */
function medianOf(rounds: readonly ClusterRow[]): ClusterRow {
  const first = rounds[0]!;
  const of = (figure: (row: ClusterRow) => number) => middle(rounds.map(figure));
  const ofProcess = (index: number, figure: (process: ProcessFigures) => number) =>
    of(({ processes }) => figure(byRole(processes)[index]!));
  const faults = rounds.flatMap(({ fault }) => fault ?? []);
  return {
    clients: first.clients,
    bodies: first.bodies,
    framesPerSecond: of((row) => row.framesPerSecond),
    latency: {
      p50: of(({ latency }) => latency.p50),
      p99: of(({ latency }) => latency.p99),
      moves: rounds.reduce((sum, { latency }) => sum + latency.moves, 0),
      lost: rounds.reduce((sum, { latency }) => sum + latency.lost, 0),
    },
    redisCpu: of((row) => row.redisCpu),
    processes: byRole(first.processes).map(({ role, clients }, index) => ({
      role,
      clients,
      cpuPerFrame: ofProcess(index, (process) => process.cpuPerFrame),
      cpuPerTick: ofProcess(index, (process) => process.cpuPerTick),
      tickMs: ofProcess(index, (process) => process.tickMs),
      tickCpuMs: ofProcess(index, (process) => process.tickCpuMs),
      sentKilobytes: ofProcess(index, (process) => process.sentKilobytes),
      receivedKilobytes: ofProcess(index, (process) => process.receivedKilobytes),
      megabytes: ofProcess(index, (process) => process.megabytes),
    })),
    ...(faults.length > 0 && { fault: [...new Set(faults)].join("; ") }),
  };
}

/** Sorts the authority to the front, because the authority may be a different process in each round. */
function byRole(processes: readonly ProcessFigures[]): ProcessFigures[] {
  return processes.toSorted((a, b) => Number(a.role === "replica") - Number(b.role === "replica"));
}

const COLUMNS: readonly [title: string, value: (process: ProcessFigures, row: ClusterRow) => string][] = [
  ["clients", ({ clients }) => String(clients)],
  ["CPU µs per frame", ({ cpuPerFrame }) => (Number.isNaN(cpuPerFrame) ? "–" : cpuPerFrame.toFixed(1))],
  ["CPU ms per tick", ({ cpuPerTick }) => (cpuPerTick / 1000).toFixed(2)],
  ["tick ms", ({ tickMs }) => (tickMs === 0 ? "–" : tickMs.toFixed(2))],
  ["tick CPU ms", ({ tickCpuMs }) => (tickCpuMs === 0 ? "–" : tickCpuMs.toFixed(2))],
  ["kB/s to Redis", ({ sentKilobytes }) => sentKilobytes.toFixed(0)],
  ["kB/s from Redis", ({ receivedKilobytes }) => receivedKilobytes.toFixed(0)],
  ["memory MB", ({ megabytes }) => megabytes.toFixed(0)],
  ["frames/s per client", (_, row) => row.framesPerSecond.toFixed(1)],
  ["latency p50 / p99 ms", (_, { latency }) => `${latency.p50.toFixed(0)} / ${latency.p99.toFixed(0)}`],
  ["Redis CPU %", (_, { redisCpu }) => redisCpu.toFixed(1)],
  ["clients' state", (_, { fault }) => (fault === undefined ? "ok" : "WRONG")],
];

function report(rows: readonly ClusterRow[], broken: readonly string[], rounds: number): string {
  const titles = ["run", "process", ...COLUMNS.map(([title]) => title)];
  const lines = rows.flatMap((row) =>
    row.processes.map((process, index) => [
      index === 0 ? nameOf(row.processes.length, row.bodies) : "",
      process.role,
      ...COLUMNS.map(([, value]) => value(process, row)),
    ]),
  );
  const rule = titles.map((_, column) => (column < 2 ? "---" : "---:"));
  const table = [titles, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const sentences = [...ratiosOf(rows), ...remarksOf(rows), ...broken, `each figure is the median of ${rounds} rounds`];
  return `${table}\n\n${sentences.map((sentence) => `- ${sentence}`).join("\n")}\n`;
}

/** Compares the replicas of each cluster with the process that runs alone. */
function ratiosOf(rows: readonly ClusterRow[]): string[] {
  return rows.flatMap((row) => {
    const alone = rows.find(({ processes, clients }) => processes.length === 1 && clients === row.clients);
    if (!alone || alone === row || row.bodies > 0) return [];
    const frames = row.processes.filter(({ clients }) => clients > 0).map(({ cpuPerFrame }) => cpuPerFrame);
    const cpu = Math.max(...frames) / alone.processes[0]!.cpuPerFrame;
    const latency = row.latency.p99 / alone.latency.p99;
    const name = `${nameOf(row.processes.length, row.bodies)}, ${row.clients} clients`;
    return `${name}: a replica needs ${cpu.toFixed(2)} x the CPU per frame of one process alone, and the p99 latency is ${latency.toFixed(2)} x`;
  });
}

function remarksOf(rows: readonly ClusterRow[]): string[] {
  return rows.flatMap((row) => {
    const name = nameOf(row.processes.length, row.bodies);
    const sentences: string[] = [];
    if (row.latency.lost > 0) sentences.push(`no frame showed ${row.latency.lost} moves of the probes`);
    if (row.fault !== undefined) sentences.push(`the clients' state was wrong: ${row.fault}`);
    return sentences.map((sentence) => `${name}: ${sentence}`);
  });
}
