// The results as Markdown: a table, the ratios between servers, and remarks about the figures.
import type { Machine } from "./harness/machine.ts";
import { type BrokenRow, isComplete, type Row } from "./run.ts";

/** From this usage of the load's core, in per cent, the load may have been the bottleneck. */
const BUSY_LOAD = 85;

/** From this usage of a core by other programs, in per cent, they have disturbed the measurement. */
const BUSY_OTHERS = 5;

/** The minimum share of due moves that must have been sent. */
const MIN_MOVES_SENT = 0.98;

const COLUMNS: readonly [title: string, value: (row: Row) => string][] = [
  ["CPU µs per client-second", (row) => row.cpuPerClientSecond.toFixed(0)],
  ["CPU µs per frame", (row) => row.cpuPerFrame.toFixed(1)],
  ["kB/s per client", (row) => row.kilobytesPerSecond.toFixed(1)],
  ["frames/s per client", (row) => row.framesPerSecond.toFixed(1)],
  ["latency p50 ms", (row) => milliseconds(row.latency.p50)],
  ["latency p99 ms", (row) => milliseconds(row.latency.p99)],
  ["memory kB per client", (row) => row.memoryPerClient.toFixed(0)],
  ["server CPU %", (row) => row.serverCpu.toFixed(0)],
  ["load CPU %", (row) => row.loadCpu.toFixed(0)],
  ["moves/s sent of due", (row) => `${row.sentMoves.toFixed(1)} of ${row.askedMoves.toFixed(1)}`],
  ["clients' state", (row) => (row.fault === undefined ? "ok" : "WRONG")],
];

/** Returns the table, in the order of the rows. */
export function table(rows: readonly (Row | BrokenRow)[]): string {
  const titles = ["server", "clients", ...COLUMNS.map(([title]) => title)];
  const lines = rows.map((row) => [
    row.server,
    String(row.clients),
    ...COLUMNS.map(([title, value]) => {
      if (!isComplete(row)) return title === "clients' state" ? "ABORTED" : "–";
      return value(row);
    }),
  ]);
  const rule = titles.map((_, column) => (column === 0 ? "---" : "---:"));
  return [titles, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Returns the ratios between sabang and its peers, one line for each number of players; empty if there is no peer. */
export function ratios(rows: readonly (Row | BrokenRow)[]): string[] {
  const completed = rows.filter(isComplete);
  return [...new Set(completed.map(({ clients }) => clients))].flatMap((clients) => {
    const find = (name: string) => completed.find((row) => row.server === name && row.clients === clients);
    const ours = find("sabang");
    if (!ours) return [];
    const parts = ["ws-binary", "state-view", "tutorial"].flatMap((name) => {
      const peer = find(name);
      return peer ? `${(ours.cpuPerFrame / peer.cpuPerFrame).toFixed(2)} x ${name}` : [];
    });
    const tutorial = find("tutorial");
    if (parts.length === 0) return [];
    const bytes = tutorial && (tutorial.kilobytesPerSecond / ours.kilobytesPerSecond).toFixed(1);
    const saved = bytes === undefined ? "" : `; bytes: tutorial sends ${bytes} x sabang's`;
    return `${clients} players: CPU per frame of sabang is ${parts.join(", ")}${saved}`;
  });
}

/** Returns the remarks about single rows. */
export function remarks(rows: readonly (Row | BrokenRow)[]): string[] {
  return rows.flatMap((row) => {
    const name = `${row.server}, ${row.clients} players:`;
    if (!isComplete(row)) return `${name} aborted: ${row.broken}`;
    const sentences: string[] = [];
    if (row.loadCpu >= BUSY_LOAD) {
      sentences.push(`the load was a bottleneck: it used ${row.loadCpu.toFixed(0)} % of its core`);
    }
    if (row.sentMoves < MIN_MOVES_SENT * row.askedMoves) {
      sentences.push(
        `the load fell behind: it sent ${row.sentMoves.toFixed(1)} of ${row.askedMoves.toFixed(1)} moves/s`,
      );
    }
    const { server = 0, load = 0 } = row.othersCpu ?? {};
    if (Math.max(server, load) >= BUSY_OTHERS) {
      sentences.push(
        `other programs used ${server.toFixed(0)} % of the server's core and ${load.toFixed(0)} % of the load's: ` +
          "frames/s and latency are worse than on an idle machine",
      );
    }
    if (row.latency.lost > 0) sentences.push(`no frame showed ${row.latency.lost} moves of the probes`);
    if (row.fault !== undefined) sentences.push(`the clients' state was wrong: ${row.fault}`);
    if (row.audit) sentences.push(`${row.audit.frames} raw frames audited, ${row.audit.leaks} leaks`);
    return sentences.map((sentence) => `${name} ${sentence}`);
  });
}

/**
 * Returns the complete report.
 * @param notes remarks about the run as a whole.
 */
export function results(rows: readonly (Row | BrokenRow)[], machine: Machine, notes: readonly string[]): string {
  const { cpu, cores, kernel, node, commit, date, command } = machine;
  const lists = [ratios(rows), remarks(rows), notes].filter((list) => list.length > 0);
  return `${[
    table(rows),
    ...lists.map((list) => list.map((line) => `- ${line}`).join("\n")),
    `\`${command}\` at commit ${commit}, ${date}; ${cpu}, ${cores} cores, ${kernel}, Node ${node}.`,
  ].join("\n\n")}\n`;
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : "–";
}
