// One server process of a local cluster. It can be killed, paused, stopped and started again on the same port.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVER_CORE, start } from "../harness/children.ts";
import { startFlags } from "../harness/start-flags.ts";
import { waitFor } from "../harness/wait-for.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const START_TIMEOUT_MS = 60_000;

/** Characters of output that are kept for error messages. */
const MAX_OUTPUT_LENGTH = 4000;

/** Milliseconds within which a process must answer a request for its metrics. */
const METRICS_TIMEOUT_MS = 500;

/** One server process of a cluster. */
export class Member {
  readonly name: string;
  readonly port: number;
  readonly #folder: string;
  readonly #environment: Record<string, string>;
  readonly #onOutput: (text: string) => void;
  #child: ChildProcess | undefined;
  #output = "";

  /**
   * @param folder the folder in which the process's data folder is created.
   * @param environment environment variables for the process, in addition to those that `start` sets.
   * @param onOutput is called with everything that the process prints.
   */
  constructor(
    name: string,
    port: number,
    folder: string,
    environment: Record<string, string>,
    onOutput: (text: string) => void,
  ) {
    this.name = name;
    this.port = port;
    this.#folder = join(folder, name.replaceAll(" ", "-"));
    this.#environment = environment;
    this.#onOutput = onOutput;
    mkdirSync(this.#folder, { recursive: true });
  }

  /** The process id; undefined before the first start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether the process has been started and has not ended. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The last output of the process, including the output of earlier starts. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process. Resolves when it listens. */
  async start(): Promise<void> {
    const child = start(SERVER_CORE, process.execPath, [...startFlags(), "src/main.ts"], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        HOST: "127.0.0.1",
        PORT: String(this.port),
        DATA_DIR: this.#folder,
        DOTENV_CONFIG_QUIET: "true",
        ...this.#environment,
      } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
      // The child gets its own process group. Otherwise Ctrl-C would send a signal to all processes at once, but they
      // must end one after the other.
      detached: true,
    });
    this.#child = child;
    let isListening = false;
    const onOutput = (chunk: Buffer) => {
      const text = String(chunk);
      isListening ||= text.includes("listening on port");
      this.#output = (this.#output + text).slice(-MAX_OUTPUT_LENGTH);
      this.#onOutput(text);
    };
    child.stdout!.on("data", onOutput);
    child.stderr!.on("data", onOutput);
    const listens = () => {
      if (!this.isRunning) throw new Error(`${this.name} exited before it listened:\n${this.#output}`);
      return isListening;
    };
    await waitFor(`${this.name} listens`, listens, START_TIMEOUT_MS);
  }

  /** Sends a signal to the process. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Sends a signal that ends the process. @returns the exit code; null if the signal ended it. */
  async end(name: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(name);
    const [code] = await ended;
    return code as number | null;
  }

  /** Returns the metrics of the process as text; undefined if it does not answer. */
  async metrics(): Promise<string | undefined> {
    try {
      const signal = AbortSignal.timeout(METRICS_TIMEOUT_MS);
      const answer = await fetch(`http://127.0.0.1:${this.port}/metrics`, { signal });
      return answer.ok ? await answer.text() : undefined;
    } catch {
      return undefined;
    }
  }
}
