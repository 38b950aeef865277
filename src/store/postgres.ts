// The PostgreSQL store, for servers on more than one machine.
import { PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from "kysely";
import pg from "pg";
import { POSTGRES_URL } from "./postgres-url.ts";
import { openSqlStore, type SqlStore } from "./sql-store.ts";
import { StoreError } from "./store.ts";

/** Connections per process: one for saves, the others for loads. */
const CONNECTIONS = 4;

interface PostgresOptions {
  /** The setting's name in error messages. */
  setting?: string;
  /** Milliseconds within which the server must accept a connection, and complete a statement. */
  timeoutMs?: number;
}

/**
 * Connects to a database.
 * @throws {StoreError} if the address is invalid, or if the server does not answer in time or rejects the user.
 */
export async function openPostgres(
  url: string,
  { setting = "DATABASE_URL", timeoutMs = 3000 }: PostgresOptions = {},
): Promise<SqlStore> {
  const settings = {
    connectionString: url,
    application_name: "sabang",
    keepAlive: true,
    max: CONNECTIONS,
    connectionTimeoutMillis: timeoutMs,
    // PostgreSQL must time out before this client does (`query_timeout`). Otherwise each retry of a save that waits for
    // a lock would leave a session open in PostgreSQL.
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: 2 * timeoutMs,
    query_timeout: timeoutMs + 1000,
    types: { getTypeParser },
  };
  const address = addressOf(url, settings, setting);
  const explain = (error: unknown) =>
    error instanceof StoreError
      ? error
      : new StoreError(setting, `PostgreSQL at ${address} cannot be used: ${reasonOf(error)}`, hintOf(error), error);
  return openSqlStore({
    dialect: new PostgresDialect({ pool: new Connections(settings, explain) }),
    explain,
    waitForWriters: sql`lock table places in share row exclusive mode`,
  });
}

/** Returns host, port and database of a URL. Only these parts may be shown, because the others contain the password. */
function addressOf(url: string, settings: pg.ClientConfig, setting: string): string {
  try {
    if (!POSTGRES_URL.test(url)) throw new Error("another scheme");
    const { host, port, database } = new pg.Client(settings);
    return `${host}:${port}/${database}`;
  } catch {
    // Do not pass the error as `cause`: it contains the URL, which contains the password.
    throw new StoreError(
      setting,
      "not the address of a PostgreSQL database",
      "expected postgres://user:password@host:port/database, special characters of the password percent-encoded",
    );
  }
}

/**
 * Parses 64-bit integers as numbers. By default `pg` returns them as strings, but all integers in our tables fit into a
 * JavaScript number.
 */
const getTypeParser = ((type: number, format?: "text" | "binary") =>
  type === pg.types.builtins.INT8 && format !== "binary"
    ? Number
    : pg.types.getTypeParser(type, format as "text")) as typeof pg.types.getTypeParser;

/** A connection pool that survives lost connections. */
class Connections implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #explain: (error: unknown) => StoreError;

  constructor(settings: pg.PoolConfig, explain: (error: unknown) => StoreError) {
    this.#explain = explain;
    this.#pool = new pg.Pool(settings);
    // A connection can be lost while no query is pending, whether it is idle in the pool or in use. Without a listener,
    // its error event would end the process. The next query reports the loss.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  async connect(): Promise<PostgresPoolClient> {
    const explain = this.#explain;
    const client = await this.#pool.connect().catch((error) => {
      throw explain(error);
    });
    let lost: StoreError | undefined;
    const query = async (text: string, parameters: readonly unknown[]) => {
      if (lost) throw lost;
      try {
        return await client.query(text, [...parameters]);
      } catch (error) {
        const failure = explain(error);
        // A connection stays usable after an error that PostgreSQL reports. After any other error, such as a timeout,
        // the connection may be dead. The next query on it would then time out even if PostgreSQL is available again.
        if (!(error instanceof pg.DatabaseError)) lost = failure;
        throw failure;
      }
    };
    // The type of `query` has an overload for cursors. The dialect has no cursor setting, so it never uses that
    // overload.
    return { query: query as unknown as PostgresPoolClient["query"], release: () => client.release(lost) };
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/**
 * Returns the message of an error. If a host has several addresses, the error is an AggregateError without a message.
 * An AggregateError contains one error per address.
 */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return (error as Error).message;
}

const HINTS: [hint: string, code: RegExp][] = [
  ["correct its user and password", /^28/],
  ["create that database", /^3D000$/],
  ["allow its user to create and change tables there", /^42501$/],
  ["name the primary server, not a replica", /^25006$/],
  ["free some space on its disk", /^53100$/],
  ["raise its max_connections, or close other connections", /^53300$/],
  ["find out what it waits for: pg_stat_activity shows locks and load", /^(57014|55P03|40P01)$/],
  ["start it, or correct its address", /^(E[A-Z_]+|57P0\d|)$/],
  ["start the version that wrote it, or a newer one", /^newer$/],
];

/**
 * Returns the hint for an error. `code` is the SQLSTATE of a PostgreSQL error, or the code of a network error. A
 * timeout has no code.
 */
function hintOf(error: unknown): string {
  const { code = "", message } = error as { code?: string; message: string };
  const key = /previously executed migration/.test(message) ? "newer" : code;
  return HINTS.find(([, pattern]) => pattern.test(key))?.[0] ?? "see its own log";
}
