// Runs a PostgreSQL server in a folder of its own, with the programs of this machine.
import { type ChildProcess, type SpawnSyncOptions, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { LOAD_CORE, start } from "../harness/children.ts";
import { waitFor } from "../harness/wait-for.ts";
import { programPath } from "./programs.ts";

/** The user that owns the databases. */
const OWNER = "sabang";

const START_TIMEOUT_MS = 30_000;

/** The settings of the servers. The data need not survive a crash of the machine, so PostgreSQL does not flush it. */
const SETTINGS = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "log_min_messages=panic"];

/** A user and a group of the machine. */
interface User {
  uid: number;
  gid: number;
}

/**
 * Returns the user for the server, which refuses to run as root. Returns undefined if this process does not run as
 * root: the user of this process can then run the server.
 */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
  return { uid: idOf("-u"), gid: idOf("-g") };
}

/**
 * Creates the data folder of a server.
 * @param folder an empty or missing folder, which will belong to the user of the server.
 * @returns the path of the data folder, which is in `folder`.
 */
export function createData(folder: string, password: string): string {
  const user = unprivilegedUser();
  const passwordFile = join(folder, "password");
  const data = join(folder, "data");
  mkdirSync(folder, { recursive: true });
  writeFileSync(passwordFile, password);
  for (const path of user ? [folder, passwordFile] : []) chownSync(path, user!.uid, user!.gid);
  const settings = ["-U", OWNER, "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--no-sync"];
  runOrThrow(programPath("initdb"), ["-D", data, ...settings], { ...user, cwd: folder });
  return data;
}

/** A PostgreSQL server on a port of 127.0.0.1. */
export class LocalPostgres {
  readonly #data: string;
  readonly #port: number;
  readonly #password: string;
  #child: ChildProcess | undefined;
  #databases = 0;

  /** @param data the data folder. */
  constructor(data: string, port: number, password: string) {
    this.#data = data;
    this.#port = port;
    this.#password = password;
  }

  /** Starts the server. Resolves when it accepts connections. */
  async start(): Promise<void> {
    const args = ["-D", this.#data, "-p", String(this.#port), ...SETTINGS.flatMap((setting) => ["-c", setting])];
    const run = () => {
      const options = { ...unprivilegedUser(), cwd: this.#data, stdio: "ignore", detached: true } as const;
      this.#child = start(LOAD_CORE, programPath("postgres"), args, options);
    };
    run();
    const isReady = async () => {
      // Starts the server again if it has exited. A new server exits at once while processes of a killed server still
      // lock the data.
      if (this.#child!.exitCode !== null) run();
      return query(this.#urlOf("postgres"), "select 1").then(
        () => true,
        () => false,
      );
    };
    await waitFor("the PostgreSQL server accepts connections", isReady, START_TIMEOUT_MS);
  }

  /** Creates an empty database. @returns its URL, including user and password. */
  async createDatabase(): Promise<string> {
    const name = `database_${this.#databases++}`;
    await query(this.#urlOf("postgres"), `create database ${name}`);
    return this.#urlOf(name);
  }

  /** Sends a signal to the server and waits until it has exited. SIGINT stops it, SIGKILL kills it. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  #urlOf(database: string): string {
    return `postgres://${OWNER}:${encodeURIComponent(this.#password)}@127.0.0.1:${this.#port}/${database}`;
  }
}

/** Runs one statement on a new connection. @returns the rows. */
export async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function runOrThrow(program: string, args: string[], options: SpawnSyncOptions): void {
  const { status, error, stderr } = spawnSync(program, args, { ...options, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} failed: ${error ?? stderr}`);
}
