// The tables, as the steps that lead to them. They are code, not files: the image has nothing to look for.
import { type Kysely, type Migration, Migrator } from "kysely";

/** The steps by name, which is their order too. One that has been released is never changed: add another. */
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
        // The only index: `saved_at` changes with every save and would have to be moved in a second one each time.
        .addPrimaryKeyConstraint("places_key", ["player", "map"])
        .execute(),
  },
  "0002-kept": {
    async up(db) {
      // Renamed first: in PostgreSQL that locks the table, and what another process saved meanwhile would be left behind.
      await db.schema.alterTable("places").renameTo("places_0001").execute();
      await db.schema
        .createTable("places")
        .addColumn("player", "text", (column) => column.notNull())
        .addColumn("map", "text", (column) => column.notNull())
        // Text and not a type for JSON: the databases are not to look into it, and text is the same in both.
        .addColumn("kept", "text", (column) => column.notNull())
        .addColumn("saved_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("places_0002_key", ["player", "map"])
        .execute();
      // In pages: PostgreSQL is told to break off what takes it seconds.
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
    /** JSON: an object of what the game keeps of a player. */
    kept: string;
    saved_at: number;
  };
}

/**
 * Takes the steps that a database has not taken yet. Two processes that start at once take them one after the other.
 * @throws what the database says, or an Error if it has taken steps of a newer version.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
