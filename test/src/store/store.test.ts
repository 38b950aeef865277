// The behaviour that every store must have, tested with every supported database.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import type { PlayerRecord } from "../../../rooms/player-store.ts";
import { copy } from "../../../src/commands/copy.ts";
import { purge } from "../../../src/commands/purge.ts";
import { openStore, type StoreSettings } from "../../../src/store/open.ts";
import { StaleEpochError, type Store, StoreError } from "../../../src/store/store.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { type Postgres, query, startPostgres } from "../../support/postgres.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";
import { crowd, place } from "./places.ts";

let folder: string;
let store: Store;
const opened = new Set<Store>();

/** Opens a store. `afterEach` closes it if the test does not. */
async function open(settings: StoreSettings): Promise<Store> {
  const store = await openStore(settings);
  opened.add(store);
  return store;
}

async function close(store: Store): Promise<void> {
  opened.delete(store);
  await store.close();
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-store-"));
});
afterEach(async () => {
  await Promise.all([...opened].map(close));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function pagesOf(store: Store, size: number): Promise<PlayerRecord[][]> {
  const pages: PlayerRecord[][] = [];
  for await (const page of store.pages(size)) pages.push(page);
  return pages;
}

/** Returns all records of a store. */
async function all(store: Store): Promise<PlayerRecord[]> {
  return inOrder((await pagesOf(store, 1000)).flat());
}

/** Sorts records by key, because each database sorts text differently. */
function inOrder(records: PlayerRecord[]): PlayerRecord[] {
  const keyOf = ({ player, map }: PlayerRecord) => `${player} ${map}`;
  return records.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/**
 * Defines the tests that every store must pass. They share one store, which is emptied before each test.
 * @param settings returns the settings of a store that does not exist yet.
 * @param empty deletes all records of the store with these settings, directly in the database.
 */
function testContract(settings: () => Promise<StoreSettings>, empty: (store: StoreSettings) => Promise<void>): void {
  let shared: StoreSettings;
  beforeAll(async () => {
    shared = await settings();
    store = await openStore(shared);
  });
  beforeEach(() => empty(shared));
  afterAll(() => store?.close());

  test("a store returns undefined for an unknown player or map", async () => {
    await store.save([place()]);
    expect(await store.load("bob", "plaza")).toBeUndefined();
    expect(await store.load("ann", "meadow")).toBeUndefined();
    expect(await store.load("", "")).toBeUndefined();
  });

  test.each([
    place(),
    place({ player: "'; drop table places; --", map: '"', name: "?$1%_\\\n" }),
    place({ player: "한글", map: "시장", name: "🐈‍⬛ Зоя مريم" }),
    place({ x: Number.MIN_SAFE_INTEGER, y: Number.MAX_SAFE_INTEGER, savedAt: 8.64e15, facing: 1 }),
    place({ player: "p".repeat(255), map: "m".repeat(255), name: "" }),
    place({ name: "\0, \ud800 and \u2028" }),
    place({ colour: "#ff8800", coins: 3, speed: -0.5, sleeping: true } as Partial<PlayerRecord>),
  ])("a store loads a record as it was saved: %j", async (saved) => {
    expect(await store.save([saved])).toBe(1);
    expect(await store.load(saved.player, saved.map)).toEqual(saved);
  });

  test("a store keeps a separate record for each player and map", async () => {
    const records = [place({ x: 1 }), place({ map: "meadow", x: 2 })];
    await store.save(records);
    expect(await store.load("ann", "plaza")).toEqual(records[0]);
    expect(await store.load("ann", "meadow")).toEqual(records[1]);
  });

  test("a store inserts and updates thousands of records in one save", async () => {
    await store.save(crowd(2000));
    const records = crowd(2501, { savedAt: 2_000_000, y: 7 });
    expect(await store.save(records)).toBe(2501);
    expect(await all(store)).toEqual(inOrder(records));
  });

  test("a store ignores a record that was saved before the stored record, but accepts a record with the same save time", async () => {
    const [early, late] = [place({ savedAt: 10, x: 1 }), place({ savedAt: 11, x: 2 })];
    await store.save([late]);
    expect(await store.save([early])).toBe(0);
    expect(await store.load("ann", "plaza")).toEqual(late);
    await store.save([place({ ...late, x: 3 })]);
    expect(await store.load("ann", "plaza")).toMatchObject({ x: 3 });
  });

  test("a save stores either all of its records or none", async () => {
    const records = [...crowd(300), place({ savedAt: null as unknown as number })];
    await expect(store.save(records)).rejects.toThrow(StoreError);
    expect(await all(store)).toEqual([]);
    expect(await store.save(crowd(3))).toBe(3);
  });

  test("a store rejects a save whose epoch is older than the epoch of an earlier save, and writes nothing", async () => {
    expect(await store.save([place({ x: 1 })], 5)).toBe(1);
    const older = [place({ x: 2, savedAt: 2_000_000 }), place({ player: "bob" })];
    await expect(store.save(older, 4)).rejects.toThrow(StaleEpochError);
    await expect(store.save([], 4)).rejects.toThrow(StaleEpochError);
    expect(await all(store)).toEqual([place({ x: 1 })]);
    expect(await store.save([place({ x: 3 })], 5)).toBe(1);
    expect(await store.save([], 9)).toBe(0);
    await expect(store.save([place({ x: 4 })], 5)).rejects.toThrow(StaleEpochError);
    expect(await all(store)).toEqual([place({ x: 3 })]);
    expect((await store.cluster("sabang")).epoch).toBe(9);
  });

  test("a save without an epoch does not change the stored epoch", async () => {
    await store.save([], 3);
    expect(await store.save([place()])).toBe(1);
    expect((await store.cluster("sabang")).epoch).toBe(3);
  });

  test("each database has a different id, which stays the same when the database is opened again", async () => {
    const [same, other] = [await open(shared), await open(await settings())];
    const { id } = await store.cluster("sabang");
    expect(id).toMatch(/^[\da-f-]{36}$/);
    expect(await same.cluster("sabang")).toEqual(await store.cluster("sabang"));
    expect((await other.cluster("sabang")).id).not.toBe(id);
    expect((await other.cluster("sabang")).epoch).toBe(0);
  });

  test("a database keeps the Redis prefix of the first cluster that uses the database", async () => {
    const where = await settings();
    const [first, second] = [await open(where), await open(where)];
    expect((await first.cluster("first")).prefix).toBe("first");
    expect((await first.cluster("second")).prefix).toBe("first");
    expect((await second.cluster("second")).prefix).toBe("first");
  });

  test("a store accepts a save without any records", async () => {
    expect(await store.save([])).toBe(0);
  });

  test("a store answers concurrent saves and loads", async () => {
    await store.save(crowd(500));
    const [saved, ...loaded] = await Promise.all([
      store.save(crowd(1000, { savedAt: 2_000_000 })),
      ...crowd(100).map(({ player }) => store.load(player, "plaza")),
    ]);
    expect(saved).toBe(1000);
    expect(loaded.map((found) => found?.player)).toEqual(crowd(100).map(({ player }) => player));
  });

  test("a store forgets a player on all maps, and no other player", async () => {
    await store.save([place(), place({ map: "meadow" }), place({ player: "ann2" })]);
    expect(await store.forget("ann")).toBe(2);
    expect(await store.forget("ann")).toBe(0);
    expect(await all(store)).toEqual([place({ player: "ann2" })]);
  });

  test.each([1, 3, 7, 100])("a store returns every record once, in pages of %i records", async (size) => {
    const records = [...crowd(7), ...crowd(7, { map: "meadow" })];
    await store.save(records);
    const pages = await pagesOf(store, size);
    expect(pages.every((page) => page.length > 0 && page.length <= size)).toBe(true);
    expect(inOrder(pages.flat())).toEqual(inOrder(records));
  });

  test("a purge removes only records that were saved before the given time", async () => {
    await store.save([...crowd(2500, { savedAt: 999 }), ...crowd(10, { savedAt: 1000, map: "meadow" })]);
    expect(await purge(store, 1000, true)).toBe(2500);
    expect(await all(store)).toHaveLength(2510);
    expect(await purge(store, 1000)).toBe(2500);
    expect(await all(store)).toEqual(inOrder(crowd(10, { savedAt: 1000, map: "meadow" })));
    expect(await purge(store, 1000)).toBe(0);
  });

  test("a copy of one store into another keeps newer records of the target, even if the copy is repeated", async () => {
    const from = await open({ dataDir: join(folder, `${stores++}`) });
    await from.save(crowd(2500, { savedAt: 10 }));
    const newer = [place({ player: "player-7", savedAt: 11 }), place({ player: "only-here" })];
    await store.save([...newer, place({ player: "player-8", savedAt: 9 })]);
    const progress: number[] = [];
    const copied = await copy(from, store, ({ read }) => progress.push(read));
    expect(copied).toEqual({ read: 2500, written: 2499 });
    expect(progress).toEqual([2500]);
    const older = crowd(2500, { savedAt: 10 }).filter(({ player }) => player !== "player-7");
    expect(await all(store)).toEqual(inOrder([...older, ...newer]));
    await copy(from, store);
    expect(await all(store)).toEqual(inOrder([...older, ...newer]));
  });

  test("a closed store rejects calls, and has all its records when it is opened again", async () => {
    const first = await open(shared);
    await first.save([place()]);
    await close(first);
    expect(await (await open(shared)).load("ann", "plaza")).toEqual(place());
    await expect(first.load("ann", "plaza")).rejects.toThrow();
  });

  test("a new store is created only once if it is opened four times at the same time", async () => {
    const fresh = await settings();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(fresh)));
    await Promise.all(stores.map((each, i) => each.save(crowd(200, { savedAt: i }))));
    expect(await all(stores[0]!)).toEqual(await all(stores[3]!));
    expect(await all(stores[0]!)).toHaveLength(200);
  });

  test("a store loses no committed record if the process is killed while it saves", async () => {
    const fresh = await settings();
    const child = spawn(process.execPath, [new URL("./saver.ts", import.meta.url).pathname], {
      env: {
        ...COMPILE_CACHE,
        PATH: process.env.PATH,
        DATA_DIR: fresh.dataDir,
        DATABASE_URL: fresh.databaseUrl ?? "",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    const closed = once(child, "close");
    await until(() => printed.split("\n").length > 10 || child.exitCode !== null);
    child.kill("SIGKILL");
    await closed;
    const committed = printed.trimEnd().split("\n").length;
    const records = await all(await open(fresh));
    expect(records).toHaveLength(300);
    // A save is one transaction, so all records are from the same save: the last one that was printed, or the next.
    expect([committed, committed + 1]).toContain(records[0]!.savedAt);
    expect(new Set(records.map(({ savedAt, x }) => `${savedAt} ${x}`)).size).toBe(1);
  });
}

let stores = 0;

describe("SQLite:", () => {
  testContract(
    async () => ({ dataDir: join(folder, "new", `${stores++}`) }),
    async ({ dataDir }) => {
      const database = new DatabaseSync(join(dataDir, "sabang.sqlite"));
      database.exec("delete from places; update cluster set epoch = 0");
      database.close();
    },
  );
});

describeWith("postgres", "PostgreSQL:", () => {
  let postgres: Postgres;
  let url: string;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  testContract(
    async () => ({ dataDir: "unused", databaseUrl: await postgres.database() }),
    async ({ databaseUrl }) => {
      url = databaseUrl!;
      await query(url, "truncate places; update cluster set epoch = 0");
    },
  );
  // Runs after testContract's own `afterAll` hook has closed the shared store.
  afterAll(() => postgres?.remove());

  test("a PostgreSQL store survives the loss of both idle and active connections", async () => {
    await store.save([place()]);
    const terminate = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sabang'";
    await query(url, terminate);
    expect(await until(() => store.load("ann", "plaza").catch(() => false as const))).toEqual(place());
    const saves = Promise.allSettled(Array.from({ length: 20 }, () => store.save(crowd(1000))));
    await query(url, terminate);
    await saves;
    expect(await until(() => store.save(crowd(1000)).catch(() => 0))).toBe(1000);
  });

  test("a PostgreSQL store forgets a player only after all saves over other connections have ended", async () => {
    const abandoned = new pg.Client({ connectionString: url });
    await abandoned.connect();
    await abandoned.query("begin");
    await abandoned.query(`insert into places values ('ann', 'plaza', '{"x":1,"y":2}', 4)`);
    const forgotten = store.forget("ann");
    await until(async () => (await query(url, "select 1 from pg_locks where not granted")).length > 0);
    await abandoned.query("commit");
    await abandoned.end();
    expect(await forgotten).toBe(1);
    expect(await store.load("ann", "plaza")).toBeUndefined();
  });

  test("a save waits for an unfinished save with an older epoch; later saves with the older epoch fail", async () => {
    await query(url, "update cluster set epoch = 0");
    const older = new pg.Client({ connectionString: url });
    await older.connect();
    await older.query("begin");
    await older.query("update cluster set epoch = 4 where epoch <= 4");
    await older.query(`insert into places values ('ann', 'plaza', '{"x":1}', 4)`);
    const saved = store.save([place({ x: 2, savedAt: 5 })], 5);
    await until(async () => (await query(url, "select 1 from pg_locks where not granted")).length > 0);
    await older.query("commit");
    await older.end();
    expect(await saved).toBe(1);
    expect(await store.load("ann", "plaza")).toMatchObject({ x: 2 });
    await expect(store.save([place({ savedAt: 6 })], 4)).rejects.toThrow(StaleEpochError);
  });
});
