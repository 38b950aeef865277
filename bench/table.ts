// The results as Markdown: one table, the ratios that matter, and what is to be known about the numbers.
import type { Machine } from "./harness/machine.ts";
import { type BrokenRow, isWhole, type Row } from "./run.ts";

/** From this share of its core on the load may have been what was measured, in per cent. */
const BUSY_LOAD = 85;

/** From this share of a core on other programs have disturbed the measurement, in per cent. */
const BUSY_OTHERS = 5;

/** Moves that must have been sent, as a share of those that were due. */
const ENOUGH_MOVES = 0.98;

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
  ["clients' knowledge", (row) => (row.fault === undefined ? "ok" : "WRONG")],
];

/** The table alone, in the order of the rows. */
export function table(rows: readonly (Row | BrokenRow)[]): string {
  const titles = ["server", "clients", ...COLUMNS.map(([title]) => title)];
  const lines = rows.map((row) => [
    row.server,
    String(row.clients),
    ...COLUMNS.map(([title, value]) => {
      if (!isWhole(row)) return title === "clients' knowledge" ? "BROKEN OFF" : "–";
      return value(row);
    }),
  ]);
  const rule = titles.map((_, column) => (column === 0 ? "---" : "---:"));
  return [titles, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The ratios that sabang is judged by, a line for each number of players; empty if there is nothing to compare. */
export function ratios(rows: readonly (Row | BrokenRow)[]): string[] {
  const whole = rows.filter(isWhole);
  return [...new Set(whole.map(({ clients }) => clients))].flatMap((clients) => {
    const find = (name: string) => whole.find((row) => row.server === name && row.clients === clients);
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

/** What is to be known about single rows, a sentence each. */
export function remarks(rows: readonly (Row | BrokenRow)[]): string[] {
  return rows.flatMap((row) => {
    const name = `${row.server}, ${row.clients} players:`;
    if (!isWhole(row)) return `${name} broken off. ${row.broken}`;
    const said: string[] = [];
    if (row.loadCpu >= BUSY_LOAD) {
      said.push(`the load was a bottleneck: it used ${row.loadCpu.toFixed(0)} % of its core`);
    }
    if (row.sentMoves < ENOUGH_MOVES * row.askedMoves) {
      said.push(`the load fell behind: it sent ${row.sentMoves.toFixed(1)} of ${row.askedMoves.toFixed(1)} moves/s`);
    }
    const { server = 0, load = 0 } = row.othersCpu ?? {};
    if (Math.max(server, load) >= BUSY_OTHERS) {
      said.push(
        `other programs used ${server.toFixed(0)} % of the server's core and ${load.toFixed(0)} % of the load's: ` +
          "its frames/s and latency are worse than they would be",
      );
    }
    if (row.latency.lost > 0) said.push(`${row.latency.lost} moves of the probes were never seen to be applied`);
    if (row.fault !== undefined) said.push(`what the clients knew was wrong: ${row.fault}`);
    if (row.audit) said.push(`${row.audit.frames} raw frames audited, ${row.audit.leaks} leaks`);
    return said.map((sentence) => `${name} ${sentence}`);
  });
}

/** All of it. `notes`: what is to be known about the run as a whole. */
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
