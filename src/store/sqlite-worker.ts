// The thread that owns a SQLite connection. Only this thread waits for the disk.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** The thread's settings. */
export interface SqliteFile {
  path: string;
  /** Milliseconds that a statement waits while another process writes. */
  busyTimeoutMs: number;
}

/** A statement for the thread to execute. Null ends the thread. */
export type Statement = { sql: string; parameters: readonly unknown[] } | null;

/** The thread's answer to a statement. Answers come in the order of the statements. `errcode` is SQLite's own. */
export type Answer = { rows: unknown[]; changes: number } | { message: string; errcode: number };

const { path, busyTimeoutMs } = workerData as SqliteFile;
const database = new DatabaseSync(path);
database.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
// In WAL mode readers and the writer do not wait for each other. A commit is handed to the operating system, so it
// survives a crash of this process. Only a power cut may lose the last commits; the file stays intact even then.
database.exec("pragma journal_mode = wal");
database.exec("pragma synchronous = normal");
// Copying the log into the file is the main cost of a save. Saves change the same pages again and again, and with a
// larger log each page is copied less often. The unit is pages of 4 kB. With the default of 1000, a save of 2000
// walking players takes 110 ms.
database.exec("pragma wal_autocheckpoint = 8000");

parentPort!.on("message", (statement: Statement) => {
  if (statement) return parentPort!.postMessage(answerTo(statement.sql, statement.parameters as SQLInputValue[]));
  database.close();
  parentPort!.close();
});

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
