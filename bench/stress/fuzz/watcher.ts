// The honest players, in a process of their own: a frozen server is noticed by who does not depend on it, and by nobody
// who is busy attacking. One walks and knows for each frame where it must be, one stands, one looks at /healthz, and again
// and again somebody new joins.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Room } from "@colyseus/sdk";
import { ERRORS } from "../../../schema/errors.ts";
import type { WorldState } from "../../../schema/world-state.ts";
import { DIRECTION_OF_WORD, type Direction, type DirectionWord, DOWN } from "../../../sim/directions.ts";
import { readMap } from "../../../sim/map.ts";
import { seededRandom } from "../../../sim/random.ts";
import { type Body, step } from "../../../sim/step.ts";
import { serve } from "../../harness/ipc.ts";
import { percentile } from "../../harness/probes/latency.ts";

/** What the honest players have seen. Times in milliseconds. */
export interface Watched {
  /** From sending a move to the frame that shows it. */
  moves: { count: number; p50: number; p99: number; max: number };
  /** Answers of /healthz. */
  health: { count: number; p99: number; max: number };
  /** Joins of somebody new, from the request to the own player in the state. */
  joins: { count: number; p50: number; max: number };
  /** Joins that were refused because the server was busy, which is its right. */
  refused: number;
  /** What must not happen to an honest player, in sentences. */
  faults: string[];
}

/** The orders of the watcher. */
export interface WatcherOrders {
  start(argument: { port: number }): Promise<void>;
  /** Begins to count anew, and tells what was seen until now. */
  report(argument: null): Watched;
}

const MOVE_MS = 100;
const HEALTH_MS = 50;
const JOIN_MS = 2000;

/** Milliseconds after which an answer is no answer any more. */
const PATIENCE_MS = 20_000;

/** Moves on their way at most: fewer than the server lets wait, so that none is ever dropped. */
const ON_THE_WAY = 4;

const MAP = "plaza";
const WORDS: readonly DirectionWord[] = ["left", "right", "up", "down"];

const times = { moves: [] as number[], health: [] as number[], joins: [] as number[] };
const faults: string[] = [];
let refused = 0;
const ground = readMap(MAP, JSON.parse(readFileSync(new URL(`../../../maps/${MAP}.tmj`, import.meta.url), "utf8")));
const random = seededRandom(1);

async function join(url: string): Promise<Room<unknown, WorldState>> {
  const client = new Client(url);
  client.auth.token = undefined as unknown as string;
  const room = await client.joinOrCreate<WorldState>("world", { map: MAP });
  room.reconnection.enabled = false;
  await new Promise<void>((resolve, reject) => {
    room.onStateChange(() => {
      if (room.state.players?.has(room.sessionId)) resolve();
    });
    room.onLeave((code, reason) => reject(new Error(`left with ${code} ${reason ?? ""}`)));
    setTimeout(() => reject(new Error(`no state within ${PATIENCE_MS} ms`)), PATIENCE_MS).unref();
  });
  return room;
}

function minds(room: Room<unknown, WorldState>, who: string): void {
  room.onLeave((code, reason) => faults.push(`${who} was disconnected with ${code} ${reason ?? ""}`.trim()));
  room.onError((code, message) => faults.push(`${who} got the error ${code} ${message ?? ""}`.trim()));
}

/** Walks at random, a move every tenth of a second, where there is room; its way is known in advance. */
async function walker(url: string): Promise<void> {
  const room = await join(url);
  minds(room, "the walker");
  const own = () => room.state.players.get(room.sessionId)!;
  /** Where it is after each move that is on its way, and when that was sent; first where it is for certain. */
  const way: { x: number; y: number; sentAt: number }[] = [{ x: own().x, y: own().y, sentAt: 0 }];
  room.onStateChange(() => {
    const { x, y } = own();
    const at = way.findIndex((place) => place.x === x && place.y === y);
    if (at < 0) faults.push(`the walker is at ${x}, ${y}, and not on its way ${JSON.stringify(way)}`);
    for (const { sentAt } of way.slice(1, at + 1)) times.moves.push(performance.now() - sentAt);
    if (at < 0) way.splice(0, way.length, { x, y, sentAt: 0 });
    else way.splice(0, at);
  });
  let word: DirectionWord = "left";
  setInterval(() => {
    if (way.length > ON_THE_WAY || !room.connection.isOpen) return;
    const { x, y } = way.at(-1)!;
    const body: Body = { x, y, facing: DOWN };
    if (random(10) === 0) word = WORDS[random(4)]!;
    for (let tries = 0; tries < 8; tries++) {
      step(body, DIRECTION_OF_WORD[word] as Direction, ground);
      // A move that goes nowhere, or back to a place that is on the way, could not be told from one that was lost.
      if ((body.x !== x || body.y !== y) && !way.some((place) => place.x === body.x && place.y === body.y)) {
        way.push({ x: body.x, y: body.y, sentAt: performance.now() });
        room.send("move", word);
        return;
      }
      Object.assign(body, { x, y });
      word = WORDS[random(4)]!;
    }
  }, MOVE_MS);
}

/** Stands still: nobody is to move it. */
async function stander(url: string): Promise<void> {
  const room = await join(url);
  minds(room, "the one who stands");
  const { x, y } = room.state.players.get(room.sessionId)!;
  let told = false;
  room.onStateChange(() => {
    const now = room.state.players.get(room.sessionId);
    if (told || (now?.x === x && now?.y === y)) return;
    told = true;
    faults.push(`the one who stands at ${x}, ${y} is at ${now?.x}, ${now?.y}`);
  });
}

async function health(url: string): Promise<void> {
  for (;;) {
    const since = performance.now();
    try {
      const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
      await answer.text();
      if (answer.status !== 200) faults.push(`/healthz answered ${answer.status}`);
    } catch (error) {
      faults.push(`/healthz did not answer: ${(error as Error).message}`);
    }
    times.health.push(performance.now() - since);
    await wait(HEALTH_MS);
  }
}

async function newcomers(url: string): Promise<void> {
  for (;;) {
    const since = performance.now();
    try {
      const room = await join(url);
      times.joins.push(performance.now() - since);
      await room.leave();
    } catch (error) {
      const { code, message } = error as { code?: number; message: string };
      if (code === ERRORS.busy.code) refused++;
      else faults.push(`somebody new could not join: ${code ?? ""} ${message}`);
    }
    await wait(JOIN_MS);
  }
}

serve({
  start: async ({ port }) => {
    const url = `http://127.0.0.1:${port}`;
    await Promise.all([walker(url), stander(url)]);
    void health(url);
    void newcomers(url);
  },
  report: () => {
    const of = (values: number[]) => ({
      count: values.length,
      p50: percentile(values, 0.5),
      p99: percentile(values, 0.99),
      max: Math.max(0, ...values),
    });
    const { moves, health, joins } = times;
    const watched: Watched = {
      moves: of(moves),
      health: of(health),
      joins: of(joins),
      refused,
      faults: faults.splice(0, 100),
    };
    refused = 0;
    for (const values of [moves, health, joins]) values.length = 0;
    return watched;
  },
} satisfies WatcherOrders);
