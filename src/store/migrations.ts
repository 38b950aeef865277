// The database schema, as a list of migrations. They are code, not SQL files, so the container image needs no further
// files.
import { randomUUID } from "node:crypto";
import { type Kysely, type Migration, Migrator } from "kysely";

/** The migrations, applied in the order of their names. Never change a released migration: add another one. */
const MIGRATIONS: Record<string, Migration> = {
  "0001-places": {
    up: (db) =>
      db.schema
        .createTable("places")
        .addColumn("player", "text", (column) => column.notNull())
        .addColumn("map", "text", (column) => column.notNull())
        .addColumn("x", "bigint", (column) => column.notNull())
        .addColumn("y", "bigint", (column) => column.notNull())
        .addColumn("facing", "smallint", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("saved_at", "bigint", (column) => column.notNull())
        // The primary key is the only index. Another index on `saved_at` would have to be updated by every save.
        .addPrimaryKeyConstraint("places_key", ["player", "map"])
        .execute(),
  },
  "0002-kept": {
    async up(db) {
      // The table is renamed first, because this locks it in PostgreSQL. Without the lock, rows that another process
      // saves during the migration would be lost.
      await db.schema.alterTable("places").renameTo("places_0001").execute();
      await db.schema
        .createTable("places")
        .addColumn("player", "text", (column) => column.notNull())
        .addColumn("map", "text", (column) => column.notNull())
        // Text, not a JSON type: no query reads single fields, and text is the same in both databases.
        .addColumn("kept", "text", (column) => column.notNull())
        .addColumn("saved_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("places_0002_key", ["player", "map"])
        .execute();
      // Copies page by page, because the connection to PostgreSQL has a statement timeout of a few seconds.
      for (let last = { player: "", map: "" }; ; ) {
        const page = await db
          .selectFrom("places_0001")
          .selectAll()
          .where(({ eb, refTuple, tuple }) => eb(refTuple("player", "map"), ">", tuple(last.player, last.map)))
          .orderBy("player")
          .orderBy("map")
          .limit(1000)
          .execute();
        if (page.length === 0) break;
        const rows = page.map(({ player, map, saved_at, ...kept }) => ({
          player,
          map,
          kept: JSON.stringify(kept),
          saved_at,
        }));
        await db.insertInto("places").values(rows).execute();
        last = page.at(-1) as typeof last;
      }
      await db.schema.dropTable("places_0001").execute();
    },
  },
  "0003-cluster": {
    async up(db) {
      await db.schema
        .createTable("cluster")
        .addColumn("id", "text", (column) => column.notNull())
        .addColumn("epoch", "bigint", (column) => column.notNull())
        .addColumn("prefix", "text")
        .execute();
      await db.insertInto("cluster").values({ id: randomUUID(), epoch: 0, prefix: null }).execute();
    },
  },
};

/** The tables as queries see them. */
export interface Tables {
  places: {
    player: string;
    map: string;
    /** JSON: an object with the persisted fields of the player. */
    kept: string;
    saved_at: number;
  };
  /** This table has one row. */
  cluster: {
    /** A random id of this database. */
    id: string;
    /** The newest epoch in which an authority of a cluster has saved. */
    epoch: number;
    /** The REDIS_PREFIX of the cluster that uses the database; null until a cluster has used it. */
    prefix: string | null;
  };
}

/**
 * Applies the migrations that a database lacks. If two processes start at the same time, one of them waits for the
 * other.
 * @throws the error of the database, or an Error if a newer version of sabang has migrated the database.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
