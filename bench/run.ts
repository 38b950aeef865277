// One run: measures one server with a number of players over a measuring window, and verifies the clients' states.
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PROBES } from "./cli.ts";
import type { Contender } from "./contenders/contenders.ts";
import { arePinned, LOAD_CORE, SERVER_CORE, start, stop } from "./harness/children.ts";
import { caller } from "./harness/ipc.ts";
import type { LoadFigures, LoadRequests } from "./harness/load/main.ts";
import { percentile } from "./harness/probes/latency.ts";
import type { LatencyFigures, ProbeRequests, ProbeState } from "./harness/probes/main.ts";
import type { AuditFigures } from "./harness/probes/probe.ts";
import { busyMicroseconds, cpuMicroseconds, residentKilobytes } from "./harness/process-figures.ts";
import { type Server, startServer } from "./harness/server-process.ts";
import { mismatchAmongClients, mismatchWithServer, type Players } from "./harness/verify-state.ts";

/** The figures of a complete run. */
export interface Row {
  server: string;
  clients: number;
  /** CPU time of the server, in microseconds: per client and second, and per frame that a client received. */
  cpuPerClientSecond: number;
  cpuPerFrame: number;
  /** Bytes of TCP payload to one client, in kilobytes of 1000 bytes per second. */
  kilobytesPerSecond: number;
  /** Frames with state per second: the average of all clients, and that of the client that received the fewest. */
  framesPerSecond: number;
  leastFramesPerSecond: number;
  /**
   * Milliseconds from sending a move to the frame that shows it, over `moves` moves. No frame showed `lost` further
   * moves.
   */
  latency: { p50: number; p99: number; moves: number; lost: number };
  /**
   * Kilobytes of resident memory per client: the server's memory with all clients, less its memory one second after the
   * start. The higher of two readings, at the beginning and at the end of the window. All clients have joined before
   * both.
   */
  memoryPerClient: number;
  /** CPU usage in per cent of one core. That of the load includes the probes. */
  serverCpu: number;
  loadCpu: number;
  /**
   * Usage of the server's core and of the load's core by other programs, in per cent, as accurate as the kernel's
   * figures. Missing if server and load are not pinned to separate cores. An idle machine shows 0 to 2.
   */
  othersCpu?: { server: number; load: number };
  /** Moves per client and second: those that were due, and those that were sent. */
  askedMoves: number;
  sentMoves: number;
  /** The errors found in the clients' states; undefined if there are none. */
  fault?: string;
  /** The audit of the probes' raw frames; only for sabang. */
  audit?: AuditFigures;
}

/** A run that was aborted. */
export interface BrokenRow {
  server: string;
  clients: number;
  /** The reason. */
  broken: string;
}

/** Whether a run was completed. */
export function isComplete(row: Row | BrokenRow): row is Row {
  return !("broken" in row);
}

/** The lengths of the measuring window and of the warm-up in seconds, and the callback for progress messages. */
export interface RunOptions {
  seconds: number;
  warmup: number;
  tell: (message: string) => void;
}

/** Milliseconds for which the server's memory settles after its start. */
const START_MS = 1000;

/** Timeout for reading the server's state, in milliseconds. */
const STATE_TIMEOUT_MS = 20_000;

/** Milliseconds to wait for the exit of a server that is about to exit. */
const EXIT_MS = 500;

/** Attempts to verify the clients' states, and the milliseconds between two attempts. */
const MAX_ATTEMPTS = 4;
const RETRY_MS = 1500;

/** Measures one server with a number of players. All child processes have exited when this resolves. */
export async function run(contender: Contender, clients: number, options: RunOptions): Promise<Row | BrokenRow> {
  const { name } = contender;
  const tell = (message: string) => options.tell(`${name}, ${clients} players: ${message}`);
  const children = (["load", "probes"] as const).map((folder) => {
    const program = fileURLToPath(new URL(`harness/${folder}/main.ts`, import.meta.url));
    return start(LOAD_CORE, process.execPath, [program], { stdio: ["ignore", 2, 2, "ipc"] });
  });
  const [load, probes] = children as [(typeof children)[0], (typeof children)[0]];
  let server: Server | undefined;
  try {
    tell("starting");
    server = await startServer(name);
    const measured = measure(contender, clients, { ...options, tell }, server, {
      load: { pid: load.pid!, ask: caller<LoadRequests>(load, tell) },
      probes: { pid: probes.pid!, ask: caller<ProbeRequests>(probes, tell) },
    });
    // If the server exits first, a later rejection of `measured` must not be unhandled.
    measured.catch(() => {});
    return await Promise.race([measured, server.died]);
  } catch (error) {
    const broken = ((await exitError(server)) ?? (error as Error)).message;
    tell(`aborted: ${broken}`);
    return { server: name, clients, broken };
  } finally {
    await Promise.all([server?.stop(), ...children.map(stop)]);
  }
}

/** Returns the error of a server that has exited, which is the cause of other errors; undefined if it is running. */
async function exitError(server: Server | undefined): Promise<Error | undefined> {
  const timeout = wait(EXIT_MS).then(() => undefined);
  return server && Promise.race([server.died.catch((error: Error) => error), timeout]);
}

interface Instruments {
  load: { pid: number; ask: ReturnType<typeof caller<LoadRequests>> };
  probes: { pid: number; ask: ReturnType<typeof caller<ProbeRequests>> };
}

async function measure(
  contender: Contender,
  clients: number,
  { seconds, warmup, tell }: RunOptions,
  server: Server,
  { load, probes }: Instruments,
): Promise<Row> {
  await wait(START_MS);
  const emptyKilobytes = residentKilobytes(server.pid);
  tell(`joining 0/${clients}`);
  const { port } = server;
  const seats = [
    await load.ask("join", { server: contender.name, port, clients: clients - PROBES }),
    await probes.ask("join", { server: contender.name, port, probes: PROBES }),
  ];
  const rooms = new Set(seats.flatMap((seat) => seat.rooms));
  if (rooms.size > 1) throw new Error(`the players are in ${rooms.size} rooms; expected one room`);

  tell(`walking for ${warmup} s before the window`);
  await Promise.all([load.ask("walk", null), probes.ask("walk", null)]);
  await wait(warmup * 1000);

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
    ...rates(figures, serverShare * 1e6, clients),
    latency: times(await probes.ask("latencies", null)),
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
    framesPerSecond,
    leastFramesPerSecond: sums.leastStates / seconds,
    askedMoves: each(sums.dueMoves),
    sentMoves: each(sums.sent),
  };
}

function times({ latencies, lost }: LatencyFigures): Row["latency"] {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), moves: latencies.length, lost };
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
async function verifyStates(
  { sight }: Contender,
  clients: number,
  server: Server,
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
async function playersOf(sight: "promise" | "cells", { port, monitor }: Server, room = ""): Promise<Players> {
  const path = sight === "cells" ? "players" : `monitor/api/room?roomId=${encodeURIComponent(room)}`;
  // The monitor rejects requests that may come from a page of another site.
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
