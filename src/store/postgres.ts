// The store for more than one machine: PostgreSQL.
import { PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from "kysely";
import pg from "pg";
import { POSTGRES_URL } from "./postgres-url.ts";
import { openSqlStore, type SqlStore } from "./sql-store.ts";
import { StoreError } from "./store.ts";

/** Connections of one process: one saves, the others load. */
const CONNECTIONS = 4;

interface PostgresOptions {
  /** What the operator calls it in faults. */
  setting?: string;
  /** Milliseconds within which the server has to take a connection, and to be through with a statement. */
  timeoutMs?: number;
}

/**
 * Connects to a database.
 * @throws {StoreError} for an address that is none, a server that does not answer in time or refuses the user.
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
    // The server gives up first. Otherwise a save that waits for a lock leaves a session behind at every retry.
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: 2 * timeoutMs,
    query_timeout: timeoutMs + 1000,
    types: { getTypeParser },
  };
  const address = addressOf(url, settings, setting);
  const explain = (error: unknown) =>
    error instanceof StoreError
      ? error
      : new StoreError(setting, `PostgreSQL at ${address} cannot be used: ${reasonOf(error)}`, mendOf(error), error);
  return openSqlStore({
    dialect: new PostgresDialect({ pool: new Connections(settings, explain) }),
    explain,
    waitForWriters: sql`lock table places in share row exclusive mode`,
  });
}

/** Host, port and database of a URL: it is what may be shown. */
function addressOf(url: string, settings: pg.ClientConfig, setting: string): string {
  try {
    if (!POSTGRES_URL.test(url)) throw new Error("another scheme");
    const { host, port, database } = new pg.Client(settings);
    return `${host}:${port}/${database}`;
  } catch {
    // Not even as a cause: the error of a bad URL holds the URL, and the URL the password.
    throw new StoreError(
      setting,
      "not the address of a PostgreSQL database",
      "expected postgres://user:password@host:port/database, special characters of the password percent-encoded",
    );
  }
}

/** 64-bit integers as numbers: ours fit. The default is a string. */
const getTypeParser = ((type: number, format?: "text" | "binary") =>
  type === pg.types.builtins.INT8 && format !== "binary"
    ? Number
    : pg.types.getTypeParser(type, format as "text")) as typeof pg.types.getTypeParser;

/** The pool, made safe against connections that die. */
class Connections implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #explain: (error: unknown) => StoreError;

  constructor(settings: pg.PoolConfig, explain: (error: unknown) => StoreError) {
    this.#explain = explain;
    this.#pool = new pg.Pool(settings);
    // Nobody may be asking a connection anything in the moment in which it is lost, in use or idle. Its error would end
    // the process; the next one who asks is told.
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
        const fault = explain(error);
        // The server's own "no" leaves a connection in order. After anything else, a timeout above all, there may be
        // nobody at its other end any more, and whoever used it next would wait in vain too, also with the server back.
        if (!(error instanceof pg.DatabaseError)) lost = fault;
        throw fault;
      }
    };
    // The type has a second form, for cursors, which a dialect that was given none never uses.
    return { query: query as unknown as PostgresPoolClient["query"], release: () => client.release(lost) };
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** What an error says. The one of a host with two addresses says nothing itself, but holds one error for each. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return (error as Error).message;
}

const HINTS: [mend: string, code: RegExp][] = [
  ["correct its user and password", /^28/],
  ["create that database", /^3D000$/],
  ["let its user create and change tables there", /^42501$/],
  ["name the primary server, not a replica", /^25006$/],
  ["free some space on its disk", /^53100$/],
  ["raise its max_connections, or stop what uses them up", /^53300$/],
  ["find out what holds it up: pg_stat_activity shows locks and load", /^(57014|55P03|40P01)$/],
  ["start it, or correct its address", /^(E[A-Z_]+|57P0\d|)$/],
  ["start the version that wrote it, or a newer one", /^newer$/],
];

/** What to do about an error: of PostgreSQL by its SQLSTATE, of the network by its `code`, which a timeout lacks. */
function mendOf(error: unknown): string {
  const { code = "", message } = error as { code?: string; message: string };
  const sign = /previously executed migration/.test(message) ? "newer" : code;
  return HINTS.find(([, pattern]) => pattern.test(sign))?.[0] ?? "its own log says more";
}
