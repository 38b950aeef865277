// Opening a store in any supported database migrates the records that an earlier version of sabang has saved.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { PlayerRecord } from "../../../rooms/player-store.ts";
import { openStore, type StoreSettings } from "../../../src/store/open.ts";
import { onlyLong } from "../../support/long.ts";
import { type Postgres, query, startPostgres } from "../../support/postgres.ts";
import { describeWith } from "../../support/requiring.ts";
import { crowd, place } from "./places.ts";

/** Records of schema version 0001, which had a column for each field. */
const RECORDS = [
  ...crowd(2500, { facing: 2, savedAt: 1_700_000_000_000 }),
  place({ player: "ann", map: "meadow", x: 0, y: 65_535, facing: 1 }),
  place({ player: "한글", map: "시장", name: '"; drop table places; --\\ \n {"x":1}' }),
  place({ player: "cat", name: "🐈‍⬛ Зоя مريم" }),
];

/** SQL that reverts an up-to-date database to schema version 0001 and inserts RECORDS. */
const TO_0001 = [
  "drop table places",
  "drop table cluster",
  `create table places (player text not null, map text not null, x bigint not null, y bigint not null,
     facing smallint not null, name text not null, saved_at bigint not null,
     constraint places_key primary key (player, map))`,
  "delete from kysely_migration where name > '0001-places'",
  ...RECORDS.map(({ player, map, x, y, facing, name, savedAt }) => {
    const texts = [player, map].map((text) => `'${text}'`);
    return `insert into places values (${texts}, ${x}, ${y}, ${facing}, '${name}', ${savedAt})`;
  }),
].join(";\n");

/** Opens a database of schema version 0001 twice at the same time, as two servers would. Checks all records. */
async function expectMigrated(settings: StoreSettings): Promise<void> {
  const stores = await Promise.all([openStore(settings), openStore(settings)]);
  try {
    const records: PlayerRecord[] = [];
    for await (const page of stores[0].pages(1000)) records.push(...page);
    const byKey = (one: PlayerRecord, other: PlayerRecord) =>
      `${one.player} ${one.map}` < `${other.player} ${other.map}` ? -1 : 1;
    expect(records.sort(byKey)).toEqual([...RECORDS].sort(byKey));
    const later = place({ player: "cat", x: 7, savedAt: 1_800_000_000_000 });
    expect(await stores[0].save([later])).toBe(1);
    expect(await stores[1].load("cat", "plaza")).toEqual(later);
  } finally {
    for (const store of stores) await store.close();
  }
}

describe("SQLite:", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sabang-migrations-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("opening a SQLite store migrates the records of schema version 0001", async () => {
    await (await openStore({ dataDir: folder })).close();
    const database = new DatabaseSync(join(folder, "sabang.sqlite"));
    database.exec(TO_0001);
    database.close();
    await expectMigrated({ dataDir: folder });
  });
});

onlyLong(() => {
  describeWith("postgres", "PostgreSQL:", () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.remove());

    test("opening a PostgreSQL store migrates the records of schema version 0001", async () => {
      const databaseUrl = await postgres.database();
      await (await openStore({ dataDir: "unused", databaseUrl })).close();
      await query(databaseUrl, `set standard_conforming_strings = on; ${TO_0001}`);
      await expectMigrated({ dataDir: "unused", databaseUrl });
    });
  });
});
