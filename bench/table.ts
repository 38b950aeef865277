// The results as Markdown: a table, the ratios between servers, and remarks about the figures.
import type { Machine } from "./harness/machine.ts";
import type { Ages } from "./harness/probes/staleness.ts";
import { type BrokenRow, isComplete, type Row } from "./run.ts";

/** The load may have been the bottleneck if it used at least this share of its core, in per cent. */
const BUSY_LOAD = 85;

/** Other programs have disturbed the measurement if they used at least this share of a core, in per cent. */
const BUSY_OTHERS = 5;

/** The load has fallen behind if it sent less than this share of the moves that were due. */
const MIN_MOVES_SENT = 0.98;

/**
 * A server has stalled if it sends each client fewer frames per second than this. Its cost per frame and its staleness
 * are then meaningless.
 */
const MIN_FRAMES_PER_SECOND = 1;

const COLUMNS: readonly [title: string, value: (row: Row) => string][] = [
  ["CPU µs per client-second", (row) => row.cpuPerClientSecond.toFixed(0)],
  ["CPU µs per frame", (row) => (Number.isFinite(row.cpuPerFrame) ? row.cpuPerFrame.toFixed(1) : "–")],
  ["kB/s per client", (row) => row.kilobytesPerSecond.toFixed(1)],
  ["kB/s greediest client", (row) => row.greediestKilobytesPerSecond.toFixed(1)],
  ["frames/s per client", (row) => row.framesPerSecond.toFixed(1)],
  ["latency p50 ms", (row) => milliseconds(row.latency.p50)],
  ["latency p99 ms", (row) => milliseconds(row.latency.p99)],
  ["staleness of the nearest 30, p50 / p99 / max ticks", (row) => ticks(row, row.staleness?.nearest)],
  ["staleness of others, p50 / p99 / max ticks", (row) => ticks(row, row.staleness?.others)],
  ["memory kB per client", (row) => row.memoryPerClient.toFixed(0)],
  ["server CPU %", (row) => row.serverCpu.toFixed(0)],
  ["load CPU %", (row) => row.loadCpu.toFixed(0)],
  ["moves/s sent of due", (row) => `${row.sentMoves.toFixed(1)} of ${row.askedMoves.toFixed(1)}`],
  ["clients' state", (row) => (row.fault === undefined ? "ok" : "WRONG")],
];

/** Returns the table. Its lines are in the same order as `rows`. */
export function table(rows: readonly (Row | BrokenRow)[]): string {
  const titles = ["server", "clients", "crowd", ...COLUMNS.map(([title]) => title)];
  const lines = rows.map((row) => [
    row.server,
    String(row.clients),
    row.crowd,
    ...COLUMNS.map(([title, value]) => {
      if (!isComplete(row)) return title === "clients' state" ? "ABORTED" : "–";
      return value(row);
    }),
  ]);
  const rule = titles.map((_, column) => (column === 0 ? "---" : "---:"));
  return [titles, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/**
 * Compares sabang's CPU time and bytes with those of other servers. For each crowd other than `even`, also compares
 * sabang's CPU time and memory with its figures for `even`. Returns up to two lines for each of sabang's rows.
 */
export function ratios(rows: readonly (Row | BrokenRow)[]): string[] {
  const completed = rows.filter(isComplete);
  return completed
    .filter(({ server }) => server === "sabang")
    .flatMap((ours) => [...peerRatios(ours, completed), ...evenRatios(ours, completed)]);
}

function peerRatios(ours: Row, rows: readonly Row[]): string[] {
  const peers = rows.filter(
    ({ clients, crowd, framesPerSecond }) =>
      clients === ours.clients && crowd === ours.crowd && framesPerSecond >= MIN_FRAMES_PER_SECOND,
  );
  const find = (name: string) => peers.find(({ server }) => server === name);
  const parts = ["ws-binary", "state-view", "tutorial"].flatMap((name) => {
    const peer = find(name);
    return peer ? `${(ours.cpuPerFrame / peer.cpuPerFrame).toFixed(2)} x ${name}` : [];
  });
  const tutorial = find("tutorial");
  if (parts.length === 0) return [];
  const bytes = tutorial && (tutorial.kilobytesPerSecond / ours.kilobytesPerSecond).toFixed(1);
  const saved = bytes === undefined ? "" : `; bytes: tutorial sends ${bytes} x sabang's`;
  return [`${sizeOf(ours)}: CPU per frame of sabang is ${parts.join(", ")}${saved}`];
}

/** Compares a crowd with the crowd `even`, for the same server and the same number of players. */
function evenRatios(row: Row, rows: readonly Row[]): string[] {
  const even = rows.find(
    ({ server, clients, crowd }) => server === row.server && clients === row.clients && crowd === "even",
  );
  if (!even || even === row) return [];
  const ratio = (figure: (row: Row) => number) => (figure(row) / figure(even)).toFixed(2);
  const [cpu, memory] = [ratio(({ cpuPerFrame }) => cpuPerFrame), ratio(({ memoryPerClient }) => memoryPerClient)];
  return [
    `${sizeOf(row)}: ${row.server} needs ${cpu} x the CPU per frame and ${memory} x the memory of its even crowd`,
  ];
}

function sizeOf({ clients, crowd }: Row | BrokenRow): string {
  return `${clients} players, ${crowd}`;
}

/** Returns remarks about individual rows: disturbances, errors, lost moves and the results of the audit. */
export function remarks(rows: readonly (Row | BrokenRow)[]): string[] {
  return rows.flatMap((row) => {
    const name = `${row.server}, ${sizeOf(row)}:`;
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
    if (row.framesPerSecond < MIN_FRAMES_PER_SECOND) {
      sentences.push(`it sent only ${row.framesPerSecond.toFixed(2)} frames/s, so its staleness is not listed`);
    }
    if (row.heardPerSecond !== undefined) {
      sentences.push(`each client received ${row.heardPerSecond.toFixed(1)} texts/s`);
    }
    if (row.latency.lost > 0) sentences.push(`no frame showed ${row.latency.lost} moves of the probes`);
    if (row.strays > 0) sentences.push(`${row.strays} players have left the area of the crowd`);
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
  const lists = [ratios(rows), remarks(rows), notes].filter((list) => list.length > 0);
  return `${[table(rows), ...lists.map((list) => list.map((line) => `- ${line}`).join("\n")), placeOf(machine)].join(
    "\n\n",
  )}\n`;
}

/** Says where, when and with which command a measurement was made. */
export function placeOf({ cpu, cores, kernel, node, commit, date, command }: Machine): string {
  return `\`${command}\` at commit ${commit}, ${date}; ${cpu}, ${cores} cores, ${kernel}, Node ${node}.`;
}

function ticks({ framesPerSecond }: Row, ages: Ages | undefined): string {
  if (framesPerSecond < MIN_FRAMES_PER_SECOND) return "< 1 frame/s";
  if (!ages) return "–";
  return [ages.p50, ages.p99, ages.max].map((age) => age.toFixed(0)).join(" / ");
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(0) : "–";
}
