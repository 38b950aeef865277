// Combines several runs into one row. The runs are of the same server and the same crowd, with the same number of
// players. The median hides individual runs that other programs on the machine have disturbed.
import type { Ages, StalenessFigures } from "./harness/probes/staleness.ts";
import { type BrokenRow, isComplete, type Row, sum } from "./run.ts";

/**
 * Returns a row with the median of each figure, the sums of counts, and the errors of all runs. Returns the first
 * aborted run instead if there is one.
 * @param runs at least one run.
 */
export function median(runs: readonly (Row | BrokenRow)[]): Row | BrokenRow {
  const broken = runs.find((run) => !isComplete(run));
  if (broken) return broken;
  const rows = runs.filter(isComplete);
  const [first] = rows as [Row];
  const medianOf = (figure: (row: Row) => number) => middle(rows.map(figure));
  const sumOf = (figure: (row: Row) => number) => rows.reduce((sum, row) => sum + figure(row), 0);
  const errors = rows.flatMap(({ fault }) => fault ?? []);
  const audit = sum(rows.flatMap((row) => row.audit ?? []));
  return {
    server: first.server,
    clients: first.clients,
    crowd: first.crowd,
    cpuPerClientSecond: medianOf((row) => row.cpuPerClientSecond),
    cpuPerFrame: medianOf((row) => row.cpuPerFrame),
    kilobytesPerSecond: medianOf((row) => row.kilobytesPerSecond),
    greediestKilobytesPerSecond: medianOf((row) => row.greediestKilobytesPerSecond),
    framesPerSecond: medianOf((row) => row.framesPerSecond),
    leastFramesPerSecond: medianOf((row) => row.leastFramesPerSecond),
    ...(first.heardPerSecond !== undefined && { heardPerSecond: medianOf((row) => row.heardPerSecond ?? 0) }),
    latency: {
      p50: medianOf(({ latency }) => latency.p50),
      p99: medianOf(({ latency }) => latency.p99),
      moves: sumOf(({ latency }) => latency.moves),
      lost: sumOf(({ latency }) => latency.lost),
    },
    ...(first.staleness && { staleness: medianStaleness(rows.flatMap(({ staleness }) => staleness ?? [])) }),
    memoryPerClient: medianOf((row) => row.memoryPerClient),
    serverCpu: medianOf((row) => row.serverCpu),
    loadCpu: medianOf((row) => row.loadCpu),
    ...(first.othersCpu && {
      othersCpu: {
        server: medianOf(({ othersCpu }) => othersCpu?.server ?? 0),
        load: medianOf(({ othersCpu }) => othersCpu?.load ?? 0),
      },
    }),
    askedMoves: medianOf((row) => row.askedMoves),
    sentMoves: medianOf((row) => row.sentMoves),
    strays: sumOf((row) => row.strays),
    ...(errors.length > 0 && { fault: [...new Set(errors)].join("; ") }),
    ...(audit && { audit }),
  };
}

function medianStaleness(runs: StalenessFigures[]): StalenessFigures {
  const parts = (["all", "nearest", "others"] as const).flatMap((name) => {
    const ages = runs.flatMap((run) => run[name] ?? []);
    return ages.length > 0 ? [[name, medianAges(ages)]] : [];
  });
  return Object.fromEntries(parts);
}

/** The maximum is the highest of all runs, because the server's promise of fresh positions must hold in each run. */
function medianAges(runs: Ages[]): Ages {
  return {
    p50: middle(runs.map(({ p50 }) => p50)),
    p99: middle(runs.map(({ p99 }) => p99)),
    max: Math.max(...runs.map(({ max }) => max)),
    samples: runs.reduce((sum, { samples }) => sum + samples, 0),
  };
}

/** Returns the median of the values that are not NaN; NaN if there are none. */
export function middle(values: readonly number[]): number {
  // The latency of a run is NaN if no frame showed a move.
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}
