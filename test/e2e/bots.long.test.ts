// Tests the program of `npm run bots` with a running server, a restarting server, and no server.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "@jest/globals";
import { Bot } from "../../bots/bot.ts";
import { MapCache } from "../../bots/map-cache.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { dataFolder, startProcess } from "../support/process.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

/** Starts the program of `npm run bots`. */
function command(...args: string[]) {
  const child = spawn(process.execPath, ["bots/main.ts", ...args], {
    cwd: ROOT,
    env: { ...COMPILE_CACHE, PATH: process.env.PATH, NODE_NO_WARNINGS: "1" } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  const printed = { out: "" };
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed.out += text;
    });
  }
  const closed = once(child, "close");
  return { child, printed, ended: async () => (await closed)[0] as number };
}

test("bots join, walk, leave on Ctrl-C or after --seconds, and rejoin after a restart of the server", async () => {
  const DATA_DIR = dataFolder();
  const server = startProcess({ DATA_DIR });
  const port = await server.listening();
  const url = `http://127.0.0.1:${port}`;
  const lost = command("2", "--url", url, "--map", "nowhere");
  const brief = command("3", "--url", url, "--seconds", "2");
  const crowd = command("12", "--url", url, "--map", "meadow");
  expect(await lost.ended()).toBe(1);
  expect(lost.printed.out).toContain(`the server at ${url}/ has no map "nowhere"`);
  expect(await brief.ended()).toBe(0);
  expect(brief.printed.out).toMatch(/[1-3] of 3 joined.*\n3 bots have left\n$/);
  await until(() => / {2}12 of 12 joined {2}\d+ walking {2}[1-9]\d+ steps\/s$/m.test(crowd.printed.out), 30_000);
  crowd.child.kill("SIGINT");
  expect(await crowd.ended()).toBe(0);
  expect(crowd.printed.out).toMatch(/\n12 bots have left\n$/);

  const problems: string[] = [];
  const bot = new Bot({ url, maps: new MapCache(url), seed: 1, onTrouble: (problem) => problems.push(problem) });
  const playing = bot.play();
  await until(() => bot.steps > 20);
  server.signal("SIGTERM");
  expect(await server.ended()).toBe(0);
  await until(() => problems.some((problem) => problem.includes("closed the connection with 4001")));
  await startProcess({ DATA_DIR, PORT: String(port) }).listening();
  const { steps } = bot;
  await until(() => bot.sessionId && bot.steps > steps + 20, 30_000);
  // `place` is the position in the server's state. This position must change, and not only the bot's own prediction.
  const position = JSON.stringify(bot.place);
  await until(() => bot.place && JSON.stringify(bot.place) !== position);
  await bot.leave();
  expect(await playing).toBe(true);
}, 120_000);

test.each([
  [["2", "--url", "http://127.0.0.1:9"], 1, "no server answers at http://127.0.0.1:9/"],
  [["two"], 2, 'Got "two"; expected a whole number from 1 to 5000.'],
  [["--url", "localhost"], 2, 'Got "localhost"; expected an address such as http://localhost:2567.'],
  [["--fast"], 2, "unknown option '--fast'"],
])("npm run bots exits with an error for invalid arguments or without a server: %j", async (args, code, message) => {
  const bots = command(...args);
  expect(await bots.ended()).toBe(code);
  expect(bots.printed.out).toContain(message);
});
