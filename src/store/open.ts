// Which store it is: by the server's settings, or by the address that an operator writes.
import { access, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { POSTGRES_URL } from "./postgres-url.ts";
import { openSqlite, SQLITE_FILE } from "./sqlite.ts";
import { type Store, StoreError } from "./store.ts";

/** Where the places are. */
export interface StoreSettings {
  /** The folder of the SQLite file. */
  dataDir: string;
  /** A PostgreSQL address, which then is the store. */
  databaseUrl?: string | undefined;
}

/**
 * Opens the server's store.
 * @throws {StoreError} that names `DATA_DIR` or `DATABASE_URL`.
 */
export function openStore({ dataDir, databaseUrl }: StoreSettings): Promise<Store> {
  return databaseUrl === undefined ? openSqlite(join(dataDir, SQLITE_FILE)) : openPostgres(databaseUrl);
}

/**
 * Opens the store at an address: a `postgres://` URL, a SQLite file, or the data folder that holds one.
 * @param name what the operator calls it, e.g. `FROM`.
 * @param mustExist refuses a file that is not there, where one would be made otherwise.
 * @throws {StoreError} that begins with the name.
 */
export async function openStoreAt(address: string, name: string, mustExist: boolean): Promise<Store> {
  if (POSTGRES_URL.test(address)) return openPostgres(address, { setting: name });
  if (/^\w+:\/\//.test(address)) {
    throw new StoreError(name, "an address of a kind that is not known", "expected a path or a postgres:// address");
  }
  const file = (await isFolder(address)) ? join(address, SQLITE_FILE) : address;
  if (mustExist && !(await exists(file))) {
    throw new StoreError(name, `there is no file ${file}`, "name a store that exists");
  }
  return openSqlite(file, name);
}

/** Opens PostgreSQL. Its client is loaded only here: a server on SQLite starts without it. */
const openPostgres: typeof import("./postgres.ts").openPostgres = async (...settings) =>
  (await import("./postgres.ts")).openPostgres(...settings);

async function isFolder(path: string): Promise<boolean> {
  // What is not there yet is a folder unless it is called like a file.
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? extname(path) === "";
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
