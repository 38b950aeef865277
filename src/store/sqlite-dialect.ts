// A Kysely dialect for Node's built-in SQLite. Node's SQLite API is synchronous, so a worker thread executes the
// statements.
import { Worker } from "node:worker_threads";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Answer, SqliteFile, Statement } from "./sqlite-worker.ts";

/**
 * Returns the dialect for a SQLite file. A failed call rejects with the error that `explain` returns for SQLite's
 * error.
 */
export function sqliteDialect(file: SqliteFile, explain: (error: unknown) => Error): Dialect {
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => new SqliteDriver(file, explain),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Runs migrations in a transaction. If two processes start at the same time, one of them waits for the other. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #file: SqliteFile;
  readonly #explain: (error: unknown) => Error;
  #thread!: SqliteThread;
  /**
   * Only one caller at a time may use the connection. This promise settles when the last caller in the queue releases
   * the connection.
   */
  #free: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(file: SqliteFile, explain: (error: unknown) => Error) {
    this.#file = file;
    this.#explain = explain;
  }

  async init(): Promise<void> {
    this.#thread = new SqliteThread(this.#file, this.#explain);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#free = promise;
    await before;
    this.#release = resolve;
    return this.#thread;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // "immediate" waits for the write lock now. By default the lock is taken at the first write, which fails at once if
    // another process has written since the first read of this transaction.
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // SQLite may already have rolled back, e.g. because the disk is full. In that case this statement fails, which does
    // no harm.
    await connection.executeQuery(CompiledQuery.raw("rollback")).catch(() => {});
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async destroy(): Promise<void> {
    await this.#free;
    await this.#thread.end();
  }
}

/** A connection to the worker. The worker answers in order, so an answer belongs to the oldest pending statement. */
class SqliteThread implements DatabaseConnection {
  readonly #worker: Worker;
  readonly #explain: (error: unknown) => Error;
  readonly #pending: PromiseWithResolvers<QueryResult<unknown>>[] = [];
  readonly #ended: Promise<void>;
  /** Set when the thread can no longer answer. */
  #failure: Error | undefined;

  constructor(file: SqliteFile, explain: (error: unknown) => Error) {
    this.#explain = explain;
    this.#worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), { workerData: file });
    this.#worker.on("message", (answer: Answer) => {
      // Under `node --watch`, Node reports the imports of the thread as messages too.
      if ("watch:import" in answer) return;
      const { resolve, reject } = this.#pending.shift()!;
      if ("message" in answer) return reject(explain(answer));
      const changes = BigInt(answer.changes);
      resolve({ rows: answer.rows, numAffectedRows: changes });
    });
    // The worker emits this error if it cannot open the file.
    this.#worker.on("error", (error) => {
      this.#failure = explain(error);
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#failure ??= explain(new Error("its thread has ended"));
        for (const { reject } of this.#pending.splice(0)) reject(this.#failure);
        resolve();
      });
    });
  }

  executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#failure) return Promise.reject(this.#failure);
    const answer = Promise.withResolvers<QueryResult<unknown>>();
    this.#pending.push(answer);
    this.#worker.postMessage({ sql, parameters } satisfies Statement);
    return answer.promise as Promise<QueryResult<R>>;
  }

  streamQuery(): never {
    throw this.#explain(new Error("streaming is not supported; query one page at a time"));
  }

  async end(): Promise<void> {
    this.#worker.postMessage(null satisfies Statement);
    await this.#ended;
  }
}
