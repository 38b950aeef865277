// Tests that a stopping server with many players refuses joins at once, closes all clients, saves all players, and ends
// in time.
import { Client, MatchMakeError, type Room } from "@colyseus/sdk";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { cut } from "../support/connection.ts";
import { PlainPlayer, plainError } from "../support/plain.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { describeWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";

/** Milliseconds before `docker stop` kills a container. */
const GRACE_MS = 10_000;

/** Number of clients in a tenth of the crowd. */
const PART = 20;

type ClientRoom = Room<unknown, WorldState>;

/** Joins the meadow with the SDK, signed in with the token or as a guest. */
async function joinBySdk(url: string, token?: string) {
  const client = new Client(url);
  // All SDK clients of a process share a token store, so each client sets or removes the token.
  client.auth.token = token as string;
  const room: ClientRoom = await client.joinOrCreate<WorldState>("world", { map: "meadow" });
  room.reconnection.minUptime = 0;
  const end: { code?: number } = {};
  room.onLeave((code) => Object.assign(end, { code }));
  await until(() => room.state.players?.has(room.sessionId));
  const self = () => {
    const { x, y, facing, name } = room.state.players.get(room.sessionId)!;
    return { x, y, facing, name };
  };
  return { room, end, self };
}

async function newToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/auth/anonymous`, { method: "POST" });
  return ((await answer.json()) as { token: string }).token;
}

/** Reserves a seat that no client claims. @returns the status of the response. */
async function reserveSeat(url: string): Promise<number> {
  const answer = await fetch(`${url}/matchmake/joinOrCreate/world`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ map: "meadow" }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function readyz(url: string): Promise<string> {
  const answer = await fetch(`${url}/readyz`, { headers: { connection: "close" } });
  return `${answer.status} ${await answer.text()}`;
}

const times = <T>(count: number, make: (index: number) => T) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));

test("a stopping server saves positions of signed-in players, and closes connections with 4001 after DRAIN_SECONDS", async () => {
  const DATA_DIR = dataFolder();
  const server = startProcess({ DATA_DIR, LOG_LEVEL: "error", DRAIN_SECONDS: "1" });
  const port = await server.listening();
  const url = `http://127.0.0.1:${port}`;
  const guests = await times(4 * PART, () => joinBySdk(url));
  const tokens = await times(3 * PART, () => newToken(url));
  const known = await times(3 * PART, (i) => joinBySdk(url, tokens[i]));
  const plain = await times(3 * PART, () => PlainPlayer.join(url, "?map=meadow"));
  const WORDS = ["left", "right", "up", "down"];
  const walk = () => {
    for (const [i, { room }] of [...known, ...guests].entries()) {
      if (room.connection.isOpen) room.send("move", WORDS[i % 4]);
    }
    for (const [i, { socket }] of plain.entries()) socket.send(WORDS[i % 4]!);
  };
  for (let steps = 0; steps < 8; steps++) walk();
  await until(() => known.every(({ self }, i) => self().facing === 1 + (i % 4)));
  // Waits until all players stand still, so that the server saves exactly the positions that are read here.
  let positions = "";
  await until(async () => {
    const before = positions;
    await new Promise((resolve) => setTimeout(resolve, 300));
    positions = JSON.stringify(known.map(({ self }) => self()));
    return positions === before;
  });
  const stood = known.map(({ self }) => self());

  // Some connections are lost, so the server holds their seats for a reconnection. Other seats are reserved, but no
  // client claims them.
  const dropped = [...known.slice(0, PART), ...guests.slice(0, PART)];
  for (const { room } of dropped) {
    room.reconnection.enabled = false;
    cut(room);
  }
  await until(() => dropped.every(({ end }) => end.code !== undefined));
  expect(new Set(await times(10, () => reserveSeat(url)))).toEqual(new Set([200]));

  const startedAt = performance.now();
  server.signal("SIGTERM");
  expect(await server.ended()).toBe(0);
  const took = performance.now() - startedAt;
  expect(took).toBeGreaterThan(1000);
  expect(took).toBeLessThan(1000 + GRACE_MS);
  if (process.env.REPORT) process.stderr.write(`${10 * PART} players: stopped in ${Math.round(took)} ms\n`);
  const connected = [...known.slice(PART), ...guests.slice(PART)];
  await until(() => connected.every(({ end }) => end.code !== undefined) && plain.every(({ closed }) => closed));
  expect(new Set(connected.map(({ end }) => end.code))).toEqual(new Set([ERRORS.serverShutdown.code]));
  expect(new Set(plain.map(({ closed }) => closed!.code))).toEqual(new Set([ERRORS.serverShutdown.code]));
  expect(server.stderr()).toBe("");

  const next = startProcess({ DATA_DIR, LOG_LEVEL: "error", PORT: String(port) });
  await next.listening();
  const back = await times(3 * PART, (i) => joinBySdk(url, tokens[i]));
  expect(back.map(({ self }) => self())).toEqual(stood);
  await Promise.all(back.map(({ room }) => room.leave()));
}, 120_000);

test("during DRAIN_SECONDS the game goes on and new joins are refused, until a second signal stops the server", async () => {
  const server = startProcess({ LOG_LEVEL: "info", DRAIN_SECONDS: "60" });
  const url = `http://127.0.0.1:${await server.listening()}`;
  const token = await newToken(url);
  const player = await joinBySdk(url, token);
  expect(await readyz(url)).toBe("200 ready\n");
  server.signal("SIGTERM");
  await until(() => /stopping in 60 s/.test(server.stdout()));
  server.signal("SIGINT");
  await until(async () => (await readyz(url)) === "503 draining: no new players\n");

  const { code } = ERRORS.stopping;
  for (const each of [undefined, token]) {
    const refused = await joinBySdk(url, each).catch((error) => error);
    expect(refused).toBeInstanceOf(MatchMakeError);
    expect(refused).toMatchObject({ code, message: taggedMessage("stopping") });
  }
  const plain = new PlainPlayer(`${url.replace("http", "ws")}/websocket`);
  await until(() => plain.closed);
  expect(plain.errors).toEqual([plainError("stopping")]);
  expect(plain.closed!.code).toBe(ERRORS.joinRefused.code);

  player.room.send("move", "left");
  await until(() => player.self().facing === 1);
  let back = false;
  player.room.onReconnect(() => {
    back = true;
  });
  cut(player.room);
  await until(() => back);
  // Two signals within half a second count as one, because npm sends each signal twice.
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await readyz(url)).toMatch(/^503/);
  server.signal("SIGINT");
  expect(await server.ended()).toBe(0);
  await until(() => player.end.code !== undefined);
  expect(player.end.code).toBe(ERRORS.serverShutdown.code);
});

describeWith("postgres", "an upgrade, as described in docs/operating.md:", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());

  test("players of the old server rejoin at their last positions on a new server that uses the same database", async () => {
    const environment = {
      LOG_LEVEL: "error",
      DATABASE_URL: await postgres.database(),
      JWT_SECRET: "a secret of our own, for the tests alone",
    };
    const old = startProcess(environment);
    const oldUrl = `http://127.0.0.1:${await old.listening()}`;
    const token = await newToken(oldUrl);
    const player = await joinBySdk(oldUrl, token);
    for (let steps = 0; steps < 3; steps++) player.room.send("move", "left");
    await until(() => player.self().facing === 1);
    const next = startProcess(environment);
    const nextUrl = `http://127.0.0.1:${await next.listening()}`;
    expect(await readyz(nextUrl)).toBe("200 ready\n");
    old.signal("SIGTERM");
    await until(() => player.end.code === ERRORS.serverShutdown.code);
    expect(await old.ended()).toBe(0);
    const again = await joinBySdk(nextUrl, token);
    expect(again.self()).toEqual(player.self());
    await again.room.leave();
  });
});
