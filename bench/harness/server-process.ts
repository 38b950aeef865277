// One of the servers as a process: how it is started, and what it said.
import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVER_CORE, start, stop } from "./children.ts";
import { openMap } from "./sabang-map.ts";
import { startFlags } from "./start-flags.ts";
import { type AskVitals, STATS_AGENT_ARGS, vitalsOf } from "./vitals.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Milliseconds within which a server must listen. */
const START_MS = 30_000;

/** Characters of output that are kept for the sentence about its end. */
const LAST_WORDS = 600;

/** The folders of servers that run; one is left at most, when this process is stopped. */
const folders = new Set<string>();
const remove = (folder: string) => {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
};
process.on("exit", () => {
  for (const folder of folders) remove(folder);
});

/** A server that listens. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  /** For sabang's monitor: the name and the password, joined by a colon. */
  readonly monitor: string;
  /** Rejects with a sentence when the server ends before it is stopped. */
  readonly died: Promise<never>;
  /** Asks the passenger, where one rides along. */
  readonly vitals: AskVitals;
  /** Tells it to end; its exit code, null if it had to be killed. The folder stays for the next one. */
  terminate(): Promise<number | null>;
  /** Ends it and takes its files away. */
  stop(): Promise<void>;
}

/** A python3 that has tornado; undefined if there is none. */
export function pythonWithTornado(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => {
    try {
      execFileSync(python, ["-c", "import tornado.web"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

/** How a server of a siege differs from that of a measurement. */
export interface ServerOptions {
  /** Variables of its own; they win. */
  environment?: Record<string, string>;
  /** Takes a passenger along, who tells of heap and event loop. */
  passenger?: boolean;
  /** The folder of a server before it, whose data it takes over; see `makeFolder`. */
  folder?: string;
}

/** A folder for a server's files, which goes when this process ends. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  folders.add(folder);
  return folder;
}

/** Starts a server and waits until it listens. */
export async function startServer(name: string, options: ServerOptions = {}): Promise<Server> {
  const folder = options.folder ?? makeFolder();
  const password = randomBytes(16).toString("hex");
  const { program, args, environment } = commandOf(name, folder, password);
  const child = start(SERVER_CORE, program, [...(options.passenger ? STATS_AGENT_ARGS : []), ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      PORT: "0",
      NODE_ENV: "production",
      ...environment,
      ...options.environment,
    },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let output = "";
  let isStopped = false;
  const died = new Promise<never>((_, reject) => {
    const end = (how: string) => {
      if (!isStopped) reject(new Error(`the server ended by itself (${how}): ${output.trim() || "it said nothing"}`));
    };
    child.on("exit", (code, signal) => end(signal ?? `exit code ${code}`));
    child.on("error", (error) => end(error.message));
  });
  died.catch(() => {});
  const stopAll = async () => {
    isStopped = true;
    await stop(child);
    if (options.folder === undefined) remove(folder);
  };
  const port = new Promise<number>((resolve) => {
    const hear = (chunk: Buffer) => {
      output = (output + chunk).slice(-LAST_WORDS);
      const match = /listening on port (\d+)/.exec(output);
      if (match) resolve(Number(match[1]));
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
  });
  try {
    return {
      port: await Promise.race([port, died, late(child)]),
      pid: child.pid!,
      monitor: `admin:${password}`,
      died,
      vitals: vitalsOf(child),
      terminate: async () => {
        isStopped = true;
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        const [code] = await ended;
        return code as number | null;
      },
      stop: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function commandOf(name: string, folder: string, password: string) {
  const environment: Record<string, string> = {};
  if (name === "tornado") {
    return { program: pythonWithTornado() ?? "python3", args: ["bench/contenders/tornado-server.py"], environment };
  }
  if (name !== "sabang") return { program: process.execPath, args: [`bench/contenders/${name}.ts`], environment };
  const maps = join(folder, "maps");
  mkdirSync(maps, { recursive: true });
  writeFileSync(join(maps, "plaza.tmj"), openMap());
  return {
    program: process.execPath,
    args: [...startFlags(), "src/main.ts"],
    environment: {
      LOG_LEVEL: "warn",
      MAPS_DIR: maps,
      DATA_DIR: join(folder, "data"),
      MONITOR_USER: "admin",
      MONITOR_PASSWORD: password,
      JWT_SECRET: randomBytes(32).toString("hex"),
      // The load has one address, and joins as fast as it can; what is measured is a room, not its door.
      MAX_CONNECTIONS_PER_ADDRESS: "0",
      MAX_JOINS_PER_MINUTE: "0",
      MAX_PLAYERS_PER_ROOM: "0",
      MAX_MESSAGES_PER_SECOND: "0",
      ADMISSION_MAX_DELAY_MS: "0",
    },
  };
}

async function late(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the server does not listen after ${START_MS / 1000} s`)),
      START_MS,
    );
    timer.unref();
    child.once("exit", () => clearTimeout(timer));
  });
}
