// The queries of the store, the same for SQLite and PostgreSQL.
import { type Dialect, Kysely, type RawBuilder } from "kysely";
import type { PlayerKey, PlayerRecord } from "../../rooms/player-store.ts";
import { migrate, type Tables } from "./migrations.ts";
import { StaleEpochError, type Store, type StoreError } from "./store.ts";

/**
 * Rows per statement. The main thread, which also runs the ticks, builds the statements. For a hundred rows, that takes
 * 0.3 ms, and a tick can run between two statements. Larger statements would be possible: SQLite accepts 32766
 * parameters and PostgreSQL 65535.
 */
const ROWS_PER_STATEMENT = 100;

/** The parts of a database that the queries use. All errors of its dialect are `StoreError`s. */
export interface Database {
  dialect: Dialect;
  /** A second connection for reads, so that they do not wait for writes. By default reads use `dialect`. */
  reader?: Dialect;
  /** Converts an error of a migration to a `StoreError`. */
  explain: (error: unknown) => StoreError;
  /** A statement that waits until no other transaction writes. Needed only for a database with concurrent writers. */
  waitForWriters?: RawBuilder<unknown>;
  /** Called when the store is closed. */
  onClosed?: (() => void) | undefined;
}

/**
 * Connects to a database and brings its tables up to date.
 * @throws {StoreError} if that fails.
 */
export async function openSqlStore(database: Database): Promise<SqlStore> {
  const db = new Kysely<Tables>({ dialect: database.dialect });
  const reader = database.reader ? new Kysely<Tables>({ dialect: database.reader }) : db;
  const store = new SqlStore(db, reader, database);
  try {
    await migrate(db);
    await store.load("", ""); // also connects the reader: if that fails, the start fails, not the first join
    return store;
  } catch (error) {
    await store.close().catch(() => {}); // the first error is the one to report
    throw database.explain(error);
  }
}

/** Player records in a database whose tables are up to date. */
export class SqlStore implements Store {
  readonly #db: Kysely<Tables>;
  readonly #reader: Kysely<Tables>;
  readonly #waitForWriters: RawBuilder<unknown> | undefined;
  readonly #onClosed: (() => void) | undefined;

  constructor(
    db: Kysely<Tables>,
    reader = db,
    { waitForWriters, onClosed }: Pick<Database, "waitForWriters" | "onClosed"> = {},
  ) {
    this.#db = db;
    this.#reader = reader;
    this.#waitForWriters = waitForWriters;
    this.#onClosed = onClosed;
  }

  async load(player: string, map: string): Promise<PlayerRecord | undefined> {
    const row = await this.#records().where("player", "=", player).where("map", "=", map).executeTakeFirst();
    return row && recordOf(row);
  }

  save(records: readonly PlayerRecord[], epoch?: number): Promise<number> {
    return this.#db.transaction().execute(async (transaction) => {
      if (epoch !== undefined) {
        // Locks the row until the end of the transaction, so that saves with different epochs run one after another.
        const { numUpdatedRows } = await transaction
          .updateTable("cluster")
          .set({ epoch })
          .where("epoch", "<=", epoch)
          .executeTakeFirstOrThrow();
        if (Number(numUpdatedRows) === 0) throw new StaleEpochError(epoch);
      }
      let written = 0;
      for (let at = 0; at < records.length; at += ROWS_PER_STATEMENT) {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto("places")
          .values(records.slice(at, at + ROWS_PER_STATEMENT).map(rowOf))
          .onConflict((conflict) =>
            conflict
              .columns(["player", "map"])
              .doUpdateSet(({ ref }) => ({ kept: ref("excluded.kept"), saved_at: ref("excluded.saved_at") }))
              .whereRef("excluded.saved_at", ">=", "places.saved_at"),
          )
          .executeTakeFirstOrThrow();
        written += Number(numInsertedOrUpdatedRows);
      }
      return written;
    });
  }

  async cluster(prefix: string): Promise<{ id: string; epoch: number; prefix: string }> {
    await this.#db.updateTable("cluster").set({ prefix }).where("prefix", "is", null).execute();
    const row = await this.#reader.selectFrom("cluster").selectAll().executeTakeFirstOrThrow();
    return { ...row, prefix: row.prefix ?? prefix };
  }

  forget(player: string): Promise<number> {
    return this.#db.transaction().execute(async (transaction) => {
      // A save whose connection was lost may still commit in PostgreSQL. Without the wait, the delete would miss the
      // rows of that save.
      await this.#waitForWriters?.execute(transaction);
      const { numDeletedRows } = await transaction
        .deleteFrom("places")
        .where("player", "=", player)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    });
  }

  async *pages(size: number): AsyncGenerator<PlayerRecord[]> {
    let last: PlayerKey = { player: "", map: "" };
    for (;;) {
      const page = await this.#records()
        .where(({ eb, refTuple, tuple }) => eb(refTuple("player", "map"), ">", tuple(last.player, last.map)))
        .orderBy("player")
        .orderBy("map")
        .limit(size)
        .execute();
      if (page.length > 0) yield page.map(recordOf);
      if (page.length < size) return;
      last = page.at(-1)!;
    }
  }

  async purge(first: PlayerKey, last: PlayerKey, savedBefore: number): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("places")
      .where(({ eb, refTuple, tuple }) => eb(refTuple("player", "map"), ">=", tuple(first.player, first.map)))
      .where(({ eb, refTuple, tuple }) => eb(refTuple("player", "map"), "<=", tuple(last.player, last.map)))
      .where("saved_at", "<", savedBefore)
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  async close(): Promise<void> {
    await this.#reader.destroy();
    await this.#db.destroy(); // `#db` may also be the reader; a second `destroy` has no effect
    this.#onClosed?.();
  }

  #records() {
    return this.#reader.selectFrom("places").selectAll();
  }
}

/** Returns the row of a record. All persisted fields are in one column, so that a new field needs no migration. */
function rowOf({ player, map, savedAt, ...kept }: PlayerRecord): Tables["places"] {
  return { player, map, kept: JSON.stringify(kept), saved_at: savedAt };
}

function recordOf({ player, map, kept, saved_at }: Tables["places"]): PlayerRecord {
  return { player, map, ...JSON.parse(kept), savedAt: saved_at };
}
