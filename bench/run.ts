// One run: measures one server with a number of players over a measuring window, and verifies the clients' states.
import type { ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Contender } from "./contenders/contenders.ts";
import { arePinned, LOAD_CORE, SERVER_CORE, start, stop } from "./harness/children.ts";
import { type Crowd, hasStrayed, walkArea } from "./harness/crowd.ts";
import { type Ask, caller } from "./harness/ipc.ts";
import type { LoadFigures, LoadRequests } from "./harness/load/main.ts";
import { spreadSeconds } from "./harness/load/walk.ts";
import { percentile } from "./harness/probes/latency.ts";
import type { LatencyFigures, ProbeRequests, ProbeState } from "./harness/probes/main.ts";
import type { AuditFigures } from "./harness/probes/probe.ts";
import type { StalenessFigures } from "./harness/probes/staleness.ts";
import { busyMicroseconds, cpuMicroseconds, residentKilobytes } from "./harness/process-figures.ts";
import { type Server, startServer } from "./harness/server-process.ts";
import { mismatchAmongClients, mismatchWithServer, type Players } from "./harness/verify-state.ts";

/** The figures of a complete run. */
export interface Row {
  server: string;
  clients: number;
  crowd: Crowd;
  /**
   * CPU time of the server, in microseconds: per client and second, and per frame that a client received. The time per
   * frame is infinite if clients received no frames.
   */
  cpuPerClientSecond: number;
  cpuPerFrame: number;
  /** TCP payload per client and second, in kilobytes of 1000 bytes: the average of all clients. */
  kilobytesPerSecond: number;
  /** The kilobytes per second to the client that received the most. */
  greediestKilobytesPerSecond: number;
  /** Texts that a client received per second; missing if the players say nothing. */
  heardPerSecond?: number;
  /** Frames with state per second: the average of all clients, and the rate of the client that received the fewest. */
  framesPerSecond: number;
  leastFramesPerSecond: number;
  /**
   * The latency from sending a move to the frame that shows it, in milliseconds. `moves` is the number of measured
   * moves. `lost` is the number of moves that no frame showed; `moves` does not include them.
   */
  latency: { p50: number; p99: number; moves: number; lost: number };
  /** The time for which clients showed old positions of others, in ticks; missing for a server without a game. */
  staleness?: StalenessFigures;
  /**
   * Resident memory per client, in kilobytes: the growth of memory divided by the number of clients. The initial value
   * is read one second after the server's start. The final value is the higher of two readings, at the beginning and at
   * the end of the window.
   */
  memoryPerClient: number;
  /** CPU usage of the server, and of the load with the probes, in per cent of one core. */
  serverCpu: number;
  loadCpu: number;
  /**
   * Usage of the server's core and of the load's core by other programs, in per cent of a core. The kernel counts CPU
   * time only roughly, so an idle machine shows 0 to 2. Missing if server and load are not pinned to separate cores.
   */
  othersCpu?: { server: number; load: number };
  /** Moves per client and second: the moves that a client should have sent, and the moves that it has sent. */
  askedMoves: number;
  sentMoves: number;
  /**
   * The number of players outside the area of the crowd at the end. Only players whose positions the probes have
   * received are counted. The load assumes that the server applies every move. If a stalled server drops moves, players
   * may leave the area.
   */
  strays: number;
  /** The errors found in the clients' states and by the audit of the raw frames; undefined if there are none. */
  fault?: string;
  /** The audit of the probes' raw frames; only for sabang. */
  audit?: AuditFigures;
}

/** A run that was aborted. */
export interface BrokenRow {
  server: string;
  clients: number;
  crowd: Crowd;
  /** The reason why the run was aborted. */
  broken: string;
}

/** Whether a run was completed. */
export function isComplete(row: Row | BrokenRow): row is Row {
  return !("broken" in row);
}

/**
 * Options of a run. `seconds` is the length of the measuring window, and `warmup` is the length of the warm-up, in
 * seconds. `say` is the interval between two texts of the same player, in seconds; 0 for no texts. `tell` is called
 * with progress messages.
 */
export interface RunOptions {
  crowd: Crowd;
  seconds: number;
  warmup: number;
  say: number;
  tell: (message: string) => void;
}

/**
 * The number of probes, which are full clients. If clients see only their neighbourhood, few probes see each other, so
 * more probes are needed. If clients see all players, all probes see each other, and each probe needs much CPU time.
 */
const PROBES_IN_SIGHT = 4;
const PROBES_BY_POSITION = 24;

/** Returns the number of probes among `clients` players. */
export function probesAmong(clients: number, { sight }: Pick<Contender, "sight">): number {
  const wanted = sight === "all" || sight === "one" ? PROBES_IN_SIGHT : PROBES_BY_POSITION;
  return Math.min(wanted, Math.floor(clients / 2));
}

/** Milliseconds from the server's start to the first reading of its memory. */
const START_MS = 1000;

/** Timeout for reading the server's state, in milliseconds. */
const STATE_TIMEOUT_MS = 20_000;

/** Milliseconds to wait after an error. If the server exits within this time, its exit is the cause of the error. */
const EXIT_MS = 500;

/** The maximum number of attempts to verify the clients' states, and the milliseconds between two attempts. */
const MAX_ATTEMPTS = 4;
const RETRY_MS = 1500;

/** Measures one server with a number of players. All child processes have exited when this resolves. */
export async function run(contender: Contender, clients: number, options: RunOptions): Promise<Row | BrokenRow> {
  const { name } = contender;
  const { crowd } = options;
  const tell = (message: string) => options.tell(`${name}, ${clients} players, ${crowd}: ${message}`);
  const instruments = startInstruments(tell);
  let server: Server | undefined;
  try {
    tell("starting");
    server = await startServer(name, { crowd });
    const measured = measure(contender, clients, { ...options, tell }, server, instruments);
    // If the server exits, `measured` may reject after the race is over. This handler avoids an unhandled rejection.
    measured.catch(() => {});
    return await Promise.race([measured, server.died]);
  } catch (error) {
    const broken = ((await exitError(server)) ?? (error as Error)).message;
    tell(`aborted: ${broken}`);
    return { server: name, clients, crowd, broken };
  } finally {
    await Promise.all([server?.stop(), instruments.stop()]);
  }
}

/**
 * Returns the server's error if the server has exited or exits within EXIT_MS. Otherwise returns undefined. The caller
 * reports this error instead of other errors, because the exit has caused them.
 */
async function exitError(server: Server | undefined): Promise<Error | undefined> {
  const timeout = wait(EXIT_MS).then(() => undefined);
  return server && Promise.race([server.died.catch((error: Error) => error), timeout]);
}

/** The child processes that measure a server. */
export interface Instruments {
  load: { pid: number; ask: Ask<LoadRequests> };
  probes: { pid: number; ask: Ask<ProbeRequests> };
  stop(): Promise<void>;
}

/** Starts the child processes that measure a server. `tell` is called with progress messages. */
export function startInstruments(tell: (message: string) => void): Instruments {
  const [load, probes] = (["load", "probes"] as const).map((folder) => {
    const program = fileURLToPath(new URL(`harness/${folder}/main.ts`, import.meta.url));
    return start(LOAD_CORE, process.execPath, [program], { stdio: ["ignore", 2, 2, "ipc"] });
  }) as [ChildProcess, ChildProcess];
  return {
    load: { pid: load.pid!, ask: caller<LoadRequests>(load, tell) },
    probes: { pid: probes.pid!, ask: caller<ProbeRequests>(probes, tell) },
    stop: async () => {
      await Promise.all([stop(load), stop(probes)]);
    },
  };
}

async function measure(
  contender: Contender,
  clients: number,
  { crowd, seconds, warmup, say, tell }: RunOptions,
  server: Server,
  { load, probes }: Instruments,
): Promise<Row> {
  await wait(START_MS);
  const emptyKilobytes = residentKilobytes(server.pid);
  tell(`joining 0/${clients}`);
  const { port } = server;
  const probeCount = probesAmong(clients, contender);
  const seats = [
    await load.ask("join", { server: contender.name, port, clients: clients - probeCount, crowd }),
    await probes.ask("join", { server: contender.name, port, probes: probeCount, crowd }),
  ];
  const rooms = new Set(seats.flatMap((seat) => seat.rooms));
  if (rooms.size > 1) throw new Error(`the players are in ${rooms.size} rooms; expected one room`);

  await probes.ask("observe", null);
  const area = walkArea(crowd);
  const walking = warmup + (area ? spreadSeconds(area) : 0);
  tell(`walking for ${walking} s before the window`);
  await Promise.all([load.ask("walk", null), probes.ask("walk", null)]);
  if (say > 0) await load.ask("say", say);
  await wait(walking * 1000);

  tell(`measuring for ${seconds} s`);
  const reading = () => ({
    at: performance.now(),
    server: cpuMicroseconds(server.pid),
    load: cpuMicroseconds(load.pid) + cpuMicroseconds(probes.pid),
    kilobytes: residentKilobytes(server.pid),
    own: cpuMicroseconds(process.pid),
    cores: arePinned() ? [SERVER_CORE, LOAD_CORE].map(busyMicroseconds) : [],
  });
  const before = reading();
  const [figures] = await Promise.all([load.ask("measure", seconds), probes.ask("measure", seconds)]);
  const after = reading();

  tell("verifying the clients' states");
  await Promise.all([load.ask("halt", null), probes.ask("halt", null)]);
  const { states, fault } = await verifyStates(contender, clients, server, probes.ask, [...rooms][0]);
  const losses = [...(await load.ask("losses", null)), ...(await probes.ask("losses", null))];
  if (losses.length > 0) throw new Error(`${losses.length} connections were lost; the first: ${losses[0]}`);
  const audit = sum(states.flatMap((state) => state.audit ?? []));
  const leak =
    audit && audit.leaks > 0
      ? `the audit of ${audit.frames} frames found ${audit.leaks} leaks: ${audit.first}`
      : undefined;
  const errors = [fault, leak].filter((error) => error !== undefined);

  const wall = (after.at - before.at) * 1000;
  const serverShare = (after.server - before.server) / wall;
  const loadShare = (after.load - before.load) / wall;
  const [serverCore, loadCore] = after.cores.map((busy, index) => (busy - before.cores[index]!) / wall);
  const own = (after.own - before.own) / wall;
  return {
    server: contender.name,
    clients,
    crowd,
    ...rates(figures, serverShare * 1e6, clients),
    ...(say > 0 && contender.dialect.say && { heardPerSecond: figures.heard / figures.clients / figures.seconds }),
    latency: times(await probes.ask("latencies", null)),
    ...(contender.sight !== "one" && { staleness: await probes.ask("staleness", null) }),
    memoryPerClient: (Math.max(before.kilobytes, after.kilobytes) - emptyKilobytes) / clients,
    serverCpu: serverShare * 100,
    loadCpu: loadShare * 100,
    ...(serverCore !== undefined &&
      loadCore !== undefined && {
        othersCpu: {
          server: Math.max(0, serverCore - serverShare) * 100,
          load: Math.max(0, loadCore - loadShare - own) * 100,
        },
      }),
    strays: straysAmong(states, crowd),
    ...(errors.length > 0 && { fault: errors.join("; ") }),
    ...(audit && { audit }),
  };
}

/**
 * Returns the rates per client. Assumes that the probes receive as much as the clients of the load.
 * @param cpu CPU time of the server, in microseconds per second.
 */
function rates({ clients: loadClients, seconds, ...sums }: LoadFigures, cpu: number, clients: number) {
  const each = (sum: number) => sum / loadClients / seconds;
  const framesPerSecond = each(sums.states);
  return {
    cpuPerClientSecond: cpu / clients,
    cpuPerFrame: cpu / clients / framesPerSecond,
    kilobytesPerSecond: each(sums.bytes) / 1000,
    greediestKilobytesPerSecond: sums.mostBytes / seconds / 1000,
    framesPerSecond,
    leastFramesPerSecond: sums.leastStates / seconds,
    askedMoves: each(sums.dueMoves),
    sentMoves: each(sums.sent),
  };
}

/** Returns the percentiles of the latencies. */
export function times({ latencies, lost }: LatencyFigures): Row["latency"] {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), moves: latencies.length, lost };
}

function straysAmong(states: readonly ProbeState[], crowd: Crowd): number {
  const strays = states.flatMap(({ players }) => Object.entries(players).filter(([, one]) => hasStrayed(crowd, one)));
  return new Set(strays.map(([id]) => id)).size;
}

/** Adds up several audits. Returns undefined if there are none. */
export function sum(audits: AuditFigures[]): AuditFigures | undefined {
  if (audits.length === 0) return undefined;
  const first = audits.find((audit) => audit.first !== undefined)?.first;
  return {
    frames: audits.reduce((total, { frames }) => total + frames, 0),
    leaks: audits.reduce((total, { leaks }) => total + leaks, 0),
    ...(first !== undefined && { first }),
  };
}

/** Verifies the clients' states. Retries if they are wrong, because a busy server may not have sent everything yet. */
export async function verifyStates(
  { sight }: Contender,
  clients: number,
  server: Pick<Server, "port" | "monitor">,
  ask: Instruments["probes"]["ask"],
  room: string | undefined,
): Promise<{ states: ProbeState[]; fault: string | undefined }> {
  for (let attempt = 1; ; attempt++) {
    const states = await ask("settle", null);
    let fault: string | undefined;
    if (sight === "all") fault = mismatchAmongClients(states, clients);
    else if (sight === "one") fault = mismatchAmongClients(states, 1);
    else fault = mismatchWithServer(await playersOf(sight, server, room), states, sight);
    if (fault === undefined || attempt === MAX_ATTEMPTS) return { states, fault };
    await wait(RETRY_MS);
  }
}

/** Returns the players in the server's state: from sabang's monitor, or from the `/players` route of state-view. */
async function playersOf(
  sight: "promise" | "cells",
  { port, monitor }: Pick<Server, "port" | "monitor">,
  room = "",
): Promise<Players> {
  const path = sight === "cells" ? "players" : `monitor/api/room?roomId=${encodeURIComponent(room)}`;
  // The monitor refuses requests that may come from a page of another site. The value `none` of `sec-fetch-site` says
  // that this request does not come from any page.
  const headers = {
    authorization: `Basic ${Buffer.from(monitor).toString("base64")}`,
    "sec-fetch-site": "none",
  };
  const signal = AbortSignal.timeout(STATE_TIMEOUT_MS);
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers, signal });
  if (!response.ok) throw new Error(`reading the server's players failed: /${path} returned ${response.status}`);
  const answer = (await response.json()) as Players & { state: { players: Players } };
  return sight === "cells" ? answer : answer.state.players;
}
