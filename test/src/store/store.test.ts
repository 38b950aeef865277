// The rules of a store, on every database we have.
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
import { type Store, StoreError } from "../../../src/store/store.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { shortOrLong } from "../../support/long.ts";
import { type Postgres, query, startPostgres } from "../../support/postgres.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";
import { crowd, place } from "./places.ts";

let folder: string;
let store: Store;
const opened = new Set<Store>();

/** Opens a store that is closed after the test. */
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

/** Every place of a store. */
async function all(store: Store): Promise<PlayerRecord[]> {
  return inOrder((await pagesOf(store, 1000)).flat());
}

/** Places in an order of ours: each database has its own for text. */
function inOrder(places: PlayerRecord[]): PlayerRecord[] {
  const keyOf = ({ player, map }: PlayerRecord) => `${player} ${map}`;
  return places.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/**
 * The rules. They are tried on one store, which is emptied before each.
 * @param settings gives the settings of a store that does not exist yet.
 * @param empty empties the store with some settings, past the store itself.
 */
function keepsPlaces(settings: () => Promise<StoreSettings>, empty: (store: StoreSettings) => Promise<void>): void {
  let where: StoreSettings;
  beforeAll(async () => {
    where = await settings();
    store = await openStore(where);
  });
  beforeEach(() => empty(where));
  afterAll(() => store?.close());

  test("has no place of somebody it does not know", async () => {
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
  ])("gives back what was saved: %j", async (saved) => {
    expect(await store.save([saved])).toBe(1);
    expect(await store.load(saved.player, saved.map)).toEqual(saved);
  });

  test("keeps a place of a player on each map", async () => {
    const places = [place({ x: 1 }), place({ map: "meadow", x: 2 })];
    await store.save(places);
    expect(await store.load("ann", "plaza")).toEqual(places[0]);
    expect(await store.load("ann", "meadow")).toEqual(places[1]);
  });

  test("saves thousands of places at once, and over one another", async () => {
    await store.save(crowd(2000));
    const places = crowd(2501, { savedAt: 2_000_000, y: 7 });
    expect(await store.save(places)).toBe(2501);
    expect(await all(store)).toEqual(inOrder(places));
  });

  test("keeps the later of two places, in whatever order they come, and the last of two of the same time", async () => {
    const [early, late] = [place({ savedAt: 10, x: 1 }), place({ savedAt: 11, x: 2 })];
    await store.save([late]);
    expect(await store.save([early])).toBe(0);
    expect(await store.load("ann", "plaza")).toEqual(late);
    await store.save([place({ ...late, x: 3 })]);
    expect(await store.load("ann", "plaza")).toMatchObject({ x: 3 });
  });

  test("saves all places or none", async () => {
    const places = [...crowd(300), place({ savedAt: null as unknown as number })];
    await expect(store.save(places)).rejects.toThrow(StoreError);
    expect(await all(store)).toEqual([]);
    expect(await store.save(crowd(3))).toBe(3);
  });

  test("takes an empty list", async () => {
    expect(await store.save([])).toBe(0);
  });

  test("answers whoever asks at the same time", async () => {
    await store.save(crowd(500));
    const [saved, ...loaded] = await Promise.all([
      store.save(crowd(1000, { savedAt: 2_000_000 })),
      ...crowd(100).map(({ player }) => store.load(player, "plaza")),
    ]);
    expect(saved).toBe(1000);
    expect(loaded.map((found) => found?.player)).toEqual(crowd(100).map(({ player }) => player));
  });

  test("forgets a player on all maps, and nobody else", async () => {
    await store.save([place(), place({ map: "meadow" }), place({ player: "ann2" })]);
    expect(await store.forget("ann")).toBe(2);
    expect(await store.forget("ann")).toBe(0);
    expect(await all(store)).toEqual([place({ player: "ann2" })]);
  });

  test.each([1, 3, 7, 100])("gives every place once, %i at a time", async (size) => {
    const places = [...crowd(7), ...crowd(7, { map: "meadow" })];
    await store.save(places);
    const pages = await pagesOf(store, size);
    expect(pages.every((page) => page.length > 0 && page.length <= size)).toBe(true);
    expect(inOrder(pages.flat())).toEqual(inOrder(places));
  });

  test("is purged of what was saved before a time, and of nothing else", async () => {
    await store.save([...crowd(2500, { savedAt: 999 }), ...crowd(10, { savedAt: 1000, map: "meadow" })]);
    expect(await purge(store, 1000, true)).toBe(2500);
    expect(await all(store)).toHaveLength(2510);
    expect(await purge(store, 1000)).toBe(2500);
    expect(await all(store)).toEqual(inOrder(crowd(10, { savedAt: 1000, map: "meadow" })));
    expect(await purge(store, 1000)).toBe(0);
  });

  test("is copied from another store: the later place stays, and a second time changes nothing", async () => {
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

  test("rejects when it has been closed, and is there again when it is opened again", async () => {
    const first = await open(where);
    await first.save([place()]);
    await close(first);
    expect(await (await open(where)).load("ann", "plaza")).toEqual(place());
    await expect(first.load("ann", "plaza")).rejects.toThrow();
  });

  test("is made once by processes that open it for the first time at once", async () => {
    const fresh = await settings();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(fresh)));
    await Promise.all(stores.map((each, i) => each.save(crowd(200, { savedAt: i }))));
    expect(await all(stores[0]!)).toEqual(await all(stores[3]!));
    expect(await all(stores[0]!)).toHaveLength(200);
  });

  test("loses nothing that was committed when the process is killed in the middle of saving", async () => {
    for (let round = 0; round < shortOrLong(1, 3); round++) {
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
      await until(() => printed.split("\n").length > 10 + 5 * round || child.exitCode !== null);
      child.kill("SIGKILL");
      await closed;
      const committed = printed.trimEnd().split("\n").length;
      const places = await all(await open(fresh));
      expect(places).toHaveLength(300);
      // One transaction: all from the same save, the last one we heard of or the one that was just under way.
      expect([committed, committed + 1]).toContain(places[0]!.savedAt);
      expect(new Set(places.map(({ savedAt, x }) => `${savedAt} ${x}`)).size).toBe(1);
    }
  });
}

let stores = 0;

describe("a store in SQLite", () => {
  keepsPlaces(
    async () => ({ dataDir: join(folder, "new", `${stores++}`) }),
    async ({ dataDir }) => {
      const database = new DatabaseSync(join(dataDir, "sabang.sqlite"));
      database.exec("delete from places");
      database.close();
    },
  );
});

describeWith("postgres", "a store in PostgreSQL", () => {
  let postgres: Postgres;
  let url: string;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  keepsPlaces(
    async () => ({ dataDir: "unused", databaseUrl: await postgres.database() }),
    async ({ databaseUrl }) => {
      url = databaseUrl!;
      await query(url, "truncate places");
    },
  );
  // After the store of the rules is closed.
  afterAll(() => postgres?.remove());

  test("survives the loss of its connections, idle or not", async () => {
    await store.save([place()]);
    const cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sabang'";
    await query(url, cut);
    expect(await until(() => store.load("ann", "plaza").catch(() => false as const))).toEqual(place());
    const saves = Promise.allSettled(Array.from({ length: 20 }, () => store.save(crowd(1000))));
    await query(url, cut);
    await saves;
    expect(await until(() => store.save(crowd(1000)).catch(() => 0))).toBe(1000);
  });

  test("forgets only after a save that is still under way on the server, though nobody here waits for it", async () => {
    const left = new pg.Client({ connectionString: url });
    await left.connect();
    await left.query("begin");
    await left.query(`insert into places values ('ann', 'plaza', '{"x":1,"y":2}', 4)`);
    const forgotten = store.forget("ann");
    await until(async () => (await query(url, "select 1 from pg_locks where not granted")).length > 0);
    await left.query("commit");
    await left.end();
    expect(await forgotten).toBe(1);
    expect(await store.load("ann", "plaza")).toBeUndefined();
  });
});
