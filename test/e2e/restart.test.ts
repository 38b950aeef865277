// Restarts of a real server with real clients: all players are back in place, whichever store it is, however it ended.
import { readFileSync } from "node:fs";
import { Client, type Room } from "@colyseus/sdk";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import type { WorldState } from "../../schema/world-state.ts";
import { isLong, onlyLong, shortOrLong } from "../support/long.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { describeWith } from "../support/requiring.ts";
import { Returning } from "../support/returning.ts";
import { until } from "../support/until.ts";

/** How often each kind of restart is repeated: RESTART_ROUNDS=20 is what was promised. */
const ROUNDS = Number(process.env.RESTART_ROUNDS || shortOrLong(1, 2));
const PLAYERS = shortOrLong(30, 100);

/** Milliseconds without PostgreSQL. */
const AWAY_MS = shortOrLong(3000, 10_000);

/** Units that a player walks in the second that may be lost. */
const A_SECOND = 160;

const MONITOR = { MONITOR_USER: "admin", MONITOR_PASSWORD: "open sesame, please" };

const players: Returning[] = [];
afterEach(async () => {
  await Promise.all(players.splice(0).map((player) => player.end()));
});

/** Starts a server; a later one on the same port has the same data. */
async function start(environment: Record<string, string>, port = 0): Promise<{ server: ServerProcess; port: number }> {
  const server = startProcess({ ...MONITOR, LOG_LEVEL: "fatal", ...environment, PORT: String(port) });
  return { server, port: await server.listening() };
}

/** Has the players join on the meadow. */
async function crowd(port: number): Promise<void> {
  const names = Array.from({ length: PLAYERS }, (_, i) => `walker ${i}`);
  await Promise.all(
    names.map(async (name) => {
      players.push(await Returning.join(`http://127.0.0.1:${port}`, { name, map: "meadow" }));
    }),
  );
}

/** Lets all players walk for a while. */
async function walked(milliseconds: number): Promise<void> {
  for (const player of players) player.walk();
  const since = performance.now();
  await until(() => performance.now() - since > milliseconds, milliseconds + 5000);
}

/** The names of the crowd's bodies on the server, by the monitor. */
async function bodiesOn(port: number): Promise<string[]> {
  const authorization = `Basic ${Buffer.from(`admin:${MONITOR.MONITOR_PASSWORD}`).toString("base64")}`;
  const ask = async (path: string) =>
    (
      await fetch(`http://127.0.0.1:${port}/monitor/api${path}`, {
        headers: { authorization, "sec-fetch-site": "none" },
      })
    ).json();
  const { rooms } = (await ask("")) as { rooms: { roomId: string }[] };
  const states = (await Promise.all(rooms.map(({ roomId }) => ask(`/room?roomId=${roomId}`)))) as {
    state: { players: Record<string, { name: string }> };
  }[];
  const names = states.flatMap(({ state }) => Object.values(state.players).map(({ name }) => name));
  return names.filter((name) => name.startsWith("walker "));
}

/** Waits until all players are in another room than before. */
async function allBack(sessions: (string | undefined)[]): Promise<void> {
  await until(() => players.every(({ room }, i) => room?.connection.isOpen && room.sessionId !== sessions[i]), 30_000);
}

/** The status with which a seat is given or refused. */
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

/** A server with a crowd on it, which ends and starts again. */
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

  /** Kills the server and starts it again. @returns how far from where it was last seen the farthest player is back. */
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
    expect(distances.filter((units) => units > A_SECOND)).toEqual([]);
    return Math.max(...distances);
  }

  /** Stops the server and starts it again: all players must be back exactly where they were. */
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

  /** Waits until all players are back, and looks whether each is there once. */
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
  report(`after kill -9 no player was farther than ${Math.round(farthest)} units from where it was last seen`);
}

async function stops(world: World): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await walked(1000 + Math.random() * 500);
    await world.restartByStop();
  }
}

/** The code of both pages, once if it is the same. */
const CODES = [...new Set(["docs/protocol.md", "README.ko.md"].map(codeOf))];

const RESTARTS =
  "kill -9 and SIGTERM while a crowd walks: all are back, none twice; after kill -9 none farther than a second's walk, " +
  "after SIGTERM all exactly where they were";
const TIMEOUT_MS = 60_000 + ROUNDS * 40_000;

test(
  `on SQLite, ${RESTARTS}; the code that the documents show comes back as the same player, too`,
  async () => {
    const world = await World.start({ DATA_DIR: dataFolder() });
    await kills(world);
    const readers = await Promise.all(CODES.map((code) => readerOf(code, world.port)));
    await stops(world);
    for (const reader of readers) await reader.isBack();
  },
  TIMEOUT_MS,
);

/** The code of a page that signs in and joins, without comments. */
function codeOf(page: string): string {
  const readme = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  const [, code] = /```js\n((?:(?!```)[\s\S])*signInAnonymously[\s\S]*?)```/.exec(readme)!;
  return code!.replaceAll(/(^|\s)\/\/.*$/gm, "");
}

/** A client without a token: all SDK clients of one process share a token store. */
class Stranger extends Client {
  constructor(url: string) {
    super(url);
    this.auth.token = undefined as unknown as string;
  }
}

/** A player by the code of a page, which has taken a step. */
async function readerOf(code: string, port: number) {
  const own = code.replace(/^import .*$/m, "").replaceAll("localhost:2567", `127.0.0.1:${port}`);
  const program = `return (async () => {${own}; return { client, room: () => room }; })()`;
  // The page's code tries again for ever. After a test that failed that must not keep this process alive.
  const waiting = (act: () => void, milliseconds: number) => setTimeout(act, milliseconds).unref();
  const run = new Function("Client", "setTimeout", program);
  const { client, room } = (await run(Stranger, waiting)) as { client: Client; room: () => Room<unknown, WorldState> };
  const self = () => room().state.players?.get(room().sessionId)?.toJSON();
  const { token } = client.auth;
  await until(self);
  for (let i = 0; i < 5; i++) room().send("move", "left");
  await until(() => self()!.facing === 1);
  const first = room();
  const stood = new Promise((resolve) => first.onLeave(() => resolve(self())));
  return {
    /** Waits until it is back by itself, and leaves. */
    async isBack(): Promise<void> {
      await until(() => room() !== first && self(), 30_000);
      expect(self()).toEqual(await stood);
      expect(client.auth.token).toBe(token);
      await room().leave();
    },
  };
}

onlyLong(() => {
  describeWith("postgres", "on PostgreSQL", () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres.remove());
    // The secret of the tokens is in the folder.
    const makeEnvironment = async () => ({ DATA_DIR: dataFolder(), DATABASE_URL: await postgres.database() });

    test(
      `without PostgreSQL for a while no tick is late, and /readyz says 503, then 200 again; ${shortOrLong("SIGTERM", "SIGTERM and kill -9")} as on SQLite`,
      async () => {
        const world = await World.start(await makeEnvironment());
        await withoutPostgres(world, postgres);
        await stops(world);
        // The short run proves this with SQLite, and for PostgreSQL in test/src/store/store.test.ts.
        if (isLong) await kills(world);
      },
      TIMEOUT_MS + 60_000,
    );
  });
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
  const since = performance.now();
  await until(async () => (await readyz()).startsWith("503 the store is away"));
  await until(() => performance.now() - since > AWAY_MS);
  // A player with a token who is not in yet is told to wait; guests walk in.
  const stranger = new Stranger(`http://127.0.0.1:${port}`);
  const { token } = await stranger.auth.signInAnonymously();
  expect(await joinStatus(port, {})).toBe(200);
  expect(await joinStatus(port, { authorization: `Bearer ${token}` })).toBe(503);
  await postgres.start();
  await until(async () => (await readyz()) === "200 ready\n");
  const ticks = [...new Set(players.flatMap((player) => [...player.ticks]))].sort((a, b) => a - b);
  const gap = ticks.reduce((longest, tick, i) => (i === 0 ? 0 : Math.max(longest, tick - ticks[i - 1]!)), 0);
  report(`${ticks.length} ticks while PostgreSQL was away; the longest time from one to the next was ${gap} ms`);
  // 20 a second are meant.
  expect(ticks.length).toBeGreaterThan((AWAY_MS / 1000) * 10);
  // 50 ms are meant. A tick that waited for the database would wait until it is back; the rest is for a machine that does
  // more than this.
  expect(gap).toBeLessThan(2000);
}

/** Prints what was measured, if many rounds were asked for. */
function report(figure: string): void {
  if (process.env.RESTART_ROUNDS) process.stderr.write(`${expect.getState().currentTestName}: ${figure}\n`);
}
