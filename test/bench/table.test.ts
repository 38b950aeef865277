import { describe, expect, test } from "@jest/globals";
import type { BrokenRow, Row } from "../../bench/run.ts";
import { ratios, remarks, results, table } from "../../bench/table.ts";

const row = (server: string, more: Partial<Row> = {}): Row => ({
  server,
  clients: 400,
  crowd: "even",
  cpuPerClientSecond: 431.6,
  cpuPerFrame: 21.58,
  kilobytesPerSecond: 88.04,
  greediestKilobytesPerSecond: 90.6,
  framesPerSecond: 19.96,
  leastFramesPerSecond: 19.5,
  latency: { p50: 26.4, p99: 51.6, moves: 400, lost: 0 },
  memoryPerClient: 25.7,
  serverCpu: 63.1,
  loadCpu: 45,
  askedMoves: 10,
  sentMoves: 9.99,
  strays: 0,
  ...more,
});
const broken: BrokenRow = {
  server: "tornado",
  clients: 400,
  crowd: "even",
  broken: "the server exited unexpectedly (SIGKILL): no output",
};
const machine = {
  cpu: "A processor",
  cores: 2,
  kernel: "Linux 6.18",
  node: "v24.0.0",
  commit: "abcdef1",
  date: "2025-01-01T00:00:00.000Z",
  command: "npm run bench",
};

describe("table() of the benchmark", () => {
  test("returns a Markdown table with a row for each benchmark run, including aborted runs", () => {
    expect(table([row("ws-binary"), row("sabang", { crowd: "cell", fault: "it was wrong" }), broken])).toBe(
      [
        "| server | clients | crowd | CPU µs per client-second | CPU µs per frame | kB/s per client " +
          "| kB/s greediest client | frames/s per client | latency p50 ms | latency p99 ms " +
          "| staleness of the nearest 30, p50 / p99 / max ticks | staleness of others, p50 / p99 / max ticks " +
          "| memory kB per client | server CPU % | load CPU % | moves/s sent of due | clients' state |",
        `| --- |${" ---: |".repeat(16)}`,
        "| ws-binary | 400 | even | 432 | 21.6 | 88.0 | 90.6 | 20.0 | 26 | 52 | – | – | 26 | 63 | 45 | 10.0 of 10.0 | ok |",
        "| sabang | 400 | cell | 432 | 21.6 | 88.0 | 90.6 | 20.0 | 26 | 52 | – | – | 26 | 63 | 45 | 10.0 of 10.0 | WRONG |",
        `| tornado | 400 | even |${" – |".repeat(13)} ABORTED |`,
      ].join("\n"),
    );
  });

  test("shows a dash instead of the latency if no move was measured", () => {
    const latency = { p50: Number.NaN, p99: Number.NaN, moves: 0, lost: 40 };
    expect(table([row("sabang", { latency })])).toContain("| 20.0 | – | – |");
  });
});

describe("the columns for staleness in the benchmark's table", () => {
  const ages = (p50: number, p99: number, max: number) => ({ p50, p99, max, samples: 100 });
  const staleness = { all: ages(4, 19, 28), nearest: ages(0, 0, 1), others: ages(5, 20, 28) };

  test("show percentiles and maximum for the nearest players and for the others", () => {
    expect(table([row("sabang", { staleness })])).toContain("| 52 | 0 / 0 / 1 | 5 / 20 / 28 | 26 |");
    expect(table([row("sabang", { staleness: { all: ages(1, 1, 1), nearest: ages(1, 1, 1) } })])).toContain(
      "| 52 | 1 / 1 / 1 | – | 26 |",
    );
  });

  test("say `< 1 frame/s` instead of the staleness if a server sent fewer than one frame per second", () => {
    const stalled = row("state-view", { staleness, framesPerSecond: 0.62 });
    const silent = row("state-view", { framesPerSecond: 0, cpuPerFrame: Number.POSITIVE_INFINITY });
    expect(table([silent])).toContain("| 432 | – | 88.0 |");
    for (const server of [stalled, silent]) expect(ratios([row("sabang"), server])).toEqual([]);
    expect(table([stalled])).toContain("| < 1 frame/s | < 1 frame/s |");
    expect(remarks([stalled])).toEqual([
      "state-view, 400 players, even: it sent only 0.62 frames/s, so its staleness is not listed",
    ]);
  });
});

describe("ratios() of the benchmark", () => {
  test("compares sabang with the other servers at the same number of players", () => {
    const rows = [
      row("sabang", { cpuPerFrame: 24, kilobytesPerSecond: 5 }),
      row("ws-binary", { cpuPerFrame: 20 }),
      row("state-view", { cpuPerFrame: 96 }),
      row("tutorial", { cpuPerFrame: 30, kilobytesPerSecond: 100 }),
      row("sabang", { clients: 800, cpuPerFrame: 22 }),
      row("ws-binary", { clients: 800, cpuPerFrame: 20 }),
      row("ws-binary", { clients: 1500 }),
    ];
    expect(ratios(rows)).toEqual([
      "400 players, even: CPU per frame of sabang is 1.20 x ws-binary, 0.25 x state-view, 0.80 x tutorial; " +
        "bytes: tutorial sends 20.0 x sabang's",
      "800 players, even: CPU per frame of sabang is 1.10 x ws-binary",
    ]);
    expect(ratios([row("sabang"), broken])).toEqual([]);
  });

  test("compares sabang in each crowd with other servers in that crowd, and with sabang in the crowd `even`", () => {
    const rows = [
      row("sabang", { cpuPerFrame: 20, memoryPerClient: 30 }),
      row("ws-binary", { cpuPerFrame: 20 }),
      row("sabang", { crowd: "screen", cpuPerFrame: 21, memoryPerClient: 33 }),
      row("ws-binary", { crowd: "screen", cpuPerFrame: 28 }),
      row("sabang", { crowd: "cell", clients: 800 }),
    ];
    expect(ratios(rows)).toEqual([
      "400 players, even: CPU per frame of sabang is 1.00 x ws-binary",
      "400 players, screen: CPU per frame of sabang is 0.75 x ws-binary",
      "400 players, screen: sabang needs 1.05 x the CPU per frame and 1.10 x the memory of its even crowd",
    ]);
  });
});

describe("remarks() of the benchmark", () => {
  test("names aborted runs, and runs that were disturbed by a slow load generator or by other programs", () => {
    const rows = [
      row("ws-binary"),
      row("tutorial", { loadCpu: 90 }),
      row("ws-json", { sentMoves: 9.1 }),
      row("socket-io", { othersCpu: { server: 12, load: 0 } }),
      row("state-view", { othersCpu: { server: 1, load: 2 } }),
      broken,
    ];
    expect(remarks(rows)).toEqual([
      "tutorial, 400 players, even: the load was a bottleneck: it used 90 % of its core",
      "ws-json, 400 players, even: the load fell behind: it sent 9.1 of 10.0 moves/s",
      "socket-io, 400 players, even: other programs used 12 % of the server's core and 0 % of the load's: " +
        "frames/s and latency are worse than on an idle machine",
      "tornado, 400 players, even: aborted: the server exited unexpectedly (SIGKILL): no output",
    ]);
  });

  test("reports received texts, lost moves, wrong states of clients, and the number of audited frames", () => {
    const latency = { p50: 1, p99: 2, moves: 3, lost: 4 };
    expect(
      remarks([
        row("sabang", {
          latency,
          fault: "it was wrong",
          strays: 2,
          audit: { frames: 900, leaks: 0 },
          heardPerSecond: 3.84,
        }),
      ]),
    ).toEqual([
      "sabang, 400 players, even: each client received 3.8 texts/s",
      "sabang, 400 players, even: no frame showed 4 moves of the probes",
      "sabang, 400 players, even: 2 players have left the area of the crowd",
      "sabang, 400 players, even: the clients' state was wrong: it was wrong",
      "sabang, 400 players, even: 900 raw frames audited, 0 leaks",
    ]);
  });
});

test("the results of a benchmark end with the command, the commit and the machine", () => {
  const text = results([row("sabang")], machine, ["a note"]);
  expect(text.startsWith("| server ")).toBe(true);
  expect(text).toContain("\n\n- a note\n\n");
  expect(text).toMatch(
    /`npm run bench` at commit abcdef1, 2025-01-01\S+; A processor, 2 cores, Linux 6.18, Node v24.0.0\.\n$/,
  );
});
