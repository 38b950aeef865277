// The load: a process of its own that holds all clients but the few probes.
import { setTimeout as wait } from "node:timers/promises";
import { contender } from "../../contenders/contenders.ts";
import { MOVES_HZ } from "../arena.ts";
import { report, serve } from "../ipc.ts";
import { RawClient } from "./raw-client.ts";
import { Walk } from "./walk.ts";

/** Joins under way at a time: as many as browsers behind a proxy, not as many as a script can. */
const JOINS_AT_ONCE = 32;

/** Milliseconds that one join may take. */
const JOIN_PATIENCE_MS = 30_000;

/** Clients move in this many groups, one after the other: nobody's moves go out in one burst. */
const PHASES = 20;

/** Milliseconds between two groups. */
const PHASE_MS = 1000 / MOVES_HZ / PHASES;

/** What the load did in a measuring window. */
export interface LoadFigures {
  /** Seconds between the two readings. */
  seconds: number;
  clients: number;
  bytes: number;
  states: number;
  /** Messages with state that the worst served client got, and the best served one. */
  leastStates: number;
  mostStates: number;
  /** Moves that were due, and those that were sent. */
  asked: number;
  sent: number;
}

/** The orders of the load. */
export interface LoadOrders {
  join(argument: { server: string; port: number; clients: number }): Promise<{ rooms: string[] }>;
  walk(argument: null): void;
  /** `seconds`: how long. */
  measure(argument: number): Promise<LoadFigures>;
  /** So many of the clients go, without a word. */
  drop(argument: number): void;
  halt(argument: null): void;
  /** Why connections ended that should not have. */
  losses(argument: null): string[];
}

const clients: RawClient[] = [];
const walks: Walk[] = [];
let walking: NodeJS.Timeout | undefined;
/** Moves that were due so far. */
let asked = 0;

async function join({ server, port, clients: count }: Parameters<LoadOrders["join"]>[0]) {
  const { dialect } = contender(server);
  const rooms = new Set<string>();
  let next = 0;
  const oneAfterAnother = async () => {
    while (next < count) {
      const index = next++;
      const { path, room } = await dialect.seat(port, `load-${index}`);
      if (room !== undefined) rooms.add(room);
      const client = new RawClient(dialect, port, path);
      const overdue = wait(JOIN_PATIENCE_MS, undefined, { ref: false }).then(() => {
        throw new Error(`a join took more than ${JOIN_PATIENCE_MS / 1000} s`);
      });
      await Promise.race([client.joined, overdue]);
      // Only now: those who are in may be walking already.
      clients.push(client);
      walks.push(new Walk(walks.length));
      if (walks.length % 100 === 0) report(`joining ${walks.length}/${count}`);
    }
  };
  await Promise.all(Array.from({ length: JOINS_AT_ONCE }, oneAfterAnother));
  return { rooms: [...rooms] };
}

/** Lets everybody move. A group whose turn was missed by a whole period is left out, and so counts as not sent. */
function walk(): void {
  const start = performance.now();
  let group = 0;
  walking = setInterval(() => {
    const due = Math.floor((performance.now() - start) / PHASE_MS);
    for (; group < due; group++) {
      const isTooLate = due - group > PHASES;
      for (let i = group % PHASES; i < clients.length; i += PHASES) {
        asked++;
        if (!isTooLate) clients[i]!.move(walks[i]!.next());
      }
    }
  }, PHASE_MS);
}

async function measure(seconds: number): Promise<LoadFigures> {
  const reading = () => ({
    at: performance.now(),
    asked,
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
  const due = after.asked - before.asked;
  return { ...figures, asked: due, clients: clients.length, seconds: (after.at - before.at) / 1000 };
}

serve({
  join,
  walk,
  measure,
  drop: (count) => {
    for (const client of clients.splice(-count)) client.destroy();
    walks.length = clients.length;
  },
  halt: () => clearInterval(walking),
  losses: () => clients.flatMap(({ ended }) => ended ?? []),
} satisfies LoadOrders);
