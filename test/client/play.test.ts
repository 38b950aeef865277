// Tests `play`, which keeps a player in a room: how it signs in, how it handles refusals and lost rooms, and how it
// ends.
import type { IncomingMessage } from "node:http";
import { JWT } from "@colyseus/auth";
import type { Room } from "@colyseus/sdk";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { SabangClient } from "../../client/client.ts";
import { type PlayOptions, play } from "../../client/play.ts";
import { ERRORS, type ErrorName } from "../../schema/errors.ts";
import type { WorldState } from "../../schema/world-state.ts";
import { Tokens } from "../../src/auth/tokens.ts";
import { laggyNetwork } from "../support/lag.ts";
import { drawnMap, withObjects } from "../support/maps.ts";
import { startProcess } from "../support/process.ts";
import { SECRETS, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

/**
 * Two maps with a portal each. The plaza's portal is to the right of the plaza's spawn, and leads to the meadow's
 * portal.
 */
const ROWS = [".....", ".s...", "....."];
const PORTAL = { name: "gate", x: 112, y: 48 };
const maps = new Map(
  [
    ["plaza", "meadow"],
    ["meadow", "plaza"],
  ].map(([name, portal]) => [
    name!,
    withObjects(drawnMap(name!, ROWS), { ...PORTAL, properties: { portal: portal!, arrival: "gate" } }),
  ]),
);
const server = startServer({ maps });

/** A program that calls `play`, and records its rooms and its errors. */
class Player {
  readonly client: SabangClient;
  readonly rooms: Room<unknown, WorldState>[] = [];
  readonly troubles: string[] = [];
  readonly ended: Promise<number>;
  readonly #stop = new AbortController();

  constructor(url: string, token?: string, options: PlayOptions & { map?: string } = {}) {
    this.client = new SabangClient(url);
    this.client.auth.token = token as string;
    const { map, ...rest } = options;
    this.ended = play<WorldState>(this.client, { name: "Ada", map }, (room) => this.rooms.push(room), {
      signal: this.#stop.signal,
      onTrouble: (error) => this.troubles.push(error.message),
      ...rest,
    });
    // Without this handler, a rejection would count as unhandled before the test awaits the promise.
    this.ended.catch(() => {});
  }

  stop(): Promise<number> {
    this.#stop.abort();
    return this.ended;
  }

  /** Waits until join number `count` has succeeded and the player is in the state of its room. Returns this room. */
  async joined(count = 1): Promise<Room<unknown, WorldState>> {
    return until(() => {
      const room = this.rooms[count - 1];
      return room?.state.players?.has(room.sessionId) && room;
    });
  }

  /** Returns the player's id in the last room, as the server knows it. */
  async id(): Promise<string | undefined> {
    const { sessionId } = this.rooms.at(-1)!;
    const room = await server.roomOf(sessionId);
    return (room.clients.get(sessionId)!.auth as { id?: string } | undefined)?.id;
  }

  /** Lets the server close the player's connection to the last room. */
  async closeWith(code: number): Promise<void> {
    const { sessionId } = this.rooms.at(-1)!;
    const room = await server.roomOf(sessionId);
    room.clients.get(sessionId)!.leave(code);
  }
}

/** Returns the joins and sign-ins that the server receives from now on. The array grows. */
function requestsOf(): string[] {
  const paths: string[] = [];
  server.app.httpServer.prependListener("request", ({ method, url }: IncomingMessage) => {
    if (method === "POST") paths.push(url!.split("/")[1] === "auth" ? "sign-in" : "join");
  });
  return paths;
}

const idOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()).id;

test("a signed-in player rejoins as the same player in the same place after the server has closed the room", async () => {
  const player = new Player(server.url);
  const first = await player.joined();
  const id = await player.id();
  expect(id).toBe(idOf(player.client.auth.token!));
  const before = first.state.players.get(first.sessionId)!.x;
  first.send("move", "left");
  await until(() => first.state.players.get(first.sessionId)!.x < before);
  const { x, y } = first.state.players.get(first.sessionId)!;
  await player.closeWith(ERRORS.serverShutdown.code);
  const second = await player.joined(2);
  expect(await player.id()).toBe(id);
  expect(second.state.players.get(second.sessionId)).toMatchObject({ x, y, name: "Ada" });
  expect(player.troubles).toEqual(["The server closed the connection with 4001."]);
  expect(await player.stop()).toBe(4000);
});

test("a returning player joins with its token, and the token is renewed", async () => {
  const id = crypto.randomUUID();
  const token = await server.tokens.sign(id);
  const requests = requestsOf();
  const player = new Player(server.url, token);
  await player.joined();
  await until(() => requests.length === 2);
  expect(requests).toEqual(["join", "sign-in"]);
  expect([await player.id(), idOf(player.client.auth.token!)]).toEqual([id, id]);
  await player.stop();
});

test("a guest does not sign in", async () => {
  const requests = requestsOf();
  const player = new Player(server.url, undefined, { guest: true });
  await player.joined();
  expect([await player.id(), requests]).toEqual([undefined, ["join"]]);
  await player.stop();
});

describe("refused tokens:", () => {
  const REFUSED: [ErrorName, () => Promise<string>][] = [
    ["tokenInvalid", () => new Tokens("another secret, which is long enough").sign(crypto.randomUUID())],
    [
      "tokenExpired",
      () => {
        JWT.settings.secret = SECRETS.current;
        return JWT.sign({ id: crypto.randomUUID() }, { algorithm: "HS256", expiresIn: -10 });
      },
    ],
    ["tokenForeign", () => server.tokens.sign("no player's id")],
  ];

  test.each(REFUSED)(
    "`play` signs in as a new player if a token is refused twice with the error %s",
    async (name, sign) => {
      const token = await sign();
      const requests = requestsOf();
      const player = new Player(server.url, token);
      await player.joined();
      expect(requests).toEqual(["join", "join", "sign-in", "join"]);
      expect(player.troubles).toEqual(Array(2).fill(expect.stringMatching(new RegExp(`\\[${name}\\]$`))));
      expect(await player.id()).not.toBe(idOf(token));
      await player.stop();
    },
  );

  test("`play` keeps the token and the player if a server with another secret refuses the token only once", async () => {
    const other = startProcess();
    const network = await laggyNetwork(await other.listening(), 1);
    const id = crypto.randomUUID();
    const player = new Player(network.url, await server.tokens.sign(id), {
      onTrouble: () => {
        network.lead(server.port);
        network.cut();
      },
    });
    await player.joined();
    expect(await player.id()).toBe(id);
    await player.stop();
    network.close();
  });
});

test.each(["takenOver", "flooding", "slowConsumer", "idle", "kicked"] as const)(
  "`play` does not join again if the server closes the room with the error %s",
  async (name) => {
    const player = new Player(server.url);
    await player.joined();
    await player.closeWith(ERRORS[name].code);
    expect(await player.ended).toBe(ERRORS[name].code);
  },
);

test("a player follows a portal to another map, and rejoins that map after the server has closed the room", async () => {
  const player = new Player(server.url, undefined, { guest: true });
  const room = await player.joined();
  const walking = setInterval(() => room.send("move", "right"), 50);
  const next = await player.joined(2);
  clearInterval(walking);
  expect(next.state.map).toBe("meadow");
  expect(next.state.players.get(next.sessionId)).toMatchObject({ name: "Ada", x: PORTAL.x, y: PORTAL.y });
  await player.closeWith(ERRORS.serverShutdown.code);
  const again = await player.joined(3);
  expect(again.state.map).toBe("meadow");
  expect(again.state.players.get(again.sessionId)).toMatchObject({ x: 48, y: 48 });
  await player.stop();
});

test("a player joins the map behind a portal even if the arrival token of the portal has expired", async () => {
  const player = new Player(server.url, undefined, { guest: true });
  const room = await player.joined();
  (await server.roomOf(room.sessionId)).clients
    .get(room.sessionId)!
    .send("portal", { map: "meadow", arrival: "a token that has expired" });
  const next = await player.joined(2);
  expect(next.state.map).toBe("meadow");
  expect(player.troubles).toEqual([expect.stringMatching(/\[arrivalInvalid\]$/)]);
  await player.stop();
});

test("`play` ends when the program leaves the room", async () => {
  const player = new Player(server.url);
  const room = await player.joined();
  await room.leave();
  expect(await player.ended).toBe(4000);
});

describe("players on a page:", () => {
  /** The window of a page, as far as `play` uses it. */
  const page = new EventTarget();
  beforeEach(() => {
    Object.assign(globalThis, { document: {}, addEventListener: page.addEventListener.bind(page) });
  });
  afterEach(() => {
    for (const name of ["document", "addEventListener"]) Reflect.deleteProperty(globalThis, name);
  });

  test.each(["pagehide", "beforeunload"])(
    "a player leaves at once on the event %s, and rejoins as the same player when the browser restores the page",
    async (event) => {
      const player = new Player(server.url);
      const room = await player.joined();
      const id = await player.id();
      const world = await server.roomOf(room.sessionId);
      page.dispatchEvent(new Event(event));
      await until(() => !world.state.players.has(room.sessionId));
      expect(player.rooms).toHaveLength(1);
      page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
      await player.joined(2);
      expect(await player.id()).toBe(id);
      expect(await player.stop()).toBe(4000);
    },
  );

  test("a player rejoins some time after the event `beforeunload` if the user has not left the page", async () => {
    const player = new Player(server.url);
    await player.joined();
    page.dispatchEvent(new Event("beforeunload"));
    await player.joined(2);
    expect(await player.stop()).toBe(4000);
  });
});

test("`play` rejects with the server's message if the server refuses a join permanently", async () => {
  const player = new Player(server.url, undefined, { map: "nowhere" });
  await expect(player.ended).rejects.toMatchObject({
    code: ERRORS.unknownMap.code,
    message: expect.stringMatching(/\[unknownMap\]$/),
  });
  expect(player.troubles).toEqual([]);
});

test("`play` keeps trying to join an unreachable server until the program stops `play`", async () => {
  const network = await laggyNetwork(server.port, 1);
  network.close();
  const player = new Player(network.url);
  await until(() => player.troubles.length > 1);
  expect(await player.stop()).toBe(4000);
});

test("a text from another player causes no warning if the program does not listen for texts", async () => {
  const warn = jest.spyOn(console, "warn").mockImplementation(() => {});
  const [deaf, listening] = [new Player(server.url), new Player(server.url)];
  const heard: unknown[] = [];
  await deaf.joined();
  const room = await listening.joined();
  room.onMessage("say", (said) => heard.push(said));
  room.send("say", "hello");
  await until(() => heard.length === 1);
  // Messages arrive in order, so the text has arrived before the answer to this ping.
  await new Promise((resolve) => deaf.rooms[0]!.ping(resolve));
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  await Promise.all([deaf.stop(), listening.stop()]);
});
