// Combines several runs of one server with one number of players into one row. On a shared machine a single run may
// have been disturbed.
import { type BrokenRow, isComplete, type Row, sum } from "./run.ts";

/**
 * Returns a row with the median of each figure, the sums of counts, and the errors of all runs. If one of the runs was
 * aborted, returns that run.
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
    cpuPerClientSecond: medianOf((row) => row.cpuPerClientSecond),
    cpuPerFrame: medianOf((row) => row.cpuPerFrame),
    kilobytesPerSecond: medianOf((row) => row.kilobytesPerSecond),
    framesPerSecond: medianOf((row) => row.framesPerSecond),
    leastFramesPerSecond: medianOf((row) => row.leastFramesPerSecond),
    latency: {
      p50: medianOf(({ latency }) => latency.p50),
      p99: medianOf(({ latency }) => latency.p99),
      moves: sumOf(({ latency }) => latency.moves),
      lost: sumOf(({ latency }) => latency.lost),
    },
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
    ...(errors.length > 0 && { fault: [...new Set(errors)].join("; ") }),
    ...(audit && { audit }),
  };
}

/** Returns the median of the values that are not NaN; NaN if there are none. */
function middle(values: number[]): number {
  // A run in which no frame showed a move has no latency.
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}
