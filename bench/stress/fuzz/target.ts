// The server under attack: the real one, as in production, in a process of its own, with all it says kept.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFlags } from "../../harness/start-flags.ts";
import { type AskVitals, STATS_AGENT_ARGS, vitalsOf } from "../../harness/vitals.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;

/** What must never come out of the server, whatever is asked for. */
export const SECRETS = {
  MONITOR_PASSWORD: "the password under attack",
  JWT_SECRET: "the secret under attack, which nobody is to read",
};

/** Milliseconds within which it must listen. */
const START_MS = 30_000;

/** From this level on a log line is a fault: an attack is no reason for one. */
const ERROR_LEVEL = 50;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A server that listens. */
export interface Target {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Its memory and its delays, as it sees them itself. */
  readonly vitals: AskVitals;
  /** Lines of its log from `error` on, and all that it wrote past its log. */
  faults(): string[];
  /** How it ended, if it has: it must not. */
  end(): string | undefined;
  /** Open file descriptors, where /proc tells. */
  descriptors(): number;
  /** How many connections its rooms have, by the monitor. */
  players(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the server on a free port. */
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
      return `it ended (${child.signalCode ?? child.exitCode}): ${printed.stdout.slice(-2000)}${printed.stderr.slice(-2000)}`;
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
  const end = performance.now() + START_MS;
  for (;;) {
    const match = /listening on port (\d+)\n[\s\S]*\/websocket\n\n/.exec(printed.stdout);
    if (match) return Number(match[1]);
    if (child.exitCode !== null || performance.now() > end) {
      throw new Error(`the server does not listen: ${printed.stdout}${printed.stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a line of the log is one that an attack is no reason for; what is no JSON object did not come from the log. */
function isFault(line: string): boolean {
  if (line === "") return false;
  try {
    return (JSON.parse(line) as { level: number }).level >= ERROR_LEVEL;
  } catch {
    return true;
  }
}
