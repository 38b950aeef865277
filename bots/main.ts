// A crowd of bots on a running server: `npm run bots -- 50`.
import { setTimeout as delay } from "node:timers/promises";
import { InvalidArgumentError } from "commander";
import { commandLine, wholeNumber } from "../cli/command-line.ts";
import { MapError } from "../sim/map.ts";
import { Bot } from "./bot.ts";
import { MapCache, ServerUnavailableError } from "./map-cache.ts";

const MAX_BOTS = 5000;

/** The number of bots that join per second. */
const JOINS_PER_SECOND = 25;

/** Milliseconds between two lines of progress, on a terminal and in a log. */
const TERMINAL_MS = 1000;
const LOG_MS = 5000;

/** Milliseconds within which all bots must leave. */
const LEAVING_MS = 3000;

/** The options of the command line. */
interface Options {
  url: string;
  map?: string;
  seconds?: number;
  name: string;
}

const line = commandLine("bots", "Lets bots walk around on a running server, each an ordinary player.")
  .argument("[number]", "the number of bots", wholeNumber(1, MAX_BOTS), 10)
  .option("--url <url>", "the server", webAddress, "http://localhost:2567")
  .option("--map <map>", "the map to walk on; by default the server's default map")
  .option("--seconds <seconds>", "leave after this time; by default on Ctrl-C", wholeNumber(1, 86_400))
  .option("--name <name>", "the name of the bots; a number is appended for each", botName, "bot")
  .addHelpText(
    "after",
    `
Each bot walks to a random place around the walls, rests for a moment and chooses another place. A bot that the server
refuses or disconnects retries. The exit code is 1 if no bot was ever in the world.`,
  );

function webAddress(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new InvalidArgumentError(`Got "${text}"; expected an address such as http://localhost:2567.`);
}

function botName(text: string): string {
  const name = text.trim();
  if (name !== "" && name.length <= 18) return name;
  throw new InvalidArgumentError(`Got "${text}"; expected 1 to 18 characters.`);
}

/** Runs the bots until the time is up or a signal arrives. @returns the exit code. */
async function play(count: number, { url, map, seconds = Number.POSITIVE_INFINITY, name }: Options): Promise<number> {
  const maps = new MapCache(url);
  // Loads the map before any bot joins, so that a wrong address or map is reported only once.
  await maps.get(map ?? "plaza");

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
  const troubles = new Map<string, number>();
  const bots: Bot[] = [];
  const playing: Promise<boolean>[] = [];
  const since = performance.now();
  let steps = 0;
  let toldAt = since;
  const tell = () => {
    const now = performance.now();
    const taken = bots.reduce((sum, bot) => sum + bot.steps, 0);
    const joined = bots.filter((bot) => bot.sessionId).length;
    const walking = bots.filter((bot) => bot.walking).length;
    const rate = Math.round(((taken - steps) * 1000) / Math.max(1, now - toldAt));
    steps = taken;
    toldAt = now;
    const trouble = [...troubles].map(([what, times]) => `${times} times ${what}`);
    const line = [
      `${Math.round((now - since) / 1000)} s`,
      `${joined} of ${count} joined`,
      `${walking} walking`,
      `${rate} steps/s`,
      ...trouble,
    ].join("  ");
    // On a terminal each line overwrites the previous one, so it must fit the width.
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line.slice(0, process.stdout.columns - 1)}`);
    else console.log(line);
  };
  const timer = setInterval(tell, process.stdout.isTTY ? TERMINAL_MS : LOG_MS);
  const end = setTimeout(() => stop.abort(), Math.min(seconds * 1000, 2 ** 31 - 1));

  const seed = Math.floor(Math.random() * 2 ** 32);
  for (let index = 0; index < count && !stop.signal.aborted; index++) {
    const bot = new Bot({
      url,
      maps,
      map,
      name: `${name} ${index + 1}`,
      seed: seed + index,
      onTrouble: (what) => troubles.set(what, (troubles.get(what) ?? 0) + 1),
    });
    bots.push(bot);
    playing.push(bot.play());
    await delay(1000 / JOINS_PER_SECOND, undefined, { signal: stop.signal }).catch(() => {});
  }
  // Waits until the program is stopped, or until all bots have ended because the server refused them permanently.
  await Promise.race([Promise.all(playing), new Promise((resolve) => stop.signal.addEventListener("abort", resolve))]);

  clearInterval(timer);
  clearTimeout(end);
  tell();
  if (process.stdout.isTTY) console.log();
  await Promise.race([Promise.all(bots.map((bot) => bot.leave())), delay(LEAVING_MS)]);
  const joined = await Promise.race([Promise.all(playing), delay(LEAVING_MS, [] as boolean[])]);
  console.log(`${bots.length} bots have left`);
  return joined.some(Boolean) ? 0 : 1;
}

line.parse();
try {
  // Exits at once, without waiting for connections that are still open but do not answer.
  process.exit(await play(line.processedArgs[0], line.opts<Options>()));
} catch (error) {
  if (!(error instanceof ServerUnavailableError || error instanceof MapError)) throw error;
  console.error(error.message);
  process.exit(1);
}
