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
};

/** The tables as queries see them. */
export interface Tables {
  places: {
    player: string;
    map: string;
    x: number;
    y: number;
    facing: number;
    name: string;
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
