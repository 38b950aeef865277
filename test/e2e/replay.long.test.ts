// Tests recordings of a real server with bots, and the program of `npm run replay`.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { Bot } from "../../bots/bot.ts";
import { MapCache } from "../../bots/map-cache.ts";
import { readRecording } from "../../replay/format.ts";
import { VERSION } from "../../replay/version.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { copyOfProject } from "../support/copy.ts";
import { dataFolder, type ServerProcess, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const copy = copyOfProject();

/** Lets bots play on a server. @returns the bots, when all have joined. */
async function startBots(server: ServerProcess, count: number, map: string): Promise<Bot[]> {
  const url = `http://127.0.0.1:${await server.listening()}`;
  const maps = new MapCache(url);
  const all = Array.from({ length: count }, (_, seed) => new Bot({ url, maps, map, name: `bot ${seed}`, seed }));
  for (const bot of all) void bot.play();
  await until(() => all.every((bot) => bot.sessionId), 30_000);
  return all;
}

/** Runs the program of `npm run replay`. */
function replay(...args: string[]): { code: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["src/commands/replay.ts", ...args], {
    cwd: ROOT,
    env: { ...COMPILE_CACHE, PATH: process.env.PATH, NODE_NO_WARNINGS: "1" },
    encoding: "utf8",
  });
  return { code: status, out: `${stdout}${stderr}` };
}

const filesIn = (folder: string) => {
  const recordings = join(folder, "recordings");
  return readdirSync(recordings).map((name) => join(recordings, name));
};

/** The number of bots in the first test, and the number of steps that all of them together take. */
const WALKERS = 20;
const STEPS = 2000;

test("npm run replay plays a recording, reports a changed rule, and refuses another map or version", async () => {
  const DATA_DIR = dataFolder();
  const server = startProcess({ DATA_DIR, RECORD: "1" });
  const walkers = await startBots(server, WALKERS, "plaza");
  await until(() => walkers.reduce((sum, { steps }) => sum + steps, 0) > STEPS, 40_000);
  for (const bot of walkers.slice(0, 3)) await bot.leave();
  server.signal("SIGTERM");
  await Promise.all(walkers.map((bot) => bot.leave()));
  expect(await server.ended()).toBe(0);
  const [file] = filesIn(DATA_DIR) as [string];

  const { code, out } = replay(file);
  expect(out).toMatch(/^map +plaza\n/);
  expect(out).toMatch(new RegExp(`\\nplayers +${WALKERS}, of whom 0 were there at the end\\n`));
  expect(out).toMatch(/\nresult +the same, to the last hash\n$/);
  expect(code).toBe(0);

  // A changed rule: steps up and down are one unit shorter.
  copy.change("sim/step.ts", "else body.y = moved;", "else body.y = moved - sign;");
  const changed = copy.node("src/commands/replay.ts", file);
  expect(changed.out).toMatch(/result +it differs in second \d+ \(tick \d+\): .* was recorded at \(\d+, \d+\) facing/);
  expect(changed.code).toBe(1);
  copy.change("sim/step.ts", "else body.y = moved - sign;", "else body.y = moved;");

  const flipped = readFileSync(file);
  const at = Math.floor(flipped.length / 2);
  flipped[at]! ^= 4;
  writeFileSync(`${file}.flipped`, flipped);
  const refused = replay(`${file}.flipped`);
  expect(refused.out).toMatch(/cannot be played: it is damaged between bytes \d+ and \d+, after tick \d+: use/);
  expect(refused.code).toBe(2);

  // A changed map: one tile becomes a wall, or open ground if it was a wall.
  const maps = dataFolder();
  const plaza = JSON.parse(readFileSync(`${ROOT}/maps/plaza.tmj`, "utf8"));
  const { data } = plaza.layers.find(({ name }: { name: string }) => name === "walls");
  data[plaza.width + 1] = data[plaza.width + 1] === 0 ? Math.max(...data) : 0;
  writeFileSync(join(maps, "plaza.tmj"), JSON.stringify(plaza));
  const otherMap = replay(file, "--maps", maps);
  expect(otherMap.out).toMatch(
    /cannot be played: its map "plaza" \(\w{8}\) differs from this one \(\w{8}\): .*; use the map that it was/,
  );
  expect(otherMap.code).toBe(2);
  // With the recorded map, the recording can be played.
  copyFileSync(`${ROOT}/maps/plaza.tmj`, join(maps, "plaza.tmj"));
  expect(replay(file, "--maps", maps).code).toBe(0);

  copy.change("replay/version.ts", `"${VERSION}"`, '"9.9.9"');
  const newerVersion = copy.node("src/commands/replay.ts", file);
  expect(newerVersion.out).toContain(
    `it was recorded by sabang ${VERSION}, but this is 9.9.9: play it with the version that recorded it; --any-version`,
  );
  expect(newerVersion.code).toBe(2);
  expect(copy.node("src/commands/replay.ts", file, "--any-version")).toEqual({
    code: 0,
    out: expect.stringMatching(/\nresult +the same, to the last hash\n$/),
  });
  copy.change("replay/version.ts", '"9.9.9"', `"${VERSION}"`);
});

async function playsAfterKill(): Promise<void> {
  const DATA_DIR = dataFolder();
  const server = startProcess({ DATA_DIR, RECORD: "1" });
  const walkers = await startBots(server, 5, "meadow");
  await until(() => readRecordingOf(DATA_DIR)?.lastTick, 30_000);
  server.signal("SIGKILL");
  await server.ended();
  await Promise.all(walkers.map((bot) => bot.leave()));
  const [file] = filesIn(DATA_DIR) as [string];
  const refused = replay(file);
  expect(refused.out).toMatch(
    /cannot be played: it ends .* after tick \d+: its room is still open, the server was killed, .*; --allow-truncated/,
  );
  expect(refused.code).toBe(2);
  const played = replay(file, "--allow-truncated");
  expect(played.out).toMatch(/cut off +it ends .*\nresult +the same, to the last hash\n$/);
  expect(played.code).toBe(0);
}
test(
  "npm run replay -- --allow-truncated plays a recording that ends early because the server was killed with kill -9",
  playsAfterKill,
);

/** Returns the only recording of a server; undefined while the recording cannot be read. */
function readRecordingOf(folder: string) {
  try {
    return readRecording(readFileSync(filesIn(folder)[0]!));
  } catch {
    return undefined;
  }
}

test("the game goes on if a step throws an error, and npm run replay turns the incident file into a failing test", async () => {
  // The step throws only west of the spawns, so that only some players cause the error.
  const whole = "  body.facing = direction;\n";
  const broken = `${whole}  if (body.x < 800) throw new Error("the mud at " + body.x);\n`;
  copy.change("sim/step.ts", whole, broken);
  const DATA_DIR = dataFolder();
  const server = startProcess({ DATA_DIR }, copy.folder);
  const walkers = await startBots(server, 12, "plaza");
  await until(() => server.stdout().includes("incident: player"), 40_000);
  expect(server.stdout()).toMatch(/incident: player \S+ took a step that threw: Error: the mud at \d+; replay it with/);
  // Players still walk.
  const positions = walkers.map(({ place }) => JSON.stringify(place));
  await until(() => walkers.some(({ place }, index) => JSON.stringify(place) !== positions[index]));
  const [file, ...others] = filesIn(DATA_DIR) as [string];
  expect(others).toEqual([]);
  expect(server.stdout().match(/incident: player/g)).toHaveLength(1);
  await Promise.all(walkers.map((bot) => bot.leave()));

  const { incident } = readRecording(readFileSync(file)).header;
  const again = copy.node("src/commands/replay.ts", file, "--test");
  const summary = `in tick ${incident!.tick} the player ${incident!.player} ${incident!.fault}`;
  expect(again.out).toContain(`\nincident  ${summary}\n`);
  expect(again.out).toContain(`\nresult    it happens again: ${summary}\n`);
  expect(again.code).toBe(1);
  const path = /^test +(test\/incidents\/incident-plaza-\S+\.test\.ts)$/m.exec(again.out)?.[1] ?? "";

  const jest = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", path];
  const failing = copy.node(...jest);
  expect(failing.out).toContain(`✕ ${summary}`);
  expect(failing.code).toBe(1);
  copy.change("sim/step.ts", broken, whole);
  const passing = copy.node(...jest);
  expect(passing.out).toContain(`✓ ${summary}`);
  expect(passing.code).toBe(0);
  expect(copy.node("src/commands/replay.ts", file).out).toContain("the incident does not happen any more");
});
