// The database schema, as a list of migrations. They are code, not SQL files, so the image needs no further files.
import { type Kysely, type Migration, Migrator } from "kysely";

/** The migrations, applied in the order of their names. Never change a released one: add another. */
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
        // The only index. Every save changes `saved_at`, so an index on it would be updated each time.
        .addPrimaryKeyConstraint("places_key", ["player", "map"])
        .execute(),
  },
  "0002-kept": {
    async up(db) {
      // Rename first: in PostgreSQL this locks the table, so rows that another process saves meanwhile are not lost.
      await db.schema.alterTable("places").renameTo("places_0001").execute();
      await db.schema
        .createTable("places")
        .addColumn("player", "text", (column) => column.notNull())
        .addColumn("map", "text", (column) => column.notNull())
        // Text, not a JSON type: no query looks into it, and text is the same in both databases.
        .addColumn("kept", "text", (column) => column.notNull())
        .addColumn("saved_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("places_0002_key", ["player", "map"])
        .execute();
      // In pages: the connection sets a statement timeout of a few seconds in PostgreSQL.
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
}

/**
 * Applies the migrations that a database lacks. If two processes start at the same time, one waits for the other.
 * @throws the error of the database, or an Error if a newer version has migrated it.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
