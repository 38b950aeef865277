// Lets only one server use a SQLite file. The lock is a SQLite lock on a second file. The operating system releases the
// lock when the process ends, even after a crash. A file with the server's process id would not work, because the id is
// 1 in every container.
import { hostname } from "node:os";
import { DatabaseSync } from "node:sqlite";

/** Milliseconds to wait for a server that is about to end. */
const TIMEOUT_MS = 2000;

/** SQLite's result code for a lock that another connection holds. */
const SQLITE_BUSY = 5;

/** The server that holds a lock. */
interface Holder {
  host: string;
  startedAt: string;
}

/** Another server uses the file. */
export class InUseError extends Error {
  constructor(holder: Holder | undefined) {
    super(
      `${holder ? `a server on the host ${holder.host}, started at ${holder.startedAt},` : "a server"} is using it`,
    );
    this.name = "InUseError";
  }
}

/**
 * Takes the lock of a SQLite file for this process.
 * @returns a function that releases the lock.
 * @throws {InUseError} if another server holds the lock. Any other SQLite error is thrown as it is.
 */
export function lockForServer(file: string): () => void {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: TIMEOUT_MS });
  try {
    begin(lock);
    lock.exec("create table if not exists holder (host text, started_at text); delete from holder");
    lock.prepare("insert into holder values (?, ?)").run(hostname(), new Date().toISOString());
    // Other servers can read the holder only after a commit. The commit releases the lock, so a second transaction
    // takes the lock again, and stays open. Another server that takes the lock in between becomes the holder.
    lock.exec("commit");
    begin(lock);
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => lock.close();
}

/** Begins a transaction during which other connections can read but not write. */
function begin(lock: DatabaseSync): void {
  try {
    lock.exec("begin immediate");
  } catch (error) {
    throw (error as { errcode?: number }).errcode === SQLITE_BUSY ? new InUseError(holderOf(lock)) : error;
  }
}

/** Returns the server that holds the lock; undefined if it has not committed its name yet. */
function holderOf(lock: DatabaseSync): Holder | undefined {
  try {
    return lock.prepare("select host, started_at as startedAt from holder").get() as unknown as Holder | undefined;
  } catch {
    return undefined;
  }
}
