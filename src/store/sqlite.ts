// The default store: a SQLite file in the server's data folder.
import { access, constants, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InUseError, lockForServer } from "./server-lock.ts";
import { openSqlStore, type SqlStore } from "./sql-store.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";
import { StoreError } from "./store.ts";

/** The file's name in a data folder. */
export const SQLITE_FILE = "sabang.sqlite";

/** Maximum milliseconds that a save waits while a command (purge, copy) writes to the same file. */
const BUSY_TIMEOUT_MS = 2000;

/** Bytes that are written to a temporary file at start, to check the disk. */
const PROBE_BYTES = 64 * 1024;

/**
 * Opens a file. Creates it and its folder if they are missing.
 * @param setting the setting's name in error messages.
 * @param isServer whether to refuse a file that another server uses, and to lock it until the store is closed.
 * @throws {StoreError} if the folder or the file is not writable, the disk is full, or the file is not a database.
 */
export async function openSqlite(file: string, setting = "DATA_DIR", isServer = false): Promise<SqlStore> {
  const explain = (error: unknown) =>
    error instanceof StoreError
      ? error
      : new StoreError(setting, `${file} cannot be used: ${(error as Error).message}`, hintOf(error), error);
  let unlock: (() => void) | undefined;
  try {
    await probe(file);
    if (isServer) unlock = lockForServer(file);
  } catch (error) {
    throw explain(error);
  }
  const dialect = () => sqliteDialect({ path: file, busyTimeoutMs: BUSY_TIMEOUT_MS }, explain);
  // Two threads: one writes, and the other one reads. So a load does not wait for a save or its disk writes.
  return openSqlStore({ dialect: dialect(), reader: dialect(), explain, onClosed: unlock });
}

/**
 * Checks that a file and its folder are writable. SQLite opens even a read-only file without an error. Only
 * later saves would fail.
 */
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
  ["stop that server, or set another DATA_DIR", ["in use"]],
  ["start the version that wrote it, or a newer one", ["newer"]],
];

/**
 * Returns the hint for an error. File system errors have a `code`. SQLite errors have an `errcode`, whose low 8 bits
 * are the primary result code.
 */
function hintOf(error: unknown): string {
  const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
  const known = error instanceof InUseError ? "in use" : /previously executed migration/.test(message) && "newer";
  const key = known || (errcode ? errcode & 0xff : code);
  return HINTS.find(([, codes]) => codes.includes(key!))?.[0] ?? "check its disk";
}
