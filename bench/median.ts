// Several runs of one server with one number of players, as one row: on a machine that is shared, a single run may have
// been disturbed.
import { type BrokenRow, isWhole, type Row, sum } from "./run.ts";

/** The median of each figure; what must never be, if it was in any of the runs. `runs`: one at least. */
export function median(runs: readonly (Row | BrokenRow)[]): Row | BrokenRow {
  const broken = runs.find((run) => !isWhole(run));
  if (broken) return broken;
  const rows = runs.filter(isWhole);
  const [first] = rows as [Row];
  const of = (figure: (row: Row) => number) => middle(rows.map(figure));
  const sumOf = (figure: (row: Row) => number) => rows.reduce((sum, row) => sum + figure(row), 0);
  const faults = rows.flatMap(({ fault }) => fault ?? []);
  const audit = sum(rows.flatMap((row) => row.audit ?? []));
  return {
    server: first.server,
    clients: first.clients,
    cpuPerClientSecond: of((row) => row.cpuPerClientSecond),
    cpuPerFrame: of((row) => row.cpuPerFrame),
    kilobytesPerSecond: of((row) => row.kilobytesPerSecond),
    framesPerSecond: of((row) => row.framesPerSecond),
    leastFramesPerSecond: of((row) => row.leastFramesPerSecond),
    latency: {
      p50: of(({ latency }) => latency.p50),
      p99: of(({ latency }) => latency.p99),
      moves: sumOf(({ latency }) => latency.moves),
      lost: sumOf(({ latency }) => latency.lost),
    },
    memoryPerClient: of((row) => row.memoryPerClient),
    serverCpu: of((row) => row.serverCpu),
    loadCpu: of((row) => row.loadCpu),
    ...(first.othersCpu && {
      othersCpu: {
        server: of(({ othersCpu }) => othersCpu?.server ?? 0),
        load: of(({ othersCpu }) => othersCpu?.load ?? 0),
      },
    }),
    askedMoves: of((row) => row.askedMoves),
    sentMoves: of((row) => row.sentMoves),
    ...(faults.length > 0 && { fault: [...new Set(faults)].join("; ") }),
    ...(audit && { audit }),
  };
}

/** The middle one of some numbers; of an even number of them the mean of the two in the middle. */
function middle(values: number[]): number {
  // A run in which no move was ever seen has no latency.
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}
