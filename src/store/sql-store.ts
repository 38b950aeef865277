// The queries: one set, on whichever database a dialect speaks.
import { type Dialect, Kysely, type RawBuilder } from "kysely";
import type { PlayerKey, PlayerRecord } from "../../rooms/player-store.ts";
import { migrate, type Tables } from "./migrations.ts";
import type { Store, StoreError } from "./store.ts";

/**
 * Rows of one statement. Putting a statement together is work for the thread that ticks: 0.3 ms for a hundred rows,
 * and between two statements the world goes on. Both databases would take thousands (32766 and 65535 parameters).
 */
const ROWS_PER_STATEMENT = 100;

/** A database as the queries need it. Its dialect rejects with `StoreError`s alone. */
export interface Database {
  dialect: Dialect;
  /** For what only reads, where a connection of its own does not wait for the one that writes. */
  reader?: Dialect;
  /** Puts a fault of the tables (not of a query) as a sentence. */
  explain: (error: unknown) => StoreError;
  /** A statement that waits until no other transaction writes, for a database that has several writers at once. */
  waitForWriters?: RawBuilder<unknown>;
}

/**
 * Connects to a database and brings its tables up to date.
 * @throws {StoreError} when that cannot be done.
 */
export async function openSqlStore(database: Database): Promise<SqlStore> {
  const db = new Kysely<Tables>({ dialect: database.dialect });
  const reader = database.reader ? new Kysely<Tables>({ dialect: database.reader }) : db;
  const store = new SqlStore(db, reader, database.waitForWriters);
  try {
    await migrate(db);
    await store.load("", ""); // connects the reader too: what is wrong with it stops the start, not the first join
    return store;
  } catch (error) {
    await store.close().catch(() => {}); // it is the first fault that says what is wrong
    throw database.explain(error);
  }
}

/** Places in a database whose tables are up to date. */
export class SqlStore implements Store {
  readonly #db: Kysely<Tables>;
  readonly #reader: Kysely<Tables>;
  readonly #waitForWriters: RawBuilder<unknown> | undefined;

  constructor(db: Kysely<Tables>, reader = db, waitForWriters?: RawBuilder<unknown>) {
    this.#db = db;
    this.#reader = reader;
    this.#waitForWriters = waitForWriters;
  }

  async load(player: string, map: string): Promise<PlayerRecord | undefined> {
    const row = await this.#places().where("player", "=", player).where("map", "=", map).executeTakeFirst();
    return row && placeOf(row);
  }

  save(places: readonly PlayerRecord[]): Promise<number> {
    return this.#db.transaction().execute(async (transaction) => {
      let written = 0;
      for (let at = 0; at < places.length; at += ROWS_PER_STATEMENT) {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto("places")
          .values(places.slice(at, at + ROWS_PER_STATEMENT).map(rowOf))
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

  forget(player: string): Promise<number> {
    return this.#db.transaction().execute(async (transaction) => {
      // A save whose connection was lost may still be committing on the server: deleting would not see its new rows.
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
      const page = await this.#places()
        .where(({ eb, refTuple, tuple }) => eb(refTuple("player", "map"), ">", tuple(last.player, last.map)))
        .orderBy("player")
        .orderBy("map")
        .limit(size)
        .execute();
      if (page.length > 0) yield page.map(placeOf);
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
    await this.#db.destroy(); // the same one or not: a second time does nothing
  }

  #places() {
    return this.#reader.selectFrom("places").selectAll();
  }
}

/** What is kept of a player is one column, so that a field more is no change here. */
function rowOf({ player, map, savedAt, ...kept }: PlayerRecord): Tables["places"] {
  return { player, map, kept: JSON.stringify(kept), saved_at: savedAt };
}

function placeOf({ player, map, kept, saved_at }: Tables["places"]): PlayerRecord {
  return { player, map, ...JSON.parse(kept), savedAt: saved_at };
}
