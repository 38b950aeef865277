import { describe, expect, test } from "@jest/globals";
import type { Row } from "../../bench/run.ts";
import { ratios, remarks, results, table } from "../../bench/table.ts";

const row = (server: string, more: Partial<Row> = {}): Row => ({
  server,
  clients: 400,
  cpuPerClientSecond: 431.6,
  cpuPerFrame: 21.58,
  kilobytesPerSecond: 88.04,
  framesPerSecond: 19.96,
  leastFramesPerSecond: 19.5,
  latency: { p50: 26.4, p99: 51.6, moves: 400, lost: 0 },
  memoryPerClient: 25.7,
  serverCpu: 63.1,
  loadCpu: 45,
  askedMoves: 10,
  sentMoves: 9.99,
  ...more,
});
const broken = { server: "tornado", clients: 400, broken: "the server exited unexpectedly (SIGKILL): no output" };
const machine = {
  cpu: "A processor",
  cores: 2,
  kernel: "Linux 6.18",
  node: "v24.0.0",
  commit: "abcdef1",
  date: "2025-01-01T00:00:00.000Z",
  command: "npm run bench",
};

describe("the table of results", () => {
  test("is Markdown with a line for each run, including aborted runs", () => {
    expect(table([row("ws-binary"), row("sabang", { fault: "it was wrong" }), broken])).toBe(
      [
        "| server | clients | CPU µs per client-second | CPU µs per frame | kB/s per client | frames/s per client " +
          "| latency p50 ms | latency p99 ms | memory kB per client | server CPU % | load CPU % " +
          "| moves/s sent of due | clients' state |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| ws-binary | 400 | 432 | 21.6 | 88.0 | 20.0 | 26 | 52 | 26 | 63 | 45 | 10.0 of 10.0 | ok |",
        "| sabang | 400 | 432 | 21.6 | 88.0 | 20.0 | 26 | 52 | 26 | 63 | 45 | 10.0 of 10.0 | WRONG |",
        "| tornado | 400 | – | – | – | – | – | – | – | – | – | – | ABORTED |",
      ].join("\n"),
    );
  });

  test("shows a dash for a latency without measured moves", () => {
    const latency = { p50: Number.NaN, p99: Number.NaN, moves: 0, lost: 40 };
    expect(table([row("sabang", { latency })])).toContain("| 20.0 | – | – |");
  });
});

describe("the ratios below the table of results", () => {
  test("compare sabang with its peers at the same number of players", () => {
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
      "400 players: CPU per frame of sabang is 1.20 x ws-binary, 0.25 x state-view, 0.80 x tutorial; " +
        "bytes: tutorial sends 20.0 x sabang's",
      "800 players: CPU per frame of sabang is 1.10 x ws-binary",
    ]);
    expect(ratios([row("sabang"), broken])).toEqual([]);
  });
});

describe("the remarks below the table of results", () => {
  test("name runs that were disturbed by the load or by other programs, and aborted runs", () => {
    const rows = [
      row("ws-binary"),
      row("tutorial", { loadCpu: 90 }),
      row("ws-json", { sentMoves: 9.1 }),
      row("socket-io", { othersCpu: { server: 12, load: 0 } }),
      row("state-view", { othersCpu: { server: 1, load: 2 } }),
      broken,
    ];
    expect(remarks(rows)).toEqual([
      "tutorial, 400 players: the load was a bottleneck: it used 90 % of its core",
      "ws-json, 400 players: the load fell behind: it sent 9.1 of 10.0 moves/s",
      "socket-io, 400 players: other programs used 12 % of the server's core and 0 % of the load's: " +
        "frames/s and latency are worse than on an idle machine",
      "tornado, 400 players: aborted: the server exited unexpectedly (SIGKILL): no output",
    ]);
  });

  test("report lost moves, wrong states and the audit", () => {
    const latency = { p50: 1, p99: 2, moves: 3, lost: 4 };
    expect(remarks([row("sabang", { latency, fault: "it was wrong", audit: { frames: 900, leaks: 0 } })])).toEqual([
      "sabang, 400 players: no frame showed 4 moves of the probes",
      "sabang, 400 players: the clients' state was wrong: it was wrong",
      "sabang, 400 players: 900 raw frames audited, 0 leaks",
    ]);
  });
});

test("the results end with the machine, the commit and the command", () => {
  const text = results([row("sabang")], machine, ["a note"]);
  expect(text.startsWith("| server ")).toBe(true);
  expect(text).toContain("\n\n- a note\n\n");
  expect(text).toMatch(
    /`npm run bench` at commit abcdef1, 2025-01-01\S+; A processor, 2 cores, Linux 6.18, Node v24.0.0\.\n$/,
  );
});
