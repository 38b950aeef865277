// Teaches the query builder Node's own SQLite, which is synchronous: a statement is run by a thread of its own.
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

/** SQLite on a file. `explain` makes the error with which everything rejects out of what SQLite says. */
export function sqliteDialect(file: SqliteFile, explain: (error: unknown) => Error): Dialect {
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => new SqliteDriver(file, explain),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Runs migrations in a transaction, which SQLite can: of two processes that start at once one waits for the other. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #file: SqliteFile;
  readonly #explain: (error: unknown) => Error;
  #thread!: SqliteThread;
  /** Settles when the last one in line gives the connection back. There is one connection, for one at a time. */
  #free: Promise<void> = Promise.resolve();
  #giveBack: () => void = () => {};

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
    this.#giveBack = resolve;
    return this.#thread;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // "immediate" takes the right to write now, and waits for it. Taken at the first write instead, it is refused at
    // once when another process has written since our first read.
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // SQLite may have rolled back by itself (a full disk), and then there is nothing left to do.
    await connection.executeQuery(CompiledQuery.raw("rollback")).catch(() => {});
  }

  async releaseConnection(): Promise<void> {
    this.#giveBack();
  }

  async destroy(): Promise<void> {
    await this.#free;
    await this.#thread.end();
  }
}

/** The near end of the thread. It answers in order, so the one that has asked first is the one that is answered. */
class SqliteThread implements DatabaseConnection {
  readonly #worker: Worker;
  readonly #explain: (error: unknown) => Error;
  readonly #asked: PromiseWithResolvers<QueryResult<unknown>>[] = [];
  readonly #ended: Promise<void>;
  /** Why there will be no more answers. */
  #fault: Error | undefined;

  constructor(file: SqliteFile, explain: (error: unknown) => Error) {
    this.#explain = explain;
    this.#worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), { workerData: file });
    this.#worker.on("message", (answer: Answer) => {
      // Under `node --watch` Node tells of the thread's imports by the same way.
      if ("watch:import" in answer) return;
      const { resolve, reject } = this.#asked.shift()!;
      if ("message" in answer) return reject(explain(answer));
      const changes = BigInt(answer.changes);
      resolve({ rows: answer.rows, numAffectedRows: changes });
    });
    // The file could not even be opened.
    this.#worker.on("error", (error) => {
      this.#fault = explain(error);
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#fault ??= explain(new Error("its thread has ended"));
        for (const { reject } of this.#asked.splice(0)) reject(this.#fault);
        resolve();
      });
    });
  }

  executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#fault) return Promise.reject(this.#fault);
    const question = Promise.withResolvers<QueryResult<unknown>>();
    this.#asked.push(question);
    this.#worker.postMessage({ sql, parameters } satisfies Statement);
    return question.promise as Promise<QueryResult<R>>;
  }

  streamQuery(): never {
    throw this.#explain(new Error("streaming is not supported; ask for a page at a time"));
  }

  async end(): Promise<void> {
    this.#worker.postMessage(null satisfies Statement);
    await this.#ended;
  }
}
