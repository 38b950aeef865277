// Starts a PostgreSQL server for a test, in a temporary folder. The test can stop, kill and restart it.
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createData, LocalPostgres, unprivilegedUser } from "../../bench/cluster/local-postgres.ts";
import { freePort } from "./free-port.ts";
import { runFolder } from "./run-folder.ts";

export { query } from "../../bench/cluster/local-postgres.ts";

/** The password of all PostgreSQL servers of the tests. Tests check that it is never printed. */
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
  const folder = mkdtempSync(join(tmpdir(), "sabang-postgres-"));
  const data = join(folder, "data");
  const { status, stderr } = spawnSync("cp", ["-a", dataOfRun(), data], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cp failed: ${stderr}`);
  const user = unprivilegedUser();
  if (user) chownSync(folder, user.uid, user.gid);

  const server = new LocalPostgres(data, await freePort(), PASSWORD);
  await server.start();
  return {
    database: () => server.createDatabase(),
    stop: () => server.end("SIGINT"),
    kill: () => server.end("SIGKILL"),
    start: () => server.start(),
    async remove() {
      await server.end("SIGQUIT");
      // After a kill, child processes of the server may still be running. The removal is retried if these processes
      // create files in the folder.
      rmSync(folder, { recursive: true, maxRetries: 10 });
    },
  };
}

/**
 * Returns the data folder of a server without databases. Each new server copies this folder. The first call in a test
 * run creates the folder with initdb. A copy takes a sixth of the time that initdb takes.
 */
function dataOfRun(): string {
  const shared = join(runFolder(), "postgres");
  if (existsSync(shared)) return shared;
  // Another worker may create the folder at the same time. Each worker prepares a folder of its own and renames it.
  // Only the first rename succeeds, and all workers use that folder.
  const data = createData(join(runFolder(), `postgres-${process.pid}`), PASSWORD);
  try {
    renameSync(data, shared);
  } catch (error) {
    if (!existsSync(shared)) throw error;
  }
  return shared;
}
