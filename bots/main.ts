// A crowd of bots on a running server: `npm run bots -- 50`.
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { MapError } from "../sim/map.ts";
import { Bot } from "./bot.ts";
import { MapCache, NoGameError } from "./map-cache.ts";

const MOST_BOTS = 5000;

/** Bots that join in a second. */
const JOINS_PER_SECOND = 25;

/** Milliseconds between two lines of progress, on a terminal and in a log. */
const TERMINAL_MS = 1000;
const LOG_MS = 5000;

/** Milliseconds for everybody to leave. */
const LEAVING_MS = 3000;

const HELP = `Bots that walk around on a running server, each a player as any other.

  npm run bots -- [NUMBER] [--url URL] [--map MAP] [--seconds SECONDS] [--name NAME]

  NUMBER     how many; from 1 to ${MOST_BOTS}; default 10
  --url      the server; default http://localhost:2567
  --map      the map to walk on; default the server's
  --seconds  leave after so many; default when you press Ctrl-C
  --name     what they are called, with a number behind it; default bot
  --help     this text

Each bot chooses a place, walks there around the walls, rests a moment, and chooses another. Who is refused or lost comes
again. The exit code is 1 if none of them ever was in the world.
`;

/** What was asked for. */
interface Options {
  count: number;
  url: string;
  map?: string;
  seconds: number;
  name: string;
}

class UsageError extends Error {}

/** A number of one argument. @throws {UsageError} */
function numberOf(what: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${what}: got "${text}"; expected a whole number from ${least} to ${most}`);
}

/** @returns nothing for who asks for help. @throws {UsageError} */
function optionsOf(args: string[]): Options | undefined {
  const text = { type: "string" } as const;
  const options = { url: text, map: text, seconds: text, name: text, help: { type: "boolean" } } as const;
  const { values, positionals } = (() => {
    try {
      return parseArgs({ args, options, allowPositionals: true });
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  })();
  if (values.help) return undefined;
  if (positionals.length > 1) throw new UsageError(`got ${positionals.length} numbers; expected one`);
  const url = values.url ?? "http://localhost:2567";
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new UsageError(`--url: got "${url}"; expected an address such as http://localhost:2567`);
  }
  const name = values.name?.trim() ?? "bot";
  if (name === "" || name.length > 18) throw new UsageError(`--name: got "${name}"; expected 1 to 18 characters`);
  return {
    count: numberOf("NUMBER", positionals[0] ?? "10", 1, MOST_BOTS),
    url,
    map: values.map,
    seconds: values.seconds === undefined ? Number.POSITIVE_INFINITY : numberOf("--seconds", values.seconds, 1, 86_400),
    name,
  };
}

/** Has bots play until the time is over or somebody stops them. @returns the exit code. */
async function play({ count, url, map, seconds, name }: Options): Promise<number> {
  const grounds = new MapCache(url);
  // Before anybody joins, so that a wrong address or map is told once and not by each of them.
  await grounds.get(map ?? "plaza");

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
  const troubles = new Map<string, number>();
  const bots: Bot[] = [];
  const playing: Promise<boolean>[] = [];
  const since = performance.now();
  let steps = 0;
  let told = since;
  const tell = () => {
    const now = performance.now();
    const taken = bots.reduce((sum, bot) => sum + bot.steps, 0);
    const joined = bots.filter((bot) => bot.sessionId).length;
    const walking = bots.filter((bot) => bot.walking).length;
    const rate = Math.round(((taken - steps) * 1000) / Math.max(1, now - told));
    steps = taken;
    told = now;
    const trouble = [...troubles].map(([what, times]) => `${times} times ${what}`);
    const line = [
      `${Math.round((now - since) / 1000)} s`,
      `${joined} of ${count} joined`,
      `${walking} walking`,
      `${rate} steps/s`,
      ...trouble,
    ].join("  ");
    // On a terminal the line is written over; what is longer than it would be left standing.
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line.slice(0, process.stdout.columns - 1)}`);
    else console.log(line);
  };
  const timer = setInterval(tell, process.stdout.isTTY ? TERMINAL_MS : LOG_MS);
  const end = setTimeout(() => stop.abort(), Math.min(seconds * 1000, 2 ** 31 - 1));

  const seed = Math.floor(Math.random() * 2 ** 32);
  for (let index = 0; index < count && !stop.signal.aborted; index++) {
    const bot = new Bot({
      url,
      grounds,
      map,
      name: `${name} ${index + 1}`,
      seed: seed + index,
      onTrouble: (what) => troubles.set(what, (troubles.get(what) ?? 0) + 1),
    });
    bots.push(bot);
    playing.push(bot.play());
    await delay(1000 / JOINS_PER_SECOND, undefined, { signal: stop.signal }).catch(() => {});
  }
  // Whoever is refused for good ends by itself; when all did there is nothing to wait for.
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

try {
  const options = optionsOf(process.argv.slice(2));
  if (!options) console.log(HELP);
  // What is still open, a connection that does not answer, need not be waited for.
  else process.exit(await play(options));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
  else if (error instanceof NoGameError || error instanceof MapError) console.error(error.message);
  else throw error;
  process.exit(error instanceof UsageError ? 2 : 1);
}
