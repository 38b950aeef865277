// The probes: a few full clients among the load, in a process of their own, so that the load's batches do not stand in
// front of what they time. They measure how long a move takes to come back, and know what a client knows.
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "../../../sim/random.ts";
import { type Contender, contender } from "../../contenders/contenders.ts";
import { ARENA, MOVES_HZ } from "../arena.ts";
import { serve } from "../ipc.ts";
import { joinColyseus } from "./colyseus.ts";
import { Leg, type Sample } from "./latency.ts";
import { joinBinary, joinJson, joinKorean } from "./plain.ts";
import type { AuditFigures, JoinProbe, Known, Probe } from "./probe.ts";
import { joinSocketIo } from "./socket-io.ts";

/** What one probe knows at the end. */
export interface Seen {
  id: string;
  players: Record<string, Known>;
  audit?: AuditFigures;
}

/** The orders of the probes. */
export interface ProbeOrders {
  join(argument: { server: string; port: number; probes: number }): Promise<{ rooms: string[] }>;
  walk(argument: null): void;
  /** `seconds`: how long. Moves that are sent in that time are timed. */
  measure(argument: number): Promise<void>;
  halt(argument: null): void;
  /** Waits until nothing changes any more, then tells what each probe knows. */
  settle(argument: null): Promise<Seen[]>;
  latencies(argument: null): LatencyFigures;
  /** The same while they walk on: of the moves that have been seen by now. */
  sampled(argument: null): LatencyFigures;
  losses(argument: null): string[];
}

/** How long moves took, in milliseconds, and how many were never seen. */
export interface LatencyFigures {
  latencies: number[];
  lost: number;
}

/** A probe turns round when it is this near to the edge, in units. */
const TURN = 200;

/** Milliseconds after which moves that are not yet seen never will be. */
const LOST_MS = 5000;

/** Milliseconds without a change after which everything has arrived, and those to wait for that at most. */
const QUIET_MS = 1000;
const SETTLE_MS = 30_000;

/**
 * The time between two moves is on average that of the load, but differs by this share of it to either side. The same
 * time over and over would be a multiple of the tick: each probe would meet the tick at one phase only.
 */
const JITTER = 0.25;

/** A probe that walks to and fro. */
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

  /** A frame has just been decoded. */
  decoded(now: number): void {
    const own = this.probe.own();
    if (own && this.#leg) this.samples.push(...this.#leg.shown(own.x, now));
  }

  start(): void {
    let due = performance.now();
    const next = () => {
      this.#step();
      // Moves that were missed while the process had no core are not made up for: they would come in a burst.
      due = Math.max(due, performance.now() - 1000 / MOVES_HZ);
      due += (1000 / MOVES_HZ) * (1 + (JITTER * (this.#random(2001) - 1000)) / 1000);
      this.#timer = setTimeout(next, Math.max(0, due - performance.now()));
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Gives up the moves of the current leg that were never seen. */
  end(): void {
    this.lost += this.#leg?.waiting ?? 0;
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
    } else if (leg.waiting === 0 || now - this.#lastSent > LOST_MS) {
      // Only now: a move in the other direction would undo one that is not yet seen.
      this.end();
    }
  }

  /** Begins to walk towards the edge that is farther away. */
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

function joinOf({ probe, room = "", sight }: Contender): JoinProbe {
  if (probe === "colyseus") return joinColyseus(room, sight === "promise");
  return { binary: joinBinary, json: joinJson, korean: joinKorean, "socket.io": joinSocketIo }[probe];
}

async function join({ server, port, probes }: Parameters<ProbeOrders["join"]>[0]) {
  const rooms = new Set<string>();
  for (let index = 0; index < probes; index++) {
    let walker: Walker | undefined;
    const probe = await joinOf(contender(server))(port, `probe-${index}`, () => walker?.decoded(performance.now()));
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

async function settle(): Promise<Seen[]> {
  const reading = () => walkers.map(({ probe }) => ({ id: probe.id, players: probe.players() }));
  const end = performance.now() + SETTLE_MS;
  let last = "";
  for (;;) {
    const seen = reading();
    const text = JSON.stringify(seen);
    if (text === last || performance.now() > end) {
      return seen.map((one, index) => ({ ...one, ...audited(walkers[index]!.probe) }));
    }
    last = text;
    await wait(QUIET_MS);
  }
}

function audited({ audit }: Probe): { audit?: AuditFigures } {
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
} satisfies ProbeOrders);
