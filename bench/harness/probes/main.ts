// The probes: a few full clients that measure the latency of their moves, and keep the state that they receive. They
// have their own child process, so that the work of the load does not distort the measured latency.
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "../../../sim/random.ts";
import { type Contender, contender } from "../../contenders/contenders.ts";
import { ARENA, DIRECTIONS, MOVES_HZ, STEP } from "../arena.ts";
import { type Crowd, type WalkArea, walkArea } from "../crowd.ts";
import { serve } from "../ipc.ts";
import { wayToRandomPlace } from "../load/walk.ts";
import { joinColyseus } from "./colyseus.ts";
import { Leg, type Sample } from "./latency.ts";
import { Observer } from "./observer.ts";
import { joinBinary, joinJson, joinKorean } from "./plain.ts";
import type { AuditFigures, JoinProbe, KnownPlayer, Probe } from "./probe.ts";
import { joinSocketIo } from "./socket-io.ts";
import { arrivalClock, roomClock, type StalenessFigures, stalenessOf } from "./staleness.ts";

/** The state of one probe at the end of a run. */
export interface ProbeState {
  id: string;
  players: Record<string, KnownPlayer>;
  audit?: AuditFigures;
}

/** The requests that the parent process sends to the probes. */
export interface ProbeRequests {
  join(argument: { server: string; port: number; probes: number; crowd: Crowd }): Promise<{ rooms: string[] }>;
  /** Starts to record the positions that the probes show. All players must stand still when this is called. */
  observe(argument: null): void;
  walk(argument: null): void;
  /** Measures for this number of seconds. Only moves that are sent in this time count as samples of latency. */
  measure(argument: number): Promise<void>;
  halt(argument: null): void;
  /** Waits until the states of the probes stop changing, then returns them. */
  settle(argument: null): Promise<ProbeState[]>;
  /** Returns the latencies of the moves sent during `measure`. Moves that no frame has shown count as lost. */
  latencies(argument: null): LatencyFigures;
  /** Returns the latencies of the moves shown so far, while the probes continue to walk. */
  sampled(argument: null): LatencyFigures;
  /** Returns the staleness during `measure`, computed from the positions that were recorded since `observe`. */
  staleness(argument: null): StalenessFigures;
  losses(argument: null): string[];
}

/** The latencies of moves, in milliseconds, and the number of moves that no frame has shown. */
export interface LatencyFigures {
  latencies: number[];
  lost: number;
}

/** The distance from the arena's edge at which a probe turns round, in units. */
const TURN = 200;

/** Milliseconds after which a move that no frame has shown counts as lost. */
const LOST_MS = 5000;

/** `settle` returns when the states have not changed for QUIET_MS milliseconds, or after SETTLE_MS milliseconds. */
const QUIET_MS = 1000;
const SETTLE_MS = 30_000;

/**
 * The interval between two moves of a probe varies by up to this share of the load's interval. A constant interval
 * would be a multiple of the tick, so all moves of a probe would arrive at the same time within a tick.
 */
const JITTER = 0.25;

/**
 * Makes a probe walk to and fro. A probe whose walk is limited to an area first goes to a random place in the area, and
 * later turns round at the area's border.
 */
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
  readonly #area: WalkArea | undefined;
  /** The remaining moves to the probe's first destination, a random place. The next move is the last element. */
  #way: number[] = [];
  /** The x of the probe's first destination; NaN if the probe is not on the way there. */
  #firstX = Number.NaN;
  /** The probe turns round before it leaves this range of x. */
  #minX = TURN;
  #maxX = ARENA - TURN;

  constructor(probe: Probe, seed: number, area: WalkArea | undefined) {
    this.probe = probe;
    this.#random = seededRandom(seed);
    this.#area = area;
  }

  /** Called when a frame has been decoded. */
  decoded(now: number): void {
    const own = this.probe.own();
    if (own && this.#leg) this.samples.push(...this.#leg.shown(own.x, now));
  }

  start(): void {
    const own = this.probe.own();
    if (this.#area && own) this.#plan(own.x, this.#area);
    let due = performance.now();
    const next = () => {
      this.#step();
      // If the process was delayed, the probe skips the missed moves, because sending them now would cause a burst.
      due = Math.max(due, performance.now() - 1000 / MOVES_HZ);
      due += (1000 / MOVES_HZ) * (1 + (JITTER * (this.#random(2001) - 1000)) / 1000);
      this.#timer = setTimeout(next, Math.max(0, due - performance.now()));
    };
    next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Ends the current leg: the walk since the last turn. Its moves that no frame has shown count as lost. */
  end(): void {
    this.lost += this.#leg?.pending ?? 0;
    this.#leg = undefined;
  }

  #plan(startX: number, area: WalkArea): void {
    const way = wayToRandomPlace(this.#random, area);
    const count = (word: (typeof DIRECTIONS)[number]) => way.filter((move) => DIRECTIONS[move] === word).length;
    this.#firstX = startX + (count("right") - count("left")) * STEP;
    this.#way = way.reverse();
    const half = (area.columns / 2) * STEP;
    this.#minX = Math.max(this.#minX, startX - half);
    this.#maxX = Math.min(this.#maxX, startX + half - STEP);
  }

  #step(): void {
    const now = performance.now();
    const move = this.#way.pop();
    if (move !== undefined) {
      this.#lastSent = now;
      this.probe.move(DIRECTIONS[move]!);
      return;
    }
    const leg = this.#leg ?? this.#begin();
    if (!leg) return;
    const x = this.#startX + this.#sign * leg.length;
    const hasArrived = this.#sign > 0 ? x + STEP > this.#maxX : x - STEP < this.#minX;
    if (!hasArrived) {
      this.#lastSent = now;
      leg.sent(now);
      this.probe.move(this.#sign > 0 ? "right" : "left");
    } else if (leg.pending === 0 || now - this.#lastSent > LOST_MS) {
      // A probe turns round only after all its moves were shown or lost. Otherwise a pending move and a move back would
      // cancel each other out, and x would not change.
      this.end();
    }
  }

  /** Begins a leg: a walk in one direction, towards the edge that is farther away. */
  #begin(): Leg | undefined {
    const own = this.probe.own();
    if (!own) return undefined;
    // No leg begins until the frames have shown all moves on the way to the first destination. Otherwise the leg would
    // count these moves.
    const isOnTheWay = Math.abs(own.x - this.#firstX) > STEP / 2;
    if (isOnTheWay && performance.now() - this.#lastSent < LOST_MS) return undefined;
    this.#firstX = Number.NaN;
    this.#startX = own.x;
    this.#sign = own.x < (this.#minX + this.#maxX) / 2 ? 1 : -1;
    this.#leg = new Leg(own.x, this.#sign);
    return this.#leg;
  }
}

const walkers: Walker[] = [];
let observers: Observer[] = [];
/**
 * The times of the room's clock in the frames that arrived in the measuring window; empty if the server sends no clock.
 */
const clocks = new Set<number>();
let from = Number.POSITIVE_INFINITY;
let to = Number.POSITIVE_INFINITY;

function joinFunctionOf({ probe, room = "", sight }: Contender): JoinProbe {
  if (probe === "colyseus") return joinColyseus(room, sight === "promise");
  return { binary: joinBinary, json: joinJson, korean: joinKorean, "socket.io": joinSocketIo }[probe];
}

async function join({ server, port, probes, crowd }: Parameters<ProbeRequests["join"]>[0]) {
  const rooms = new Set<string>();
  for (let index = 0; index < probes; index++) {
    let walker: Walker | undefined;
    const probe = await joinFunctionOf(contender(server))(port, `probe-${index}`, (clock) => {
      const now = performance.now();
      walker?.decoded(now);
      observers[index]?.decoded(clock ?? now, now >= from);
      if (clock !== undefined && now >= from && now < to) clocks.add(clock);
    });
    walker = new Walker(probe, index, walkArea(crowd));
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

/** Returns the staleness, measured by the clock in the frames, or by the times of arrival if there is no clock. */
function staleness(): StalenessFigures {
  return stalenessOf(observers, clocks.size > 0 ? roomClock(clocks) : arrivalClock(from, to));
}

serve({
  join,
  observe: () => {
    const ids = walkers.map(({ probe }) => probe.id);
    observers = walkers.map(({ probe }) => new Observer(probe, ids));
  },
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
  staleness,
  losses: () => walkers.flatMap(({ probe }) => probe.ended ?? []),
} satisfies ProbeRequests);
