// Measures one server process without a cluster, or the processes of a cluster, with the same clients.
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TICK_HZ } from "../../sim/rules.ts";
import { contender } from "../contenders/contenders.ts";
import { ARENA } from "../harness/arena.ts";
import { moveToLoadCore } from "../harness/children.ts";
import { cpuMicroseconds, residentKilobytes } from "../harness/process-figures.ts";
import { openMap } from "../harness/sabang-map.ts";
import { makeFolder, sabangEnvironment, startServer } from "../harness/server-process.ts";
import { type Instruments, probesAmong, type Row, startInstruments, times, verifyStates } from "../run.ts";
import { balancerKind } from "./balancer.ts";
import { type BodiesFigures, readBodiesFigures } from "./bodies-figures.ts";
import { startCluster } from "./local-cluster.ts";

/** Milliseconds from the start of the servers to the first join. */
const START_MS = 1000;

/** Milliseconds for the join of each body: twice as long as bodies-agent.ts needs, because ticks may be late. */
const MS_PER_BODY = 1;

/** The figures of one server process. */
export interface ProcessFigures {
  role: "alone" | "authority" | "replica";
  clients: number;
  /** CPU time in microseconds: per frame that a client of this process received, and per tick. */
  cpuPerFrame: number;
  cpuPerTick: number;
  /** The average duration of a tick of the world in milliseconds; 0 for a replica. */
  tickMs: number;
  /** The CPU time of a tick of the world in milliseconds; 0 for a replica, and 0 in a run without bodies. */
  tickCpuMs: number;
  /** The data that the process publishes on Redis and gets from Redis per second, in kilobytes of 1000 bytes. */
  sentKilobytes: number;
  receivedKilobytes: number;
  /** Resident memory, in megabytes of 1000 kilobytes. */
  megabytes: number;
}

/** The figures of one measurement. */
export interface ClusterRow {
  processes: ProcessFigures[];
  clients: number;
  /** Players without a connection. */
  bodies: number;
  framesPerSecond: number;
  latency: Row["latency"];
  /** CPU usage of Redis in per cent of one core; 0 without a cluster. */
  redisCpu: number;
  fault?: string;
}

/** The parameters of a measurement. */
export interface ClusterRun {
  processes: number;
  clients: number;
  bodies: number;
  seconds: number;
  warmup: number;
}

/** A server process that is measured. */
interface Subject {
  readonly port: number;
  readonly pid: number;
  readonly role: ProcessFigures["role"];
  clients: number;
}

/** The measured programs: the server processes in the order of their start, and Redis. */
interface Field {
  readonly subjects: Subject[];
  readonly redis: number | undefined;
  /** The credentials of the monitor. */
  readonly monitor: string;
  /** The folder of the bodies' figures. */
  readonly folder: string;
  /** Stops the players that have no connection. */
  haltBodies(): void;
  stop(): Promise<void>;
}

/** A reading of all processes. `metrics` contains the text that each process returns for /metrics. */
interface Reading {
  at: number;
  cpu: number[];
  bodies: BodiesFigures[];
  redis: number;
  metrics: string[];
}

/**
 * Measures a process without a cluster, or the processes of a cluster, while clients play. In a cluster, the clients
 * are distributed over the replicas. If there are `bodies` and several replicas, the last replica gets no clients.
 * This replica shows what it costs to mirror the authority's rooms without serving clients.
 * @param tell called with progress messages.
 * @throws {Error} if a process fails, or a client cannot join.
 */
export async function measureCluster(run: ClusterRun, tell: (message: string) => void): Promise<ClusterRow> {
  const instruments = startInstruments(tell);
  let field: Field | undefined;
  try {
    tell("starting");
    field = run.processes === 1 && run.bodies === 0 ? await alone() : await cluster(run);
    return await measure(run, field, instruments, tell);
  } finally {
    await Promise.all([instruments.stop(), field?.stop()]);
  }
}

async function alone(): Promise<Field> {
  const server = await startServer("sabang");
  const { port, pid, monitor } = server;
  return {
    subjects: [{ port, pid, role: "alone", clients: 0 }],
    redis: undefined,
    monitor,
    folder: "",
    haltBodies: () => {},
    stop: () => server.stop(),
  };
}

async function cluster({ processes, clients, bodies }: ClusterRun): Promise<Field> {
  const folder = makeFolder();
  const password = randomBytes(16).toString("hex");
  const agent = fileURLToPath(new URL("bodies-agent.ts", import.meta.url));
  const map = openMap("even", bodies > 0 ? { side: sideFor(clients + bodies) } : {});
  const running = await startCluster({
    processes,
    balancer: balancerKind(),
    folder,
    environment: {
      ...sabangEnvironment(folder, password, map),
      ...(bodies > 0 && { NODE_OPTIONS: `--import=${agent}`, BODIES: String(bodies), BODIES_FOLDER: folder }),
    },
  });
  const authority = await running.untilAuthority();
  // A single replica is compared with a process alone, which has the server's core for itself. So the authority moves
  // to the load's core.
  moveToLoadCore(authority.pid!);
  return {
    subjects: running.members.map((member) => ({
      port: member.port,
      pid: member.pid!,
      role: member === authority ? "authority" : "replica",
      clients: 0,
    })),
    redis: running.redis.pid,
    monitor: `admin:${password}`,
    folder,
    haltBodies: () => {
      if (bodies > 0) for (const member of running.members) member.signal("SIGUSR2");
    },
    stop: () => running.stop(),
  };
}

/** An arena with this number of players has the density of the bench's crowd `even`. */
const PLAYERS_PER_ARENA = 1500;

/** Sides of maps are multiples of this number of units. */
const SIDE_STEP = 64;

/** Returns the side of a map on which this number of players has the density of the bench's crowd `even`. */
function sideFor(players: number): number {
  return Math.ceil((ARENA * Math.sqrt(players / PLAYERS_PER_ARENA)) / SIDE_STEP) * SIDE_STEP;
}

/** Returns the processes that get clients. */
function serving({ subjects }: Field, { bodies }: ClusterRun): Subject[] {
  if (subjects.length === 1) return subjects;
  const replicas = subjects.filter(({ role }) => role === "replica");
  return bodies > 0 && replicas.length > 1 ? replicas.slice(0, -1) : replicas;
}

async function measure(
  run: ClusterRun,
  field: Field,
  { load, probes }: Instruments,
  tell: (message: string) => void,
): Promise<ClusterRow> {
  const { clients, bodies, seconds, warmup } = run;
  const { subjects } = field;
  const server = contender("sabang");
  await wait(START_MS);
  const probeCount = probesAmong(clients, server);
  const targets = serving(field, run);
  const rooms = new Set<string>();
  for (const [index, target] of targets.entries()) {
    const share = (count: number) =>
      Math.floor((count * (index + 1)) / targets.length) - Math.floor((count * index) / targets.length);
    tell(`joining ${share(clients)} clients`);
    const where = { server: server.name, port: target.port, crowd: "even" } as const;
    const seats = [
      await load.ask("join", { ...where, clients: share(clients - probeCount) }),
      await probes.ask("join", { ...where, probes: share(probeCount) }),
    ];
    target.clients = share(clients - probeCount) + share(probeCount);
    for (const seat of seats) for (const room of seat.rooms) rooms.add(room);
  }
  if (rooms.size !== 1) throw new Error(`the players are in ${rooms.size} rooms; expected one room`);

  if (bodies > 0) {
    tell(`waiting for ${bodies} bodies`);
    await wait(bodies * MS_PER_BODY);
  }
  tell(`walking for ${warmup} s before the window`);
  await Promise.all([load.ask("walk", null), probes.ask("walk", null)]);
  await wait(warmup * 1000);
  tell(`measuring for ${seconds} s`);
  const before = await read(field);
  const [figures] = await Promise.all([load.ask("measure", seconds), probes.ask("measure", seconds)]);
  const after = await read(field);

  tell("verifying the clients' states");
  await Promise.all([load.ask("halt", null), probes.ask("halt", null)]);
  field.haltBodies();
  const where = { port: targets[0]!.port, monitor: field.monitor };
  const { fault } = await verifyStates(server, clients, where, probes.ask, [...rooms][0]);
  const losses = [...(await load.ask("losses", null)), ...(await probes.ask("losses", null))];
  if (losses.length > 0) throw new Error(`${losses.length} connections were lost; the first: ${losses[0]}`);

  const wall = (after.at - before.at) / 1000;
  const framesPerSecond = figures.states / figures.clients / figures.seconds;
  return {
    clients,
    bodies,
    framesPerSecond,
    latency: times(await probes.ask("latencies", null)),
    redisCpu: ((after.redis - before.redis) / wall / 1e6) * 100,
    processes: subjects.map(({ role, clients, pid }, index) => {
      const inTicks = (of: keyof BodiesFigures) => after.bodies[index]![of] - before.bodies[index]![of];
      // Real clients choose their own moves, so choosing the bodies' moves does not count as work of the server.
      const cpu = (after.cpu[index]! - before.cpu[index]! - inTicks("choosing")) / wall;
      const delta = (name: string) => metricOf(after.metrics[index]!, name) - metricOf(before.metrics[index]!, name);
      const ticks = delta("sabang_step_duration_seconds_count");
      const tickSeconds = delta("sabang_step_duration_seconds_sum") + delta("sabang_patch_duration_seconds_sum");
      return {
        role,
        clients,
        cpuPerFrame: clients === 0 ? Number.NaN : cpu / clients / framesPerSecond,
        cpuPerTick: cpu / TICK_HZ,
        tickMs: ticks === 0 ? 0 : (1000 * tickSeconds) / ticks,
        tickCpuMs: inTicks("ticks") === 0 ? 0 : inTicks("game") / inTicks("ticks") / 1000,
        sentKilobytes: delta('sabang_cluster_bytes_total{direction="sent"}') / wall / 1000,
        receivedKilobytes: delta('sabang_cluster_bytes_total{direction="received"}') / wall / 1000,
        megabytes: residentKilobytes(pid) / 1000,
      };
    }),
    ...(fault !== undefined && { fault }),
  };
}

async function read({ subjects, redis, folder }: Field): Promise<Reading> {
  const metrics = await Promise.all(
    subjects.map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  );
  return {
    at: performance.now(),
    cpu: subjects.map(({ pid }) => cpuMicroseconds(pid)),
    bodies: subjects.map(({ pid }) => readBodiesFigures(folder, pid)),
    redis: redis === undefined ? 0 : cpuMicroseconds(redis),
    metrics,
  };
}

/** Returns the sum of a metric's values in the text of /metrics. `name` may include labels. */
function metricOf(text: string, name: string): number {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
