// Runs a Redis server with the program of this machine. The server keeps its data in memory only.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { LOAD_CORE, start } from "../harness/children.ts";
import { waitFor } from "../harness/wait-for.ts";
import { programPath } from "./programs.ts";

const START_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 5000;

/** A Redis server on a port of 127.0.0.1. After each start it is empty. */
export class LocalRedis {
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  /** @param folder an existing folder. */
  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** The process id of the server. */
  get pid(): number {
    return this.#child!.pid!;
  }

  /** Starts the server. Resolves when it answers. */
  async start(): Promise<void> {
    const settings = ["--bind", "127.0.0.1", "--port", String(this.#port), "--dir", this.#folder];
    const inMemory = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"];
    this.#child = start(LOAD_CORE, programPath("redis-server"), [...settings, ...inMemory], {
      stdio: "ignore",
      detached: true,
    });
    const isReady = () => {
      const { exitCode } = this.#child!;
      if (exitCode !== null) throw new Error(`redis-server exited with code ${exitCode} right after its start`);
      return this.command("PING").then(
        (answer) => answer.startsWith("+PONG"),
        () => false,
      );
    };
    await waitFor("the Redis server answers", isReady, START_TIMEOUT_MS);
  }

  /** Sends a command. Its arguments must not contain spaces. @returns the raw answer. */
  async command(text: string): Promise<string> {
    const socket = connect(this.#port, "127.0.0.1").setTimeout(COMMAND_TIMEOUT_MS, () => socket.destroy());
    socket.end(`${text}\r\n`);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    return answer;
  }

  /** Kills the server. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}
