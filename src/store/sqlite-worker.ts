// A worker thread that owns a SQLite connection. Only this thread waits for the disk.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** The thread's settings. */
export interface SqliteFile {
  path: string;
  /** Maximum milliseconds that a statement waits while another process writes. */
  busyTimeoutMs: number;
}

/** A statement for the thread to execute. Null ends the thread. */
export type Statement = { sql: string; parameters: readonly unknown[] } | null;

/**
 * The thread's answer to a statement. Answers come in the order of the statements. `errcode` is the error code of
 * SQLite.
 */
export type Answer = { rows: unknown[]; changes: number } | { message: string; errcode: number };

/** The error code of SQLite for a locked database. */
const SQLITE_BUSY = 5;

/** Milliseconds between two attempts to enter WAL mode. */
const WAL_RETRY_MS = 20;

const { path, busyTimeoutMs } = workerData as SqliteFile;
const database = new DatabaseSync(path);
database.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
// In WAL mode readers and the writer do not wait for each other. A commit is handed to the operating system, so it
// survives a crash of this process. Only a power cut may lose the last commits; the file stays intact even then.
enterWalMode();
database.exec("pragma synchronous = normal");
// A checkpoint copies the log into the file, which is the main cost of the saves. Saves change the same pages again and
// again, so with a larger log each page is copied less often. A checkpoint starts at 8000 pages of 4 kB. At the default
// of 1000 pages, a save of 2000 walking players would take 110 ms.
database.exec("pragma wal_autocheckpoint = 8000");

parentPort!.on("message", (statement: Statement) => {
  if (statement) return parentPort!.postMessage(answerTo(statement.sql, statement.parameters as SQLInputValue[]));
  database.close();
  parentPort!.close();
});

/**
 * Switches the file to WAL mode. Retries while the file is locked. SQLite does not wait for the busy timeout if several
 * connections switch a new file to WAL mode at the same time.
 */
function enterWalMode(): void {
  const end = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      database.exec("pragma journal_mode = wal");
      return;
    } catch (error) {
      // The low 8 bits of an extended error code are the primary result code.
      const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
      if (code !== SQLITE_BUSY || performance.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS);
    }
  }
}

function answerTo(sql: string, parameters: SQLInputValue[]): Answer {
  try {
    const statement = database.prepare(sql);
    if (statement.columns().length > 0) return { rows: statement.all(...parameters), changes: 0 };
    return { rows: [], changes: Number(statement.run(...parameters).changes) };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { message, errcode: errcode ?? 0 };
  }
}
