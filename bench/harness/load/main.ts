// The load: a child process that runs all clients except the few probes.
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../../contenders/contenders.ts";
import { MOVES_HZ } from "../arena.ts";
import { report, serve } from "../ipc.ts";
import { RawClient } from "./raw-client.ts";
import { Walk } from "./walk.ts";

/** Concurrent joins. The number resembles browsers behind a proxy, not the maximum of a script. */
const JOINS_AT_ONCE = 32;

/** Timeout of one join, in milliseconds. */
const JOIN_TIMEOUT_MS = 30_000;

/** Groups in which the clients move, one group after the other. So the moves do not go out in one burst. */
const PHASES = 20;

/** Milliseconds between two groups. */
const PHASE_MS = 1000 / MOVES_HZ / PHASES;

/** The totals of the load over a measuring window. */
export interface LoadFigures {
  /** Seconds between the readings at both ends of the window. */
  seconds: number;
  clients: number;
  /** Bytes of TCP payload and messages with state that all clients received. */
  bytes: number;
  states: number;
  /** Messages with state of the client that received the fewest, and of the client that received the most. */
  leastStates: number;
  mostStates: number;
  /** Moves that were due, and moves that were sent. */
  dueMoves: number;
  sent: number;
}

/** The requests that the load serves. */
export interface LoadRequests {
  join(argument: { server: string; port: number; clients: number }): Promise<{ rooms: string[] }>;
  walk(argument: null): void;
  /** Measures for this number of seconds. */
  measure(argument: number): Promise<LoadFigures>;
  /** Destroys the connections of this number of clients, without a close frame. */
  drop(argument: number): void;
  halt(argument: null): void;
  /** Returns the reason for the loss of each lost connection. */
  losses(argument: null): string[];
}

const clients: RawClient[] = [];
const walks: Walk[] = [];
let walkTimer: NodeJS.Timeout | undefined;
/** Moves that have been due so far. */
let dueMoves = 0;

async function join({ server, port, clients: count }: Parameters<LoadRequests["join"]>[0]) {
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
      // Added only after the join, because the clients in this list may be walking already.
      clients.push(client);
      walks.push(new Walk(walks.length));
      if (walks.length % 100 === 0) report(`joining ${walks.length}/${count}`);
    }
  };
  await Promise.all(Array.from({ length: JOINS_AT_ONCE }, joinInSequence));
  return { rooms: [...rooms] };
}

/**
 * Makes all clients move. A group that is late by a whole period is skipped, so its moves count as due and not sent.
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

async function measure(seconds: number): Promise<LoadFigures> {
  const reading = () => ({
    at: performance.now(),
    dueMoves,
    each: clients.map(({ bytes, states, sent }) => ({ bytes, states, sent })),
  });
  const before = reading();
  await wait(seconds * 1000);
  const after = reading();
  const figures = { bytes: 0, states: 0, sent: 0, leastStates: Number.POSITIVE_INFINITY, mostStates: 0 };
  for (const [index, now] of after.each.entries()) {
    const then = before.each[index]!;
    figures.bytes += now.bytes - then.bytes;
    figures.states += now.states - then.states;
    figures.sent += now.sent - then.sent;
    figures.leastStates = Math.min(figures.leastStates, now.states - then.states);
    figures.mostStates = Math.max(figures.mostStates, now.states - then.states);
  }
  const due = after.dueMoves - before.dueMoves;
  return { ...figures, dueMoves: due, clients: clients.length, seconds: (after.at - before.at) / 1000 };
}

serve({
  join,
  walk,
  measure,
  drop: (count) => {
    for (const client of clients.splice(-count)) client.destroy();
    walks.length = clients.length;
  },
  halt: () => clearInterval(walkTimer),
  losses: () => clients.flatMap(({ ended }) => ended ?? []),
} satisfies LoadRequests);
