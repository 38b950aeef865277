// The default store: a SQLite file in the server's data folder.
import { access, constants, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openSqlStore, type SqlStore } from "./sql-store.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { StoreError } from "./store.ts";

/** The file's name in a data folder. */
export const SQLITE_FILE = "sabang.sqlite";

/** Milliseconds for which a save waits while a command (purge, copy) writes to the same file. */
const BUSY_TIMEOUT_MS = 2000;

/** Bytes that are written at start, to check the disk. */
const PROBE_BYTES = 64 * 1024;

/**
 * Opens a file. Creates it and its folder if they are missing.
 * @param setting the setting's name in error messages.
 * @throws {StoreError} if the folder or the file is not writable, the disk is full, or the file is not a database.
 */
export async function openSqlite(file: string, setting = "DATA_DIR"): Promise<SqlStore> {
  const explain = (error: unknown) =>
    error instanceof StoreError
      ? error
      : new StoreError(setting, `${file} cannot be used: ${(error as Error).message}`, hintOf(error), error);
  try {
    await probe(file);
  } catch (error) {
    throw explain(error);
  }
  const dialect = () => sqliteDialect({ path: file, busyTimeoutMs: BUSY_TIMEOUT_MS }, explain);
  // Two threads: a join does not wait for a save, nor for the disk.
  return openSqlStore({ dialect: dialect(), reader: dialect(), explain });
}

/** Checks that a file and its folder are writable. SQLite opens a read-only file without error; only saves fail. */
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

const HINTS: [hint: string, codes: (string | number)[]][] = [
  ["allow the server's user to write to the file and its folder", ["EACCES", "EPERM", "EROFS", 3, 8, 14]],
  ["free some space on its disk", ["ENOSPC", "EDQUOT", 13]],
  ["give a folder, not a file", ["ENOTDIR", "EEXIST"]],
  ["restore it from a backup, or move it away to start with an empty store", [11, 26]],
  ["stop the other process that writes to it", [5, 6]],
  ["start the version that wrote it, or a newer one", ["newer"]],
];

/** Returns the hint for an error: of the file system by its `code`, of SQLite by its primary result code. */
function hintOf(error: unknown): string {
  const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
  const key = /previously executed migration/.test(message) ? "newer" : errcode ? errcode & 0xff : code;
  return HINTS.find(([, codes]) => codes.includes(key!))?.[0] ?? "check its disk";
}
