// The load: a child process that runs all clients except the few probes.
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../../contenders/contenders.ts";
import { MOVES_HZ } from "../arena.ts";
import { type Crowd, walkArea } from "../crowd.ts";
import { report, serve } from "../ipc.ts";
import { RawClient } from "./raw-client.ts";
import { Walk } from "./walk.ts";

/** The maximum number of concurrent joins. Real players do not all join at the same moment. */
const JOINS_AT_ONCE = 32;

/** Timeout of one join, in milliseconds. */
const JOIN_TIMEOUT_MS = 30_000;

/** The number of groups of clients. The groups send their moves one after the other, and not in one burst. */
const PHASES = 20;

/** Milliseconds between the moves of two successive groups. */
const PHASE_MS = 1000 / MOVES_HZ / PHASES;

/** The totals of the load over a measuring window. */
export interface LoadFigures {
  /** The measured length of the window, in seconds. */
  seconds: number;
  clients: number;
  /** The bytes of TCP payload, and the messages with state, that all clients together received. */
  bytes: number;
  states: number;
  /** The texts that all clients together received. */
  heard: number;
  /**
   * The number of messages with state at the client that received the fewest, and at the client that received the most.
   */
  leastStates: number;
  mostStates: number;
  /** The number of bytes at the client that received the most. */
  mostBytes: number;
  /** The moves that the clients should have sent, and the moves that they have sent. */
  dueMoves: number;
  sent: number;
}

/** The requests that the parent process sends to the load. */
export interface LoadRequests {
  join(argument: { server: string; port: number; clients: number; crowd: Crowd }): Promise<{ rooms: string[] }>;
  walk(argument: null): void;
  /** Makes each client say one text in every period of this many seconds, until `halt`. The clients take turns. */
  say(argument: number): void;
  /** Measures for this number of seconds. */
  measure(argument: number): Promise<LoadFigures>;
  /** Destroys the connections of this number of clients, without a close frame. */
  drop(argument: number): void;
  halt(argument: null): void;
  /** Returns the reason for each lost connection. */
  losses(argument: null): string[];
}

const clients: RawClient[] = [];
const walks: Walk[] = [];
let walkTimer: NodeJS.Timeout | undefined;
let sayTimer: NodeJS.Timeout | undefined;
/** The moves that the clients should have sent so far. */
let dueMoves = 0;

async function join({ server, port, clients: count, crowd }: Parameters<LoadRequests["join"]>[0]) {
  const { dialect } = contender(server);
  const rooms = new Set<string>();
  let next = 0;
  const joinInSequence = async () => {
    while (next < count) {
      const index = next++;
      const { path, room } = await dialect.seat(port, `load-${index}`);
      if (room !== undefined) rooms.add(room);
      const client = new RawClient(dialect, port, path);
      const timeout = wait(JOIN_TIMEOUT_MS, undefined, { ref: false }).then(() => {
        throw new Error(`join timed out after ${JOIN_TIMEOUT_MS / 1000} s`);
      });
      await Promise.race([client.joined, timeout]);
      // A client is added after its join and not before: `walk` may already be moving all clients in this list.
      clients.push(client);
      walks.push(new Walk(walks.length, walkArea(crowd)));
      if (walks.length % 100 === 0) report(`joining ${walks.length}/${count}`);
    }
  };
  await Promise.all(Array.from({ length: JOINS_AT_ONCE }, joinInSequence));
  return { rooms: [...rooms] };
}

/**
 * Makes all clients move until `halt`. A group sends nothing if it is late by more than one round of all groups. Its
 * moves then count as due, but not as sent.
 */
function walk(): void {
  const start = performance.now();
  let group = 0;
  walkTimer = setInterval(() => {
    const due = Math.floor((performance.now() - start) / PHASE_MS);
    for (; group < due; group++) {
      const isTooLate = due - group > PHASES;
      for (let i = group % PHASES; i < clients.length; i += PHASES) {
        dueMoves++;
        if (!isTooLate) clients[i]!.move(walks[i]!.next());
      }
    }
  }, PHASE_MS);
}

function say(seconds: number): void {
  const start = performance.now();
  let said = 0;
  sayTimer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1000 / seconds) * clients.length);
    for (; said < due; said++) clients[said % clients.length]!.say();
  }, PHASE_MS);
}

async function measure(seconds: number): Promise<LoadFigures> {
  const reading = () => ({
    at: performance.now(),
    dueMoves,
    each: clients.map(({ bytes, states, heard, sent }) => ({ bytes, states, heard, sent })),
  });
  const before = reading();
  await wait(seconds * 1000);
  const after = reading();
  const figures = {
    bytes: 0,
    states: 0,
    heard: 0,
    sent: 0,
    leastStates: Number.POSITIVE_INFINITY,
    mostStates: 0,
    mostBytes: 0,
  };
  for (const [index, now] of after.each.entries()) {
    const then = before.each[index]!;
    figures.bytes += now.bytes - then.bytes;
    figures.states += now.states - then.states;
    figures.heard += now.heard - then.heard;
    figures.sent += now.sent - then.sent;
    figures.leastStates = Math.min(figures.leastStates, now.states - then.states);
    figures.mostStates = Math.max(figures.mostStates, now.states - then.states);
    figures.mostBytes = Math.max(figures.mostBytes, now.bytes - then.bytes);
  }
  const due = after.dueMoves - before.dueMoves;
  return { ...figures, dueMoves: due, clients: clients.length, seconds: (after.at - before.at) / 1000 };
}

serve({
  join,
  walk,
  say,
  measure,
  drop: (count) => {
    for (const client of clients.splice(-count)) client.destroy();
    walks.length = clients.length;
  },
  halt: () => {
    clearInterval(walkTimer);
    clearInterval(sayTimer);
  },
  losses: () => clients.flatMap(({ ended }) => ended ?? []),
} satisfies LoadRequests);
