// One run: a server, a number of players, a measuring window, and whether everybody knew what they must know.
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PROBES } from "./cli.ts";
import type { Contender } from "./contenders/contenders.ts";
import { arePinned, LOAD_CORE, SERVER_CORE, start, stop } from "./harness/children.ts";
import { caller } from "./harness/ipc.ts";
import type { LoadFigures, LoadOrders } from "./harness/load/main.ts";
import { percentile } from "./harness/probes/latency.ts";
import type { LatencyFigures, ProbeOrders, Seen } from "./harness/probes/main.ts";
import type { AuditFigures } from "./harness/probes/probe.ts";
import { busyMicroseconds, cpuMicroseconds, residentKilobytes } from "./harness/process-figures.ts";
import { type Server, startServer } from "./harness/server-process.ts";
import { faultAgainst, faultAmong, type Players } from "./harness/verify-state.ts";

/** The figures of a run that came to its end. */
export interface Row {
  server: string;
  clients: number;
  /** CPU of the server, in microseconds: per second of one client, and per frame that a client got. */
  cpuPerClientSecond: number;
  cpuPerFrame: number;
  /** Bytes of TCP payload to one client, in kilobytes of 1000 bytes per second. */
  kilobytesPerSecond: number;
  /** Frames with state that a client got per second: on average, and the client that got the fewest. */
  framesPerSecond: number;
  leastFramesPerSecond: number;
  /** Milliseconds from sending a move to the frame that shows it, over `moves` moves; `lost` were never shown. */
  latency: { p50: number; p99: number; moves: number; lost: number };
  /**
   * Kilobytes of resident memory per client: what the server held with all clients in it, less what it held one second
   * after its start. Read at the beginning and at the end of the window, when the joins are over; the higher one.
   */
  memoryPerClient: number;
  /** Per cent of one core. The load's is that of all clients, the probes included. */
  serverCpu: number;
  loadCpu: number;
  /**
   * Per cent of the server's core and of the load's that went to other programs, as near as the kernel tells; missing
   * where server and load have no cores of their own. A machine at rest shows 0 to 2.
   */
  othersCpu?: { server: number; load: number };
  /** Moves per client and second that were due, and those that were sent. */
  askedMoves: number;
  sentMoves: number;
  /** What was found wrong with what the clients knew; undefined if nothing was. */
  fault?: string;
  /** For sabang: the audit of the probes' raw frames. */
  audit?: AuditFigures;
}

/** A run that broke off, and why. */
export interface BrokenRow {
  server: string;
  clients: number;
  broken: string;
}

/** Whether a run came to its end. */
export function isWhole(row: Row | BrokenRow): row is Row {
  return !("broken" in row);
}

/** Seconds, and whom to tell what is being done. */
export interface RunOptions {
  seconds: number;
  warmup: number;
  tell: (what: string) => void;
}

/** Milliseconds for which the server's memory settles after its start. */
const START_MS = 1000;

/** Milliseconds within which the server must tell where everybody is. */
const TRUTH_MS = 20_000;

/** Milliseconds after which a server that is about to end has ended. */
const END_MS = 500;

/** How often, and how many milliseconds apart, the clients' knowledge is looked at again when it was wrong. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 1500;

/** Measures one server with a number of players. Nothing of it runs on when this returns. */
export async function run(contender: Contender, clients: number, options: RunOptions): Promise<Row | BrokenRow> {
  const { name } = contender;
  const tell = (what: string) => options.tell(`${name}, ${clients} players: ${what}`);
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
      load: { pid: load.pid!, ask: caller<LoadOrders>(load, tell) },
      probes: { pid: probes.pid!, ask: caller<ProbeOrders>(probes, tell) },
    });
    // The race may be lost to the server's end.
    measured.catch(() => {});
    return await Promise.race([measured, server.died]);
  } catch (error) {
    const broken = ((await endOf(server)) ?? (error as Error)).message;
    tell(`broken off: ${broken}`);
    return { server: name, clients, broken };
  } finally {
    await Promise.all([server?.stop(), ...children.map(stop)]);
  }
}

/** The error of a server that has ended: whatever else fails then, fails for that. */
async function endOf(server: Server | undefined): Promise<Error | undefined> {
  const late = wait(END_MS).then(() => undefined);
  return server && Promise.race([server.died.catch((error: Error) => error), late]);
}

interface Instruments {
  load: { pid: number; ask: ReturnType<typeof caller<LoadOrders>> };
  probes: { pid: number; ask: ReturnType<typeof caller<ProbeOrders>> };
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
  if (rooms.size > 1) throw new Error(`the players were spread over ${rooms.size} rooms; expected one`);

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

  tell("checking what the clients know");
  await Promise.all([load.ask("halt", null), probes.ask("halt", null)]);
  const { seen, fault } = await look(contender, clients, server, probes.ask, [...rooms][0]);
  const losses = [...(await load.ask("losses", null)), ...(await probes.ask("losses", null))];
  if (losses.length > 0) throw new Error(`${losses.length} connections were lost; the first: ${losses[0]}`);
  const audit = sum(seen.flatMap((one) => one.audit ?? []));
  const leak =
    audit && audit.leaks > 0
      ? `the audit of ${audit.frames} frames found ${audit.leaks} leaks: ${audit.first}`
      : undefined;
  const faults = [fault, leak].filter((one) => one !== undefined);

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
    ...(faults.length > 0 && { fault: faults.join("; ") }),
    ...(audit && { audit }),
  };
}

/** `cpu`: microseconds that the server used per second. The probes' frames count as those of the load. */
function rates({ clients: loadClients, seconds, ...sums }: LoadFigures, cpu: number, clients: number) {
  const each = (sum: number) => sum / loadClients / seconds;
  const framesPerSecond = each(sums.states);
  return {
    cpuPerClientSecond: cpu / clients,
    cpuPerFrame: cpu / clients / framesPerSecond,
    kilobytesPerSecond: each(sums.bytes) / 1000,
    framesPerSecond,
    leastFramesPerSecond: sums.leastStates / seconds,
    askedMoves: each(sums.asked),
    sentMoves: each(sums.sent),
  };
}

function times({ latencies, lost }: LatencyFigures): Row["latency"] {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), moves: latencies.length, lost };
}

/** Several audits as one; undefined if there is none. */
export function sum(audits: AuditFigures[]): AuditFigures | undefined {
  if (audits.length === 0) return undefined;
  const first = audits.find((audit) => audit.first !== undefined)?.first;
  return {
    frames: audits.reduce((total, { frames }) => total + frames, 0),
    leaks: audits.reduce((total, { leaks }) => total + leaks, 0),
    ...(first !== undefined && { first }),
  };
}

/** Looks at what the clients know until it is right, or was wrong too often: a busy server may still have to send. */
async function look(
  { sight }: Contender,
  clients: number,
  server: Server,
  ask: Instruments["probes"]["ask"],
  room: string | undefined,
): Promise<{ seen: Seen[]; fault: string | undefined }> {
  for (let looks = 1; ; looks++) {
    const seen = await ask("settle", null);
    let fault: string | undefined;
    if (sight === "all") fault = faultAmong(seen, clients);
    else if (sight === "one") fault = faultAmong(seen, 1);
    else fault = faultAgainst(await truth(sight, server, room), seen, sight);
    if (fault === undefined || looks === LOOKS) return { seen, fault };
    await wait(LOOK_AGAIN_MS);
  }
}

/** Where everybody really is: from sabang's monitor, and from the other server's own page. */
async function truth(sight: "promise" | "cells", { port, monitor }: Server, room = ""): Promise<Players> {
  const path = sight === "cells" ? "players" : `monitor/api/room?roomId=${encodeURIComponent(room)}`;
  // The monitor takes no call from who might be a page of another site.
  const headers = {
    authorization: `Basic ${Buffer.from(monitor).toString("base64")}`,
    "sec-fetch-site": "none",
  };
  const signal = AbortSignal.timeout(TRUTH_MS);
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers, signal });
  if (!response.ok) throw new Error(`the server answered ${response.status} to the question where everybody is`);
  const answer = (await response.json()) as Players & { state: { players: Players } };
  return sight === "cells" ? answer : answer.state.players;
}
