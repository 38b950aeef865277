// The default store: a SQLite file in the server's data folder.
import { access, constants, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openSqlStore, type SqlStore } from "./sql-store.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { StoreError } from "./store.ts";

/** The file's name within a data folder. */
export const SQLITE_FILE = "sabang.sqlite";

/** Milliseconds for which a save waits while a command (purge, copy) writes to the same file. */
const BUSY_TIMEOUT_MS = 2000;

/** Bytes that a disk has to take at start. */
const PROBE_BYTES = 64 * 1024;

/**
 * Opens a file, and makes it and its folder when they are missing.
 * @param setting what the operator calls it in faults.
 * @throws {StoreError} for a folder or a file that cannot be written to, a full disk, a file that is no database.
 */
export async function openSqlite(file: string, setting = "DATA_DIR"): Promise<SqlStore> {
  const explain = (error: unknown) =>
    error instanceof StoreError
      ? error
      : new StoreError(setting, `${file} cannot be used: ${(error as Error).message}`, mendOf(error), error);
  try {
    await probe(file);
  } catch (error) {
    throw explain(error);
  }
  const dialect = () => sqliteDialect({ path: file, busyTimeoutMs: BUSY_TIMEOUT_MS }, explain);
  // Two threads: who joins is not held up by a save, nor by the disk that the save waits for.
  return openSqlStore({ dialect: dialect(), reader: dialect(), explain });
}

/** Tries a file and its folder. SQLite opens what it cannot write to without a word, and fails at the first save. */
async function probe(file: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  const scratch = join(folder, `.probe-${process.pid}`);
  try {
    await writeFile(scratch, new Uint8Array(PROBE_BYTES), { flush: true });
  } finally {
    await rm(scratch, { force: true });
  }
  await access(file, constants.W_OK).catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
}

const HINTS: [mend: string, codes: (string | number)[]][] = [
  ["let the user that runs the server write to the file and its folder", ["EACCES", "EPERM", "EROFS", 3, 8, 14]],
  ["free some space on its disk", ["ENOSPC", "EDQUOT", 13]],
  ["name a folder, not a file", ["ENOTDIR", "EEXIST"]],
  ["restore it from a backup, or move it away to begin with nothing", [11, 26]],
  ["stop the other process that is writing to it", [5, 6]],
  ["start the version that wrote it, or a newer one", ["newer"]],
];

/** What to do about an error: of the file system by its `code`, of SQLite by its primary result code. */
function mendOf(error: unknown): string {
  const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
  const sign = /previously executed migration/.test(message) ? "newer" : errcode ? errcode & 0xff : code;
  return HINTS.find(([, codes]) => codes.includes(sign!))?.[0] ?? "look at the disk it is on";
}
