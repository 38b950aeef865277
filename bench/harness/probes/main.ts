// The probes: a few full clients in a child process of their own, so that the work of the load does not delay their
// timing. They measure the latency of moves, and they keep the state that a client receives.
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "../../../sim/random.ts";
import { type Contender, contender } from "../../contenders/contenders.ts";
import { ARENA, MOVES_HZ } from "../arena.ts";
import { serve } from "../ipc.ts";
import { joinColyseus } from "./colyseus.ts";
import { Leg, type Sample } from "./latency.ts";
import { joinBinary, joinJson, joinKorean } from "./plain.ts";
import type { AuditFigures, JoinProbe, KnownPlayer, Probe } from "./probe.ts";
import { joinSocketIo } from "./socket-io.ts";

/** The state of one probe at the end of a run. */
export interface ProbeState {
  id: string;
  players: Record<string, KnownPlayer>;
  audit?: AuditFigures;
}

/** The requests that the probes serve. */
export interface ProbeRequests {
  join(argument: { server: string; port: number; probes: number }): Promise<{ rooms: string[] }>;
  walk(argument: null): void;
  /** Measures for this number of seconds: the moves sent in this time are timed. */
  measure(argument: number): Promise<void>;
  halt(argument: null): void;
  /** Waits until the states of the probes stop changing, then returns them. */
  settle(argument: null): Promise<ProbeState[]>;
  /** Returns the latencies of the window. Moves that no frame has shown count as lost. */
  latencies(argument: null): LatencyFigures;
  /** Returns the latencies of the moves shown so far, while the probes continue to walk. */
  sampled(argument: null): LatencyFigures;
  losses(argument: null): string[];
}

/** The latencies of moves, in milliseconds, and the number of moves that no frame has shown. */
export interface LatencyFigures {
  latencies: number[];
  lost: number;
}

/** The distance from the edge at which a probe turns round, in units. */
const TURN = 200;

/** Milliseconds after which a move that no frame has shown counts as lost. */
const LOST_MS = 5000;

/** Milliseconds without a change after which the states are settled, and the timeout for that. */
const QUIET_MS = 1000;
const SETTLE_MS = 30_000;

/**
 * The interval between two moves is on average that of the load, but varies by up to this share of it in both
 * directions. A constant interval would be a multiple of the tick: each probe would meet the tick at one phase only.
 */
const JITTER = 0.25;

/** Makes a probe walk to and fro. */
class Walker {
  readonly probe: Probe;
  readonly samples: Sample[] = [];
  lost = 0;
  readonly #random: ReturnType<typeof seededRandom>;
  #leg: Leg | undefined;
  #sign: 1 | -1 = 1;
  #startX = 0;
  #lastSent = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(probe: Probe, seed: number) {
    this.probe = probe;
    this.#random = seededRandom(seed);
  }

  /** Called when a frame has been decoded. */
  decoded(now: number): void {
    const own = this.probe.own();
    if (own && this.#leg) this.samples.push(...this.#leg.shown(own.x, now));
  }

  start(): void {
    let due = performance.now();
    const next = () => {
      this.#step();
      // Moves that were missed while the process had no core are skipped. Otherwise they would be sent in a burst.
      due = Math.max(due, performance.now() - 1000 / MOVES_HZ);
      due += (1000 / MOVES_HZ) * (1 + (JITTER * (this.#random(2001) - 1000)) / 1000);
      this.#timer = setTimeout(next, Math.max(0, due - performance.now()));
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the current leg. Its moves that no frame has shown count as lost. */
  end(): void {
    this.lost += this.#leg?.pending ?? 0;
    this.#leg = undefined;
  }

  #step(): void {
    const now = performance.now();
    const leg = this.#leg ?? this.#begin();
    if (!leg) return;
    const x = this.#startX + this.#sign * leg.length;
    const hasArrived = this.#sign > 0 ? x > ARENA - TURN : x < TURN;
    if (!hasArrived) {
      this.#lastSent = now;
      leg.sent(now);
      this.probe.move(this.#sign > 0 ? "right" : "left");
    } else if (leg.pending === 0 || now - this.#lastSent > LOST_MS) {
      // The leg ends only now: a move in the other direction would undo a move that is still pending.
      this.end();
    }
  }

  /** Begins a leg towards the edge that is farther away. */
  #begin(): Leg | undefined {
    const own = this.probe.own();
    if (!own) return undefined;
    this.#startX = own.x;
    this.#sign = own.x < ARENA / 2 ? 1 : -1;
    this.#leg = new Leg(own.x, this.#sign);
    return this.#leg;
  }
}

const walkers: Walker[] = [];
let from = Number.POSITIVE_INFINITY;
let to = Number.POSITIVE_INFINITY;

function joinFunctionOf({ probe, room = "", sight }: Contender): JoinProbe {
  if (probe === "colyseus") return joinColyseus(room, sight === "promise");
  return { binary: joinBinary, json: joinJson, korean: joinKorean, "socket.io": joinSocketIo }[probe];
}

async function join({ server, port, probes }: Parameters<ProbeRequests["join"]>[0]) {
  const rooms = new Set<string>();
  for (let index = 0; index < probes; index++) {
    let walker: Walker | undefined;
    const probe = await joinFunctionOf(contender(server))(port, `probe-${index}`, () =>
      walker?.decoded(performance.now()),
    );
    walker = new Walker(probe, index);
    walkers.push(walker);
    if (probe.room !== undefined) rooms.add(probe.room);
  }
  return { rooms: [...rooms] };
}

async function measure(seconds: number) {
  from = performance.now();
  await wait(seconds * 1000);
  to = performance.now();
}

async function settle(): Promise<ProbeState[]> {
  const reading = () => walkers.map(({ probe }) => ({ id: probe.id, players: probe.players() }));
  const end = performance.now() + SETTLE_MS;
  let last = "";
  for (;;) {
    const states = reading();
    const text = JSON.stringify(states);
    if (text === last || performance.now() > end) {
      return states.map((one, index) => ({ ...one, ...auditOf(walkers[index]!.probe) }));
    }
    last = text;
    await wait(QUIET_MS);
  }
}

function auditOf({ audit }: Probe): { audit?: AuditFigures } {
  return audit ? { audit } : {};
}

function latencies(): LatencyFigures {
  for (const walker of walkers) walker.end();
  return sampled();
}

function sampled(): LatencyFigures {
  const timed = walkers.flatMap(({ samples }) => samples.filter(({ sentAt }) => sentAt >= from && sentAt < to));
  return {
    latencies: timed.map(({ latency }) => latency),
    lost: walkers.reduce((sum, { lost }) => sum + lost, 0),
  };
}

serve({
  join,
  walk: () => {
    for (const walker of walkers) walker.start();
  },
  measure,
  halt: () => {
    for (const walker of walkers) walker.stop();
  },
  settle,
  latencies,
  sampled,
  losses: () => walkers.flatMap(({ probe }) => probe.ended ?? []),
} satisfies ProbeRequests);
