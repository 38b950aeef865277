// Finds the store of the server. A command runs with the same environment variables as the server.
import { readStoreConfig } from "../config.ts";
import type { StoreSettings } from "../store/open.ts";

/** Returns the store settings of an environment. @throws {ConfigError} */
export function storeSettings(environment: Record<string, string | undefined>): StoreSettings {
  const { DATA_DIR, DATABASE_URL } = readStoreConfig(environment);
  return { dataDir: DATA_DIR, databaseUrl: DATABASE_URL };
}
