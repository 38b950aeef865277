// The honest players. They run in a child process, so that the work of the attackers does not delay their measurements.
// One player walks and checks its position in each frame, and one player stands still. The process also polls /healthz
// and makes new players join.
import { setTimeout as wait } from "node:timers/promises";
import { Client, type Room } from "@colyseus/sdk";
import { ERRORS } from "../../../schema/errors.ts";
import type { WorldState } from "../../../schema/world-state.ts";
import { DIRECTION_OF_WORD, type Direction, type DirectionWord, DOWN } from "../../../sim/directions.ts";
import { createMap } from "../../../sim/map.ts";
import { seededRandom } from "../../../sim/random.ts";
import { type Body, step } from "../../../sim/step.ts";
import { serve } from "../../harness/ipc.ts";
import { percentile } from "../../harness/probes/latency.ts";

/** The observations of the honest players. Times are in milliseconds. */
export interface WatcherReport {
  /** Latency from sending a move to the frame that shows it. */
  moves: { count: number; p50: number; p99: number; max: number };
  /** Response times of /healthz. */
  health: { count: number; p99: number; max: number };
  /** Joins of new players: the time from the request until the joined player is in the state. */
  joins: { count: number; p50: number; max: number };
  /** Joins that were refused because the server was busy. These are not errors. */
  refused: number;
  /** Errors that an honest player encountered. */
  faults: string[];
}

/** The requests that the parent process sends to the watcher. */
export interface WatcherRequests {
  start(argument: { port: number }): Promise<void>;
  /** Returns the observations since the last report, and resets them. */
  report(argument: null): WatcherReport;
}

const MOVE_MS = 100;
const HEALTH_MS = 50;
const JOIN_MS = 2000;

/** Timeout of requests, in milliseconds. */
const TIMEOUT_MS = 20_000;

/** The maximum number of moves in flight. It is below the server's queue limit, so no move is dropped. */
const MAX_IN_FLIGHT = 4;

const MAP = "plaza";
const WORDS: readonly DirectionWord[] = ["left", "right", "up", "down"];

const times = { moves: [] as number[], health: [] as number[], joins: [] as number[] };
const faults: string[] = [];
let refused = 0;
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
    room.onLeave((code, reason) =>
      reject(new Error(`closed before the first state: code ${code}, reason "${reason ?? ""}"`)),
    );
    setTimeout(() => reject(new Error(`no state received within ${TIMEOUT_MS} ms`)), TIMEOUT_MS).unref();
  });
  return room;
}

function recordErrors(room: Room<unknown, WorldState>, player: string): void {
  room.onLeave((code, reason) => faults.push(`${player} was disconnected with ${code} ${reason ?? ""}`.trim()));
  room.onError((code, message) => faults.push(`${player} got the error ${code} ${message ?? ""}`.trim()));
}

/**
 * Walks randomly, one move per MOVE_MS. Predicts the position after each move, and reports each position that was not
 * predicted.
 */
async function walker(url: string): Promise<void> {
  const map = createMap(await (await fetch(`${url}/maps/${MAP}.json`)).json());
  const room = await join(url);
  recordErrors(room, "the walking player");
  const own = () => room.state.players.get(room.sessionId)!;
  /**
   * The first entry is the confirmed position. Each later entry is the position after a move in flight, with the time
   * at which that move was sent.
   */
  const path: { x: number; y: number; sentAt: number }[] = [{ x: own().x, y: own().y, sentAt: 0 }];
  room.onStateChange(() => {
    const { x, y } = own();
    const at = path.findIndex((position) => position.x === x && position.y === y);
    if (at < 0) faults.push(`the walking player is at ${x}, ${y}, which is not on its path ${JSON.stringify(path)}`);
    for (const { sentAt } of path.slice(1, at + 1)) times.moves.push(performance.now() - sentAt);
    if (at < 0) path.splice(0, path.length, { x, y, sentAt: 0 });
    else path.splice(0, at);
  });
  let word: DirectionWord = "left";
  setInterval(() => {
    if (path.length > MAX_IN_FLIGHT || !room.connection.isOpen) return;
    const { x, y } = path.at(-1)!;
    const body: Body = { x, y, facing: DOWN };
    if (random(10) === 0) word = WORDS[random(4)]!;
    for (let tries = 0; tries < 8; tries++) {
      step(body, DIRECTION_OF_WORD[word] as Direction, map);
      // Sends only moves to positions that are not on the path. If two moves led to the same position, a frame would
      // not tell which of them was applied.
      if ((body.x !== x || body.y !== y) && !path.some((position) => position.x === body.x && position.y === body.y)) {
        path.push({ x: body.x, y: body.y, sentAt: performance.now() });
        room.send("move", word);
        return;
      }
      Object.assign(body, { x, y });
      word = WORDS[random(4)]!;
    }
  }, MOVE_MS);
}

/** The player that stands still. Reports an error if the player's position changes. */
async function stander(url: string): Promise<void> {
  const room = await join(url);
  recordErrors(room, "the standing player");
  const { x, y } = room.state.players.get(room.sessionId)!;
  let isReported = false;
  room.onStateChange(() => {
    const now = room.state.players.get(room.sessionId);
    if (isReported || (now?.x === x && now?.y === y)) return;
    isReported = true;
    faults.push(`the standing player was moved from ${x}, ${y} to ${now?.x}, ${now?.y}`);
  });
}

async function health(url: string): Promise<void> {
  for (;;) {
    const startedAt = performance.now();
    try {
      const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      await answer.text();
      if (answer.status !== 200) faults.push(`/healthz returned ${answer.status}`);
    } catch (error) {
      faults.push(`/healthz did not respond: ${(error as Error).message}`);
    }
    times.health.push(performance.now() - startedAt);
    await wait(HEALTH_MS);
  }
}

async function newcomers(url: string): Promise<void> {
  for (;;) {
    const startedAt = performance.now();
    try {
      const room = await join(url);
      times.joins.push(performance.now() - startedAt);
      await room.leave();
    } catch (error) {
      const { code, message } = error as { code?: number; message: string };
      if (code === ERRORS.busy.code) refused++;
      else faults.push(`a new player could not join: ${code ?? ""} ${message}`);
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
    const summaryOf = (values: number[]) => ({
      count: values.length,
      p50: percentile(values, 0.5),
      p99: percentile(values, 0.99),
      max: Math.max(0, ...values),
    });
    const { moves, health, joins } = times;
    const watched: WatcherReport = {
      moves: summaryOf(moves),
      health: summaryOf(health),
      joins: summaryOf(joins),
      refused,
      faults: faults.splice(0, 100),
    };
    refused = 0;
    for (const values of [moves, health, joins]) values.length = 0;
    return watched;
  },
} satisfies WatcherRequests);
