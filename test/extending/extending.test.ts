// Applies the steps of docs/extending.md to a copy of the project. The long run starts and plays one copy with all
// steps, and one copy per step with only that step. It compiles only the copy with all steps.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client, type Room } from "@colyseus/sdk";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ERRORS, taggedMessage } from "../../schema/errors.ts";
import type { Input } from "../../sim/apply-input.ts";
import type { Body, Walls } from "../../sim/step.ts";
import type { Prediction } from "../../web/prediction.ts";
import { onlyLong } from "../support/long.ts";
import { drawnMap, tiledMap } from "../support/maps.ts";
import { PlainPlayer } from "../support/plain.ts";
import { startPostgres } from "../support/postgres.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { startRedis } from "../support/redis.ts";
import { describeWith, testWith } from "../support/requiring.ts";
import { until } from "../support/until.ts";
import { Project } from "./project.ts";

/** Maximum number of lines of code that a step of docs/extending.md may add. Maps and comments do not count. */
const MAX_LINES = 11;

/** Timeout in ms for copying files, compiling, and starting a server on a busy machine. */
const TIMEOUT_MS = 300_000;

/** The sections of docs/extending.md: the heading of each, and its diffs. */
const STEPS = readFileSync(new URL("../../docs/extending.md", import.meta.url), "utf8")
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.split("\n", 1)[0]!,
    diff: [...section.matchAll(/^```diff\n([\s\S]*?)^```$/gm)].map(([, diff]) => diff).join(""),
  }));

/** Returns the lines of code that a diff adds, without maps, comments and blank lines. */
function linesOf(diff: string): string[] {
  return diff
    .split(/^(?=--- )/m)
    .filter((file) => !/^\+\+\+ .*\.tmj$/m.test(file))
    .flatMap((file) => file.match(/^\+(?!\+\+ ).*$/gm) ?? [])
    .filter((line) => !/^\+\s*(\/\/|\/?\*|$)/.test(line));
}

/** A room of a changed project. The types of the unchanged project lack the new fields of the room's state. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyRoom = Room<unknown, any>;

/** The server of a changed project. */
class Game {
  readonly #project: Project;
  readonly #environment: Record<string, string>;
  #server!: ServerProcess;
  url!: string;

  private constructor(project: Project, environment: Record<string, string>) {
    this.#project = project;
    this.#environment = environment;
  }

  static async start(project: Project, environment: Record<string, string> = {}): Promise<Game> {
    const game = new Game(project, { DATA_DIR: dataFolder(), ...environment });
    await game.#start();
    return game;
  }

  async stop(): Promise<void> {
    this.#server.signal("SIGTERM");
    expect(await this.#server.ended()).toBe(0);
  }

  /** Restarts the server with the same data on another port. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#start();
  }

  async #start(): Promise<void> {
    this.#server = startProcess(this.#environment, this.#project.folder);
    this.url = `http://127.0.0.1:${await this.#server.listening()}`;
    await until(async () => (await fetch(`${this.url}/readyz`)).ok);
  }
}

/** Creates an SDK client. The clients of a process share a token store, so each client gets its token explicitly. */
function clientOf(url: string, token?: string): Client {
  const client = new Client(url);
  client.auth.token = token as string;
  return client;
}

/** Waits until a client has joined and sees its own player. */
async function arrived(joining: Promise<Room>): Promise<AnyRoom> {
  const room: AnyRoom = await joining;
  // After a failed test the server is killed. The client must not try to reconnect then.
  room.reconnection.enabled = false;
  // Clients of other steps may be in the same world. This handler ignores their messages.
  room.onMessage("*", () => {});
  await until(() => room.state.players?.has(room.sessionId));
  return room;
}

async function joinWorld(url: string, options: object = {}, token?: string): Promise<AnyRoom> {
  return arrived(clientOf(url, token).joinOrCreate("world", options));
}

function self(room: AnyRoom) {
  return room.state.players.get(room.sessionId);
}

/** The numbers that stand for two of the directions in an input. */
const LEFT = 1;
const RIGHT = 2;

/** Maximum number of unacknowledged steps of the client. The server would drop steps beyond its queue limit. */
const MAX_AHEAD = 5;

/**
 * The tests of the steps of docs/extending.md, by the number in the step's heading. Each function uses a running game
 * to test what its step adds. Only step 1 restarts the game.
 */
const PLAYS: Record<string, (game: Game, project: Project) => Promise<void>> = {
  async 1(game) {
    const signedIn = clientOf(game.url);
    const { token } = await signedIn.auth.signInAnonymously();
    const ada = await joinWorld(game.url, { name: "Ada", colour: "#ff8800" }, token);
    const bob = await joinWorld(game.url);
    const seen = await until(() => bob.state.players.get(ada.sessionId));
    expect(seen).toMatchObject({ name: "Ada", colour: "#ff8800" });
    expect(self(bob).colour).toBeUndefined();
    await expect(joinWorld(game.url, { colour: "red" })).rejects.toMatchObject({
      code: ERRORS.badJoinOption.code,
      message: taggedMessage("badJoinOption", "`colour` must be like #ff8800."),
    });
    await game.restart();

    const again = await joinWorld(game.url, {}, token);
    expect(self(again)).toMatchObject({ name: "Ada", colour: "#ff8800" });
    const cat = await joinWorld(game.url);
    expect((await until(() => cat.state.players.get(again.sessionId))).colour).toBe("#ff8800");
    await again.leave();
    expect(self(await joinWorld(game.url, { colour: "#0088ff" }, token)).colour).toBe("#0088ff");
  },

  async 2(_game, project) {
    const rows = [`s${".".repeat(99)}`];
    const MAPS_DIR = join(dataFolder(), "maps");
    mkdirSync(MAPS_DIR);
    writeFileSync(join(MAPS_DIR, "plaza.tmj"), JSON.stringify(tiledMap(rows)));
    const DATA_DIR = dataFolder();
    const server = await Game.start(project, { MAPS_DIR, DATA_DIR, RECORD: "1" });

    // This client sends far more inputs than the server applies. Each frame shows the state after one tick.
    const flooder = await joinWorld(server.url);
    const strides: number[] = [];
    let before = self(flooder).x;
    flooder.onStateChange(() => {
      const { x } = self(flooder);
      if (x !== before) strides.push(x - before);
      before = x;
    });
    const flood = flooder.input<{ direction: number; sprint: boolean }>();
    Object.assign(flood.data, { direction: RIGHT, sprint: true });
    const flooding = setInterval(() => flood.send(), 10);
    flooder.onLeave(() => clearInterval(flooding));

    // This client predicts with the web/prediction.ts of the changed project, as the page of that project does.
    const page = await joinWorld(server.url);
    const module: { Prediction: typeof Prediction } = await import(join(project.folder, "web/prediction.ts"));
    let drift = 0;
    const walls: Walls = drawnMap("plaza", rows);
    const predict = () =>
      new module.Prediction(page, self(page), walls, (units) => {
        drift += units;
      });
    let prediction = predict();
    const from = self(page).x;
    /**
     * Predicts and sends inputs, and waits for their acknowledgement. Expects that the player walked `units`, and that
     * the server's position equals the predicted one.
     */
    const walk = async (steps: number, input: Input, units: number) => {
      const start = prediction.self.x;
      for (let step = 1; step <= steps; step++) {
        prediction.tick(performance.now());
        prediction.send(input);
        if (step % MAX_AHEAD === 0 || step === steps) await until(() => prediction.unacknowledged === 0);
      }
      prediction.tick(performance.now());
      expect(prediction.self.x - start).toBe(units);
      expect(prediction.confirmed.x).toBe(prediction.self.x);
    };
    const right = { direction: RIGHT };
    const left = { direction: LEFT };
    // The input type of the unchanged project lacks the field `sprint`, which step 2 adds.
    const sprint = (input: Input): Input => Object.assign({ sprint: true }, input);
    await walk(45, sprint(right), 40 * 16 + 5 * 8);
    // The next prediction starts from the server's state alone, as after a reconnection.
    prediction.dispose();
    prediction = predict();
    await walk(5, sprint(right), 5 * 8);
    await walk(10, left, -10 * 8);
    await walk(13, sprint(left), -(10 * 16 + 3 * 8));
    expect(drift).toBe(0);
    expect(self(page).x - from).toBe(720 - 80 - 184);

    await until(() => strides.length >= 60);
    expect(strides.slice(0, 60)).toEqual([...Array(40).fill(16), ...Array(20).fill(8)]);
    await server.stop();

    // The game must have caused no incidents. The recording must replay with the same result, and the hash of a player
    // must include the field `breath`.
    const [recording, ...incidents] = readdirSync(join(DATA_DIR, "recordings"));
    expect(incidents).toEqual([]);
    const replayed = await project.node(
      "src/commands/replay.ts",
      join(DATA_DIR, "recordings", recording!),
      "--maps",
      MAPS_DIR,
    );
    expect(replayed).toMatch(/^result +the same, to the last hash$/m);
    const { hashOfPlayers }: typeof import("../../sim/hash.ts") = await import(join(project.folder, "sim/hash.ts"));
    const hashWith = (breath: number) => {
      const body: Body & { breath: number } = { x: 80, y: 80, facing: RIGHT, breath };
      return hashOfPlayers([{ id: "ada", body, moves: [] }]);
    };
    expect(hashWith(3)).not.toBe(hashWith(4));
  },

  async 3({ url }) {
    const [walker, witness] = [await joinWorld(url, { map: "mint" }), await joinWorld(url, { map: "mint" })];
    const coins = ({ state }: AnyRoom) => [...state.coins.values()].map(({ x, y }) => [x, y]);
    for (const room of [walker, witness]) {
      expect(coins(room)).toEqual([
        [112, 80],
        [176, 80],
        [240, 80],
      ]);
    }
    const step = async () => {
      const { x } = self(walker);
      walker.send("move", "right");
      await until(() => self(walker).x > x);
    };
    while (self(walker).x < 96) {
      expect(self(walker).coins).toBe(0);
      await step();
    }
    for (const room of [walker, witness]) {
      await until(() => room.state.coins.size === 2);
      expect(coins(room)).not.toContainEqual([112, 80]);
    }
    while (self(walker).x < 240) await step();
    for (const room of [walker, witness, await joinWorld(url, { map: "mint" })]) {
      await until(() => room.state.coins.size === 0 && room.state.players.get(walker.sessionId)?.coins === 3);
      expect(room.state.players.get(witness.sessionId).coins).toBe(0);
    }
    expect((await joinWorld(url)).state.coins.size).toBe(0);
  },

  async 4({ url }) {
    const file = await fetch(`${url}/maps/yard.tmj`);
    expect(await file.json()).toMatchObject({ width: 12, height: 8 });
    const room = await joinWorld(url, { map: "yard" });
    expect(room.state).toMatchObject({ map: "yard", width: 384, height: 256 });
    const walking = setInterval(() => room.send("move", "left"), 50);
    room.onLeave(() => clearInterval(walking));
    // The wall ends at 32, after one tile. A body is 24 units wide, so its centre stops at 32 + 12.
    await until(() => self(room).x === 44);
  },

  async 5({ url }) {
    const enter = (code: string, token?: string) => arrived(clientOf(url, token).joinById(code));
    const open = () => arrived(clientOf(url).joinOrCreate("private", { map: "meadow" }));
    const host = await open();
    const code = host.roomId;
    expect(host.state.map).toBe("meadow");
    // The room has free places, but matchmaking does not find it.
    await expect(clientOf(url).join("private", { map: "meadow" })).rejects.toMatchObject({ code: 521 });
    const other = await open();
    expect(other.roomId).not.toBe(code);
    expect(other.state.players.size).toBe(1);
    const { token } = await clientOf(url).auth.signInAnonymously();
    const outside = await joinWorld(url, {}, token);
    const left = new Promise((resolve) => outside.onLeave(resolve));
    const friends = [await enter(code, token), await enter(code), await enter(code)];
    // A signed-in player can be in only one room. So joining the private room has ended the player's session in the
    // other room.
    expect(await left).toBe(ERRORS.takenOver.code);
    expect(new Set([host, ...friends].map(({ roomId }) => roomId))).toEqual(new Set([code]));

    await expect(enter(code)).rejects.toMatchObject({ code: 522 });
    await expect(enter("no-code-1")).rejects.toMatchObject({ code: 522 });
    expect((await joinWorld(url, { map: "meadow" })).roomId).not.toBe(code);

    await friends[2]!.leave();
    expect((await until(() => enter(code).catch(() => undefined))).roomId).toBe(code);
  },

  async 6({ url }) {
    const listen = (room: AnyRoom) => {
      const heard: unknown[] = [];
      room.onMessage("emote", (emote) => heard.push(emote));
      return heard;
    };
    const [ada, bob] = [await joinWorld(url), await joinWorld(url)];
    const plain = await PlainPlayer.join(url);
    await until(() => ada.state.players.has(bob.sessionId) && ada.state.players.has(plain.id));
    const heard = [listen(ada), listen(bob)];
    const codes: number[] = [];
    ada.onError((code) => codes.push(code));
    const hearts = () => plain.frames.filter(({ type }) => type === "emote");
    ada.send("emote", "shout");
    ada.send("emote", "heart");
    ada.send("emote", "laugh");
    await until(() => heard.every(({ length }) => length > 0) && hearts().length > 0 && codes.length > 0);
    expect(codes).toEqual([4308]);
    expect(heard).toEqual(Array(2).fill([{ id: ada.sessionId, emote: "heart" }]));
    expect(hearts()).toEqual([{ type: "emote", id: ada.sessionId, emote: "heart" }]);

    const late = listen(await joinWorld(url));
    plain.socket.send(JSON.stringify({ type: "emote", text: "yawn" }));
    await until(() => late.length > 0);
    expect(late).toEqual([{ id: plain.id, emote: "yawn" }]);
    await until(async () => {
      ada.send("emote", "laugh");
      await new Promise((resolve) => setTimeout(resolve, 100));
      return heard[1]!.length > 2;
    });
    expect(heard[1]!.at(-1)).toEqual({ id: ada.sessionId, emote: "laugh" });
  },
};

test("PLAYS has an entry for each step of docs/extending.md", () => {
  expect(STEPS.map(({ title }) => title.split(".", 1)[0])).toEqual(Object.keys(PLAYS));
});

test.each(STEPS)(`the step "$title" of docs/extending.md adds at most ${MAX_LINES} lines of code`, ({ diff }) => {
  expect(diff).not.toBe("");
  const lines = linesOf(diff);
  expect({ lines, tooMany: Math.max(0, lines.length - MAX_LINES) }).toEqual({ lines, tooMany: 0 });
});

/** The copies of the project that the long run tests, each with the steps that are applied to it. */
const COPIES = [
  { what: "all steps of docs/extending.md", steps: STEPS },
  ...STEPS.map((step) => ({ what: `"${step.title}" alone`, steps: [step] })),
];

test("the diffs of docs/extending.md can be applied to the project one after another", async () => {
  const project = await Project.copy();
  try {
    for (const { diff } of STEPS) await project.apply(diff);
  } finally {
    project.remove();
  }
});

/** Returns the numbers of the steps. */
const numbersOf = (steps: typeof STEPS) => steps.map(({ title }) => title.split(".", 1)[0]!);

/** Tests the steps on one running game. Step 1 is tested last, because it restarts the game. */
async function play(project: Project, numbers: readonly string[], environment?: Record<string, string>): Promise<void> {
  const game = await Game.start(project, environment);
  await Promise.all(numbers.filter((number) => number !== "1").map((number) => PLAYS[number]!(game, project)));
  if (numbers.includes("1")) await PLAYS["1"]!(game, project);
  await game.stop();
}

onlyLong(() => {
  describe.each(COPIES)("the project with $what", ({ steps }) => {
    let project: Project;
    beforeAll(async () => {
      project = await Project.copy();
      for (const { diff } of steps) await project.apply(diff);
    }, TIMEOUT_MS);
    afterAll(() => project?.remove());

    test(
      "starts, and the game behaves as docs/extending.md describes",
      async () => {
        await play(project, numbersOf(steps));
      },
      TIMEOUT_MS,
    );

    // Compiles only the copy with all steps, because the compiler takes as long as all other tests of a copy.
    if (steps === STEPS) {
      test("compiles", async () => expect(await project.errorsOf("tsc")).toBe(""), TIMEOUT_MS);

      describeWith("redis", "in a cluster,", () => {
        testWith("postgres")(
          "the game behaves in the same way for clients of a process that does not run the rooms",
          async () => {
            const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
            try {
              const cluster = {
                REDIS_URL: redis.url,
                DATABASE_URL: await postgres.database(),
                JWT_SECRET: "a secret of all processes, long enough",
              };
              const authority = await Game.start(project, cluster);
              // Step 2 starts a server of its own, with its own map.
              const numbers = numbersOf(steps).filter((number) => number !== "2");
              await play(project, numbers, cluster);
              await authority.stop();
            } finally {
              await Promise.all([redis.remove(), postgres.remove()]);
            }
          },
          TIMEOUT_MS,
        );
      });

      test("passes the format and lint checks of biome", async () => {
        expect(await project.errorsOf("biome")).toBe("");
      });
    }
  });
});
