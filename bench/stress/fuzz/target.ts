// The server under attack: sabang with its production settings, in a child process. All of its output is kept.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFlags } from "../../harness/start-flags.ts";
import { type AskVitals, STATS_AGENT_ARGS, vitalsOf } from "../../harness/vitals.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;

/** Values that no response of the server may contain. */
export const SECRETS = {
  MONITOR_PASSWORD: "the password under attack",
  JWT_SECRET: "the secret under attack, which no response may contain",
};

/** Timeout for the server to listen, in milliseconds. */
const START_TIMEOUT_MS = 30_000;

/** The number of the log level `error`. Lines of this level or above are failures: an attack must not cause errors. */
const ERROR_LEVEL = 50;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A server that is listening. */
export interface Target {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Queries the server's memory and event loop delay from its stats agent. */
  readonly vitals: AskVitals;
  /** Returns the log lines of level `error` or above, and all output that is not from the log. */
  faults(): string[];
  /** Describes how the server exited; undefined while it is running. */
  end(): string | undefined;
  /** Returns the number of open file descriptors. Requires /proc. */
  descriptors(): number;
  /** Returns the number of connections in all rooms, from the monitor. */
  players(): Promise<number>;
  /** Kills the server and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts the server on a free port.
 * @throws {Error} if it does not listen within 30 s.
 */
export async function startTarget(environment: Record<string, string> = {}): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "sabang-hostile-"));
  const child = spawn(process.execPath, [...startFlags(), ...STATS_AGENT_ARGS, "src/main.ts"], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOST: "127.0.0.1",
      PORT: "0",
      NODE_ENV: "production",
      NODE_NO_WARNINGS: "1",
      DOTENV_CONFIG_QUIET: "true",
      LOG_LEVEL: "info",
      DATA_DIR: folder,
      ...SECRETS,
      ...environment,
    } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const port = await portOf(child, printed);
  const announced = printed.stdout.length;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    vitals: vitalsOf(child),
    faults: () => [
      ...printed.stdout.slice(announced).split("\n").filter(isFault),
      ...printed.stderr.split("\n").filter((line) => line !== "" && !/injected env/.test(line)),
    ],
    end: () => {
      if (child.exitCode === null && child.signalCode === null) return undefined;
      const output = `${printed.stdout.slice(-2000)}${printed.stderr.slice(-2000)}`;
      return `the server exited (${child.signalCode ?? child.exitCode}): ${output}`;
    },
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    players: async () => {
      const authorization = `Basic ${Buffer.from(`admin:${SECRETS.MONITOR_PASSWORD}`).toString("base64")}`;
      const answer = await fetch(`http://127.0.0.1:${port}/monitor/api`, {
        headers: { authorization, connection: "close", "sec-fetch-site": "none" },
      });
      const { rooms } = (await answer.json()) as { rooms: { clients: number }[] };
      return rooms.reduce((sum, { clients }) => sum + clients, 0);
    },
    stop: async () => {
      if (running.has(child)) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function portOf(child: ChildProcess, printed: { stdout: string; stderr: string }): Promise<number> {
  const end = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const match = /listening on port (\d+)\n[\s\S]*\/websocket\n\n/.exec(printed.stdout);
    if (match) return Number(match[1]);
    if (child.exitCode !== null || performance.now() > end) {
      throw new Error(`the server did not start listening: ${printed.stdout}${printed.stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Returns whether a line of output counts as a failure. A line that is not JSON counts, because it is not from the log.
 */
function isFault(line: string): boolean {
  if (line === "") return false;
  try {
    return (JSON.parse(line) as { level: number }).level >= ERROR_LEVEL;
  } catch {
    return true;
  }
}
