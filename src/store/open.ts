// Selects the store: by the settings of the server, or by an address that an operator gives to a command.
import { access, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { POSTGRES_URL } from "./postgres-url.ts";
import { openSqlite, SQLITE_FILE } from "./sqlite.ts";
import { type Store, StoreError } from "./store.ts";

/** The location of the player records. */
export interface StoreSettings {
  /** The folder of the SQLite file. */
  dataDir: string;
  /** The address of a PostgreSQL database. The store is the SQLite file if there is no address. */
  databaseUrl?: string | undefined;
}

/**
 * Opens the server's store for a command, even while a server uses the store.
 * @throws {StoreError} if the store cannot be used. The message names `DATA_DIR` or `DATABASE_URL`.
 */
export function openStore({ dataDir, databaseUrl }: StoreSettings): Promise<Store> {
  return databaseUrl === undefined ? openSqlite(join(dataDir, SQLITE_FILE)) : openPostgres(databaseUrl);
}

/**
 * Opens the store for a server. A second server on the same SQLite file is refused; PostgreSQL accepts several servers.
 * @throws {StoreError} if the store cannot be used. The message names `DATA_DIR` or `DATABASE_URL`.
 */
export function openServerStore({ dataDir, databaseUrl }: StoreSettings): Promise<Store> {
  return databaseUrl === undefined
    ? openSqlite(join(dataDir, SQLITE_FILE), "DATA_DIR", true)
    : openPostgres(databaseUrl);
}

/**
 * Opens the store at an address: a `postgres://` URL, a SQLite file, or the data folder that contains the file.
 * @param name the operator's name for the store, e.g. `FROM`.
 * @param mustExist whether a missing file is an error. A missing file is created if this is false.
 * @throws {StoreError} if the store cannot be used. The message begins with the name.
 */
export async function openStoreAt(address: string, name: string, mustExist: boolean): Promise<Store> {
  if (POSTGRES_URL.test(address)) return openPostgres(address, { setting: name });
  if (/^\w+:\/\//.test(address)) {
    throw new StoreError(name, "unknown kind of address", "expected a path or a postgres:// address");
  }
  const file = (await isFolder(address)) ? join(address, SQLITE_FILE) : address;
  if (mustExist && !(await exists(file))) {
    throw new StoreError(name, `there is no file ${file}`, "give the path of an existing store");
  }
  return openSqlite(file, name);
}

/** Opens PostgreSQL. The PostgreSQL client is loaded only here, so a server that uses SQLite starts without it. */
const openPostgres: typeof import("./postgres.ts").openPostgres = async (...settings) =>
  (await import("./postgres.ts")).openPostgres(...settings);

async function isFolder(path: string): Promise<boolean> {
  // A missing path counts as a folder, unless it has a file extension.
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? extname(path) === "";
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
