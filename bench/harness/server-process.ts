// Starts one of the servers as a child process and stops it.
import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVER_CORE, start, stop } from "./children.ts";
import { type Crowd, startEnvironment } from "./crowd.ts";
import { openMap } from "./sabang-map.ts";
import { startFlags } from "./start-flags.ts";
import { type AskVitals, STATS_AGENT_ARGS, vitalsOf } from "./vitals.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Timeout for a server to listen, in milliseconds. */
const START_TIMEOUT_MS = 30_000;

/** The error message about a server that has exited quotes at most this many characters of the server's output. */
const MAX_OUTPUT_LENGTH = 600;

/** The folders that have not been removed yet. They are removed when this process exits. */
const folders = new Set<string>();
const remove = (folder: string) => {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
};
process.on("exit", () => {
  for (const folder of folders) remove(folder);
});

/** A server that is listening. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  /** The credentials of sabang's monitor: user name and password, joined by a colon. */
  readonly monitor: string;
  /** Rejects when the server exits before it is stopped. The error contains the last output. */
  readonly died: Promise<never>;
  /** Queries the stats agent. Requires the option `statsAgent`. */
  readonly vitals: AskVitals;
  /**
   * Sends SIGTERM. Resolves with the exit code; null if a signal ended the process. Keeps the folder, so that another
   * server can be started with the same data.
   */
  terminate(): Promise<number | null>;
  /** Kills the server. Removes the server's folder, unless the caller passed the folder in the options. */
  stop(): Promise<void>;
}

/** Returns the command of a Python that can import tornado; undefined if there is none. */
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

/** Options of a server. The benchmark sets only the crowd; the other options are for stress tests. */
export interface ServerOptions {
  /** The crowd that joins, which decides where players start; by default `even`. */
  crowd?: Crowd;
  /** Additional environment variables. They override the defaults. */
  environment?: Record<string, string>;
  /** Loads the stats agent, which reports heap and event loop delay. */
  statsAgent?: boolean;
  /**
   * A folder from `makeFolder`. A server that gets the folder of an earlier server continues with the earlier server's
   * data.
   */
  folder?: string;
}

/** Creates a folder for a server's files. It is removed when this process exits. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  folders.add(folder);
  return folder;
}

/**
 * Starts a server and waits until it listens.
 * @throws {Error} if the server exits first, or does not listen within 30 s.
 */
export async function startServer(name: string, options: ServerOptions = {}): Promise<Server> {
  const folder = options.folder ?? makeFolder();
  const password = randomBytes(16).toString("hex");
  const { program, args, environment } = commandOf(name, folder, password, options.crowd ?? "even");
  const child = start(SERVER_CORE, program, [...(options.statsAgent ? STATS_AGENT_ARGS : []), ...args], {
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
      if (!isStopped) reject(new Error(`the server exited unexpectedly (${how}): ${output.trim() || "no output"}`));
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
    const onOutput = (chunk: Buffer) => {
      output = (output + chunk).slice(-MAX_OUTPUT_LENGTH);
      const match = /listening on port (\d+)/.exec(output);
      if (match) resolve(Number(match[1]));
    };
    child.stdout?.on("data", onOutput);
    child.stderr?.on("data", onOutput);
  });
  try {
    return {
      port: await Promise.race([port, died, startTimeout(child)]),
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

function commandOf(name: string, folder: string, password: string, crowd: Crowd) {
  const environment = startEnvironment(crowd);
  if (name === "tornado") {
    return { program: pythonWithTornado() ?? "python3", args: ["bench/contenders/tornado-server.py"], environment };
  }
  if (name !== "sabang") return { program: process.execPath, args: [`bench/contenders/${name}.ts`], environment };
  return {
    program: process.execPath,
    args: [...startFlags(), "src/main.ts"],
    environment: {
      DATA_DIR: join(folder, "data"),
      JWT_SECRET: randomBytes(32).toString("hex"),
      ...sabangEnvironment(folder, password, openMap(crowd)),
    },
  };
}

/**
 * Returns the environment variables with which all measurements run sabang. Writes the map file. The server has no
 * other map.
 * @param folder an existing folder for the map.
 * @param password the password of the monitor's user `admin`.
 * @param map the text of the map file.
 */
export function sabangEnvironment(folder: string, password: string, map: string): Record<string, string> {
  const maps = join(folder, "maps");
  mkdirSync(maps, { recursive: true });
  writeFileSync(join(maps, "plaza.tmj"), map);
  return {
    NODE_ENV: "production",
    LOG_LEVEL: "warn",
    MAPS_DIR: maps,
    MONITOR_USER: "admin",
    MONITOR_PASSWORD: password,
    // 0 turns a limit off. The limits would refuse the load, because all its clients share one IP address.
    MAX_CONNECTIONS_PER_ADDRESS: "0",
    MAX_JOINS_PER_MINUTE: "0",
    MAX_PLAYERS_PER_ROOM: "0",
    MAX_MESSAGES_PER_SECOND: "0",
    ADMISSION_MAX_DELAY_MS: "0",
    ...inherited("MAX_BYTES_PER_CLIENT"),
  };
}

/**
 * Returns an object with an environment variable of this process. Returns an empty object if the variable is not set,
 * so the server's default applies.
 */
function inherited(name: string): Record<string, string> {
  const value = process.env[name];
  return value === undefined ? {} : { [name]: value };
}

async function startTimeout(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the server did not listen within ${START_TIMEOUT_MS / 1000} s`)),
      START_TIMEOUT_MS,
    );
    timer.unref();
    child.once("exit", () => clearTimeout(timer));
  });
}
