// The command `npm run bots`, against a server that is there, goes away, comes back, or never was.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "@jest/globals";
import { Bot } from "../../bots/bot.ts";
import { Grounds } from "../../bots/grounds.ts";
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

/** Starts the command. */
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

test("bots join, walk, and leave on Ctrl-C", async () => {
  const server = startProcess();
  const port = await server.listening();
  const bots = command("12", "--url", `http://127.0.0.1:${port}`, "--map", "meadow");
  await until(() => / {2}12 of 12 joined {2}\d+ walking {2}[1-9]\d+ steps\/s$/m.test(bots.printed.out), 30_000);
  bots.child.kill("SIGINT");
  expect(await bots.ended()).toBe(0);
  expect(bots.printed.out).toMatch(/\n12 bots have left\n$/);
});

test("bots leave by themselves when their time is over", async () => {
  const server = startProcess();
  const bots = command("3", "--url", `http://127.0.0.1:${await server.listening()}`, "--seconds", "2");
  expect(await bots.ended()).toBe(0);
  expect(bots.printed.out).toMatch(/3 of 3 joined.*\n3 bots have left\n$/);
});

test("what cannot be is told in a sentence", async () => {
  const server = startProcess();
  const url = `http://127.0.0.1:${await server.listening()}`;
  const cases: [string[], number, string][] = [
    [["2", "--url", url, "--map", "nowhere"], 1, `the server at ${url}/ has no map "nowhere"`],
    [["2", "--url", "http://127.0.0.1:9"], 1, "no server answers at http://127.0.0.1:9/"],
    [["two"], 2, 'NUMBER: got "two"; expected a whole number from 1 to 5000'],
    [["--url", "localhost"], 2, '--url: got "localhost"; expected an address such as http://localhost:2567'],
    [["--fast"], 2, "Unknown option '--fast'"],
    [["--help"], 0, "npm run bots -- [NUMBER]"],
  ];
  for (const [args, code, sentence] of cases) {
    const bots = command(...args);
    expect(await bots.ended()).toBe(code);
    expect(bots.printed.out).toContain(sentence);
  }
});

test("a bot comes back to a server that was restarted, as a page does, and walks on", async () => {
  const DATA_DIR = dataFolder();
  const first = startProcess({ DATA_DIR });
  const port = await first.listening();
  const url = `http://127.0.0.1:${port}`;
  const troubles: string[] = [];
  const bot = new Bot({ url, grounds: new Grounds(url), seed: 1, onTrouble: (what) => troubles.push(what) });
  const playing = bot.play();
  await until(() => bot.steps > 20);
  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);
  await until(() => troubles.includes("closed with 4001"));
  await startProcess({ DATA_DIR, PORT: String(port) }).listening();
  const { steps } = bot;
  await until(() => bot.sessionId && bot.steps > steps + 20, 30_000);
  // Not by its own reckoning alone: the server has it walk, too.
  const place = JSON.stringify(bot.place);
  await until(() => bot.place && JSON.stringify(bot.place) !== place);
  await bot.leave();
  expect(await playing).toBe(true);
});
