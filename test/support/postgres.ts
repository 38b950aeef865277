// Starts a PostgreSQL server for a test, in a temporary folder. The test can stop, kill and restart it.
import { type ChildProcess, type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { runFolder } from "./run-folder.ts";
import { until } from "./until.ts";

/** The password of all servers. Tests check that it is never printed. */
export const PASSWORD = "s3cret/pass word";

/** A running server. */
export interface Postgres {
  /** Creates an empty database. @returns its URL, including user and password. */
  database(): Promise<string>;
  /** Stops the server. The server notifies all connections. */
  stop(): Promise<void>;
  /** Kills the server with SIGKILL. */
  kill(): Promise<void>;
  /** Starts the server again, with the same port and data. */
  start(): Promise<void>;
  /** Stops the server and removes its data. */
  remove(): Promise<void>;
}

/** Creates a server on a free port of 127.0.0.1 and starts it. */
export async function startPostgres(): Promise<Postgres> {
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "sabang-postgres-"));
  const data = join(folder, "data");
  const options = { ...user, cwd: folder };
  runOrThrow("cp", ["-a", clusterOfRun(user), data]);
  if (user) chownSync(folder, user.uid, user.gid);

  const port = await freePort();
  const urlOf = (database: string) => `postgres://sabang:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`;
  let server: ChildProcess;
  let databases = 0;

  async function start(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "log_min_messages=panic"];
    const run = () =>
      spawn("postgres", ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])], {
        ...options,
        stdio: "ignore",
      });
    server = run();
    await until(async () => {
      // Remaining processes of a killed server lock its data for a moment. A new server exits at once then.
      if (server.exitCode !== null) server = run();
      return query(urlOf("postgres"), "select 1").then(
        () => true,
        () => false,
      );
    }, 30_000);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, "exit");
  }

  await start();
  return {
    async database() {
      const name = `test_${databases++}`;
      await query(urlOf("postgres"), `create database ${name}`);
      return urlOf(name);
    },
    stop: () => end("SIGINT"),
    kill: () => end("SIGKILL"),
    start,
    async remove() {
      await end("SIGQUIT");
      // After a kill, its child processes may still be exiting and leave a file.
      rmSync(folder, { recursive: true, maxRetries: 10 });
    },
  };
}

/** Returns an empty cluster. The first test that needs one creates it; copying it takes a sixth of the time. */
function clusterOfRun(user: User | undefined): string {
  const cluster = join(runFolder(), "postgres");
  if (existsSync(cluster)) return cluster;
  // Another worker may create one at the same time. Each uses its own folder, and the first to finish wins.
  const folder = join(runFolder(), `postgres-${process.pid}`);
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  mkdirSync(folder);
  writeFileSync(passwordFile, PASSWORD);
  for (const path of user ? [folder, passwordFile] : []) chownSync(path, user!.uid, user!.gid);
  const settings = ["-U", "sabang", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--no-sync"];
  runOrThrow("initdb", ["-D", data, ...settings], { ...user, cwd: folder });
  try {
    renameSync(data, cluster);
  } catch (error) {
    if (!existsSync(cluster)) throw error;
  }
  return cluster;
}

function runOrThrow(program: string, args: string[], options: SpawnSyncOptions = {}): void {
  const { status, error, stderr } = spawnSync(program, args, { ...options, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} failed: ${error ?? stderr}`);
}

/** Runs one statement on a new connection. */
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

interface User {
  uid: number;
  gid: number;
}

/** Returns the user for the server, which refuses to run as root. Undefined means the user of the tests. */
function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
  return { uid: idOf("-u"), gid: idOf("-g") };
}
