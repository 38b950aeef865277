// The thread that owns a SQLite file. However slow the disk is, only this thread waits for it.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

/** What the thread is started with. */
export interface SqliteFile {
  path: string;
  /** Milliseconds for which a statement waits while another process writes. */
  busyTimeoutMs: number;
}

/** What the thread is asked; null asks it to end. */
export type Statement = { sql: string; parameters: readonly unknown[] } | null;

/** What it answers to each statement, in order. `errcode` is SQLite's own. */
export type Answer = { rows: unknown[]; changes: number } | { message: string; errcode: number };

const { path, busyTimeoutMs } = workerData as SqliteFile;
const database = new DatabaseSync(path);
database.exec(`pragma busy_timeout = ${busyTimeoutMs}`);
// Readers and the writer do not wait for each other, and a commit is in the hands of the operating system: it outlives
// this process, however that ends. Only a power cut may take the last commits; the file stays sound even then.
database.exec("pragma journal_mode = wal");
database.exec("pragma synchronous = normal");
// Copying the log into the file is what a save pays most for. In pages of 4 kB: the larger the log, the more often a
// page that every save changes is copied but once (2000 players walking: 110 ms a save with the default of 1000).
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
