import { expect, test } from "@jest/globals";
import { median } from "../../bench/median.ts";
import type { Row } from "../../bench/run.ts";

const row = (cpuPerFrame: number, more: Partial<Row> = {}): Row => ({
  server: "sabang",
  clients: 400,
  crowd: "screen",
  cpuPerClientSecond: 20 * cpuPerFrame,
  cpuPerFrame,
  kilobytesPerSecond: 4,
  greediestKilobytesPerSecond: 5,
  framesPerSecond: 20,
  leastFramesPerSecond: 19,
  latency: { p50: 26, p99: 50 + cpuPerFrame, moves: 400, lost: 1 },
  memoryPerClient: 60,
  serverCpu: 63,
  loadCpu: 45,
  askedMoves: 10,
  sentMoves: 10,
  strays: 1,
  ...more,
});

test("the median of one benchmark run is that run", () => {
  const all = { ...row(20), othersCpu: { server: 1, load: 2 }, audit: { frames: 10, leaks: 0 } };
  expect(median([all])).toEqual(all);
  expect(median([row(20)])).toEqual(row(20));
});

test("median() returns the median of each figure and the sum of each count of several benchmark runs", () => {
  const [a, b, c] = [row(30, { serverCpu: 1 }), row(10, { serverCpu: 2 }), row(20, { serverCpu: 3 })];
  const latency = { p50: 26, p99: 70, moves: 1200, lost: 3 };
  expect(median([a!, b!, c!])).toEqual({ ...row(20), serverCpu: 2, latency, strays: 3 });
  expect(median([row(10), row(20)])).toMatchObject({ cpuPerFrame: 15, cpuPerClientSecond: 300 });
});

test("median() keeps the errors of all benchmark runs, and returns the aborted run instead of a median if a run was aborted", () => {
  const broken = { server: "sabang", clients: 400, crowd: "screen" as const, broken: "it ended by itself" };
  expect(median([row(1), broken, row(2)])).toBe(broken);
  expect(median([row(1), row(2, { fault: "it was wrong" }), row(3)])).toHaveProperty("fault", "it was wrong");
  const audits = [0, 2, 0].map((leaks) => row(1, { audit: { frames: 5, leaks, ...(leaks > 0 && { first: "p1" }) } }));
  expect(median(audits)).toMatchObject({ audit: { frames: 15, leaks: 2, first: "p1" } });
});

test("median() returns the highest staleness of all benchmark runs as the maximum staleness", () => {
  const ages = (p99: number, max: number) => ({ p50: 0, p99, max, samples: 100 });
  const runs = [ages(3, 9), ages(1, 30), ages(2, 8)].map((all) => row(1, { staleness: { all } }));
  const only = row(1, { staleness: { all: ages(2, 2), others: ages(7, 7) } });
  expect(median([...runs, only])).toMatchObject({
    staleness: { all: { p50: 0, p99: 2, max: 30, samples: 400 }, others: ages(7, 7) },
  });
  expect(median(runs)).toHaveProperty("staleness", { all: { p50: 0, p99: 2, max: 30, samples: 300 } });
});
