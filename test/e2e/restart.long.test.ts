// Tests that all players return to their positions after a restart of a real server, with each store and after each
// kind of stop.
import { readFileSync } from "node:fs";
import type { Room } from "@colyseus/sdk";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { SabangClient } from "../../client/client.ts";
import { play } from "../../client/play.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { describeWith } from "../support/requiring.ts";
import { Returning } from "../support/returning.ts";
import { until } from "../support/until.ts";

/** Repetitions of each kind of restart. RESTART_ROUNDS=20 runs the full test. */
const ROUNDS = Number(process.env.RESTART_ROUNDS || 1);
const PLAYERS = 60;

/** Milliseconds for which PostgreSQL is stopped. */
const OUTAGE_MS = 5000;

/** Units that a player walks in one second. A crash may lose the movement of one second. */
const MAX_LOSS = 160;

const MONITOR = { MONITOR_USER: "admin", MONITOR_PASSWORD: "open sesame, please" };

const players: Returning[] = [];
const ends: AbortController[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) end.abort();
  await Promise.all(players.splice(0).map((player) => player.end()));
});

/** Starts a server on a port; 0 selects a free one. */
async function start(environment: Record<string, string>, port = 0): Promise<{ server: ServerProcess; port: number }> {
  const server = startProcess({ ...MONITOR, LOG_LEVEL: "fatal", ...environment, PORT: String(port) });
  return { server, port: await server.listening() };
}

/** Joins the meadow with all players. */
async function crowd(port: number): Promise<void> {
  const names = Array.from({ length: PLAYERS }, (_, i) => `walker ${i}`);
  await Promise.all(
    names.map(async (name) => {
      players.push(await Returning.join(`http://127.0.0.1:${port}`, { name, map: "meadow" }));
    }),
  );
}

/** Lets all players walk for some milliseconds. */
async function walked(milliseconds: number): Promise<void> {
  for (const player of players) player.walk();
  const startedAt = performance.now();
  await until(() => performance.now() - startedAt > milliseconds, milliseconds + 5000);
}

/** Returns the names of the players' bodies on the server, as the monitor shows them. */
async function bodiesOn(port: number): Promise<string[]> {
  const authorization = `Basic ${Buffer.from(`admin:${MONITOR.MONITOR_PASSWORD}`).toString("base64")}`;
  const get = async (path: string) =>
    (
      await fetch(`http://127.0.0.1:${port}/monitor/api${path}`, {
        headers: { authorization, "sec-fetch-site": "none" },
      })
    ).json();
  const { rooms } = (await get("")) as { rooms: { roomId: string }[] };
  const states = (await Promise.all(rooms.map(({ roomId }) => get(`/room?roomId=${roomId}`)))) as {
    state: { players: Record<string, { name: string }> };
  }[];
  const names = states.flatMap(({ state }) => Object.values(state.players).map(({ name }) => name));
  return names.filter((name) => name.startsWith("walker "));
}

/** Waits until all players have a new session. */
async function allBack(sessions: (string | undefined)[]): Promise<void> {
  await until(() => players.every(({ room }, i) => room?.connection.isOpen && room.sessionId !== sessions[i]), 30_000);
}

/** Requests a seat. @returns the status of the response. */
async function joinStatus(port: number, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/world`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close", ...headers },
    body: JSON.stringify({ map: "meadow" }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

const sessionsOf = () => players.map(({ room }) => room?.sessionId);

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** A server with players, which a test can restart. */
class World {
  readonly #environment: Record<string, string>;
  #server!: ServerProcess;
  port = 0;

  private constructor(environment: Record<string, string>) {
    this.#environment = environment;
  }

  static async start(environment: Record<string, string>): Promise<World> {
    const world = new World(environment);
    await world.#start();
    await crowd(world.port);
    expect(new Set(players.map(({ id }) => id)).size).toBe(PLAYERS);
    return world;
  }

  /**
   * Kills the server and starts it again. For each player, measures the distance from its last seen position before the
   * kill to its position after the restart. @returns the largest distance, in units.
   */
  async restartByKill(): Promise<number> {
    const ids = players.map(({ id }) => id);
    const sessions = sessionsOf();
    this.#server.signal("SIGKILL");
    await this.#server.ended();
    for (const player of players) player.stand();
    const seen = players.map(({ figure }) => figure!);
    await this.#start();
    await this.#allBack(sessions, ids);
    const distances = players.map(({ figure }, i) => distance(figure!, seen[i]!));
    expect(distances.filter((units) => units > MAX_LOSS)).toEqual([]);
    return Math.max(...distances);
  }

  /** Stops the server and starts it again. All players must return to exactly their last positions. */
  async restartByStop(): Promise<void> {
    const ids = players.map(({ id }) => id);
    const sessions = sessionsOf();
    this.#server.signal("SIGTERM");
    expect(await this.#server.ended()).toBe(0);
    await until(() => players.every(({ room }) => !room!.connection.isOpen));
    for (const player of players) player.stand();
    expect(players.map(({ left }) => left)).toEqual(players.map(() => 4001));
    const seen = players.map(({ figure }) => figure);
    await this.#start();
    await this.#allBack(sessions, ids);
    expect(players.map(({ figure }) => figure)).toEqual(seen);
  }

  async #start(): Promise<void> {
    ({ server: this.#server, port: this.port } = await start(this.#environment, this.port));
  }

  /** Waits until all players are back, and checks that each has one body. */
  async #allBack(sessions: (string | undefined)[], ids: string[]): Promise<void> {
    await allBack(sessions);
    expect(players.map(({ id }) => id)).toEqual(ids);
    expect((await bodiesOn(this.port)).sort()).toEqual(players.map((_, i) => `walker ${i}`).sort());
  }
}

async function kills(world: World): Promise<void> {
  let farthest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await walked(1500 + Math.random() * 500);
    farthest = Math.max(farthest, await world.restartByKill());
  }
  report(`after kill -9 the largest distance from a player's last seen position was ${Math.round(farthest)} units`);
}

async function stops(world: World): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await walked(1000 + Math.random() * 500);
    await world.restartByStop();
  }
}

const TIMEOUT_MS = 160_000 + ROUNDS * 40_000;

test(
  "with SQLite, players return to their exact positions after SIGTERM, and to nearby positions after kill -9",
  async () => {
    const world = await World.start({ DATA_DIR: dataFolder() });
    await kills(world);
    const reader = await readerOf(codeOf("docs/protocol.md"), world.port);
    await stops(world);
    await reader.isBack();
  },
  TIMEOUT_MS,
);

/** Returns the sample code of a documentation page: the code that calls `play`, without its import and its comments. */
function codeOf(page: string): string {
  const readme = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  const [, code] = /```js\nimport { play } .*\n([\s\S]*?)```/.exec(readme)!;
  return code!.replaceAll(/(^|\s)\/\/.*$/gm, "");
}

/** Creates a client without a token. All SDK clients of a process share a token store. */
function clientWithoutToken(port: number): SabangClient {
  const client = new SabangClient(`http://127.0.0.1:${port}`);
  client.auth.token = undefined as unknown as string;
  return client;
}

/** Joins with the sample code, as a reader of the page would, and walks a few steps. */
async function readerOf(code: string, port: number) {
  const own = code.replaceAll("localhost:2567", `127.0.0.1:${port}`);
  const client = clientWithoutToken(port);
  const rooms: Room<unknown, WorldState>[] = [];
  // The sample code retries for ever. Without the signal of `end`, it would keep this process alive after a failed
  // test.
  const end = new AbortController();
  ends.push(end);
  const ownPlay = (_url: string, options: object, onJoin: (room: Room<unknown, WorldState>) => void) =>
    play<WorldState>(
      client,
      options,
      (room) => {
        rooms.push(room);
        onJoin(room);
      },
      { signal: end.signal },
    );
  const run = new Function("play", "console", `return (async () => {${own}})()`);
  const ended: Promise<void> = run(ownPlay, { log: () => {} });
  const room = () => rooms.at(-1)!;
  const self = () => rooms.at(-1)?.state.players?.get(room().sessionId)?.toJSON();
  await until(self);
  const { token } = client.auth;
  const first = room();
  for (let i = 0; i < 5; i++) first.send("move", "left");
  await until(() => self()!.facing === 1);
  const stood = new Promise((resolve) => first.onLeave(() => resolve(self())));
  return {
    /** Waits until the player has rejoined by itself, then leaves. */
    async isBack(): Promise<void> {
      // The SDK tries to reconnect for more than a minute if it mistakes the stop for a lost connection.
      await until(() => room() !== first && room().connection.isOpen && self(), 100_000);
      expect(self()).toEqual(await stood);
      expect(client.auth.token).toBe(token);
      await room().leave();
      await ended;
    },
  };
}

describeWith("postgres", "with PostgreSQL", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());
  // The data folder keeps the secret that signs the players' tokens.
  const makeEnvironment = async () => ({ DATA_DIR: dataFolder(), DATABASE_URL: await postgres.database() });

  test(
    "the game goes on while the database is down, and players return after SIGTERM or kill -9",
    async () => {
      const world = await World.start(await makeEnvironment());
      await withoutPostgres(world, postgres);
      await stops(world);
      await kills(world);
    },
    TIMEOUT_MS + 60_000,
  );
});

async function withoutPostgres({ port }: World, postgres: Postgres): Promise<void> {
  const readyz = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: "close" } });
    return `${answer.status} ${await answer.text()}`;
  };
  expect(await readyz()).toBe("200 ready\n");
  await walked(1000);
  for (const player of players) player.ticks.clear();
  await postgres.stop();
  const stoppedAt = performance.now();
  await until(async () => (await readyz()).startsWith("503 the store is unavailable"));
  await until(() => performance.now() - stoppedAt > OUTAGE_MS);
  // Guests may join. A player with a token is refused, because the server cannot read the player's record.
  const client = clientWithoutToken(port);
  const { token } = await client.auth.signInAnonymously();
  expect(await joinStatus(port, {})).toBe(200);
  expect(await joinStatus(port, { authorization: `Bearer ${token}` })).toBe(503);
  await postgres.start();
  await until(async () => (await readyz()) === "200 ready\n");
  const ticks = [...new Set(players.flatMap((player) => [...player.ticks]))].sort((a, b) => a - b);
  const longestGap = ticks.reduce((longest, tick, i) => (i === 0 ? 0 : Math.max(longest, tick - ticks[i - 1]!)), 0);
  report(`${ticks.length} ticks while PostgreSQL was down; the longest gap between two was ${longestGap} ms`);
  // The target is 20 ticks per second. The limit is lower, because the machine may be busy.
  expect(ticks.length).toBeGreaterThan((OUTAGE_MS / 1000) * 10);
  // The target is 50 ms between two ticks. The limit is higher, because the machine may be busy. A tick that waited for
  // the database would last as long as the outage.
  expect(longestGap).toBeLessThan(2000);
}

/** Prints a measurement if RESTART_ROUNDS is set. */
function report(figure: string): void {
  if (process.env.RESTART_ROUNDS) process.stderr.write(`${expect.getState().currentTestName}: ${figure}\n`);
}
