// The write-behind queue in front of the store, while the store works, fails, hangs and recovers.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Kysely, sql } from "kysely";
import type { PlayerRecord } from "../../../rooms/player-store.ts";
import { migrate, type Tables } from "../../../src/store/migrations.ts";
import { openStore } from "../../../src/store/open.ts";
import { openPostgres } from "../../../src/store/postgres.ts";
import { SqlStore } from "../../../src/store/sql-store.ts";
import { sqliteDialect } from "../../../src/store/sqlite-dialect.ts";
import { StaleEpochError, type Store, StoreError } from "../../../src/store/store.ts";
import { WriteBehind } from "../../../src/store/write-behind.ts";
import { onlyLong, runs } from "../../support/long.ts";
import { type Postgres, query, startPostgres } from "../../support/postgres.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";
import { crowd, place } from "./places.ts";

/** A period in milliseconds that is longer than any test: saves start only when the test calls `flush`. */
const NEVER = 1_000_000;

/** The logged messages, with their levels. */
let logged: string[];
const logger = {
  info: (_: object, message: string) => logged.push(`info: ${message}`),
  error: (_: object, message: string) => logged.push(`error: ${message}`),
};
const FAILED = "error: saving player records failed; they stay queued; retrying";
const RECOVERED = "info: player records are saved again";

/** The queues of the current test. `afterEach` closes them, so that a failed test leaves no thread and no timer. */
const queues: WriteBehind[] = [];
function queueFor(store: Store, options: ConstructorParameters<typeof WriteBehind>[2]): WriteBehind {
  const queue = new WriteBehind(store, logger, options);
  queues.push(queue);
  return queue;
}

let folder: string;
beforeEach(() => {
  logged = [];
  folder = mkdtempSync(join(tmpdir(), "sabang-write-behind-"));
});
afterEach(async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.close(0)));
  rmSync(folder, { recursive: true });
});

/** A store in memory. The test decides when each save ends, and whether it succeeds. */
class HeldStore implements Store {
  readonly records = new Map<string, PlayerRecord>();
  /** The saves that have not ended yet. */
  readonly held: { records: readonly PlayerRecord[]; settle: (done: boolean) => void }[] = [];
  /** The newest epoch of all successful saves. */
  epoch = 0;
  away = false;
  closed = false;

  async load(player: string, map: string): Promise<PlayerRecord | undefined> {
    if (this.away) throw new StoreError("TEST", "away", "wait");
    return this.records.get(`${player} ${map}`);
  }

  save(records: readonly PlayerRecord[], epoch?: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const settle = (done: boolean) => {
        this.held.splice(0, 1);
        if (epoch !== undefined && epoch < this.epoch) return reject(new StaleEpochError(epoch));
        if (!done) return reject(new StoreError("TEST", "away", "wait"));
        this.epoch = epoch ?? this.epoch;
        for (const record of records) this.records.set(`${record.player} ${record.map}`, record);
        resolve(records.length);
      };
      this.held.push({ records, settle });
    });
  }

  async forget(player: string): Promise<number> {
    if (this.away) throw new StoreError("TEST", "away", "wait");
    const keys = [...this.records].filter(([, record]) => record.player === player).map(([key]) => key);
    for (const key of keys) this.records.delete(key);
    return keys.length;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  cluster(): never {
    throw new Error("not used by these tests");
  }
  pages(): never {
    throw new Error("not used by these tests");
  }
  purge(): never {
    throw new Error("not used by these tests");
  }
}

/** Resolves after all pending microtasks and immediates have run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("the write-behind queue:", () => {
  let store: HeldStore;
  let queue: WriteBehind;
  beforeEach(() => {
    store = new HeldStore();
    queue = queueFor(store, { periodMs: NEVER });
  });

  /** Ends the current save: successfully if `done` is true, otherwise with an error. */
  async function settle(done: boolean): Promise<void> {
    store.held[0]!.settle(done);
    await settled();
  }

  test("the queue saves the newest record of each player and map, in one transaction", async () => {
    for (let x = 1; x <= 3; x++) {
      queue.put(place({ x }));
      queue.put(place({ x, map: "meadow" }));
      queue.put(place({ x, player: "bob" }));
    }
    const flushed = queue.flush();
    await settled();
    expect(store.held).toHaveLength(1);
    expect(store.held[0]!.records).toEqual([
      place({ x: 3 }),
      place({ x: 3, map: "meadow" }),
      place({ x: 3, player: "bob" }),
    ]);
    await settle(true);
    expect(await flushed).toBe(true);
    expect(queue.counters()).toMatchObject({ saves: 1, rows: 3, failures: 0, rowsWaiting: 0, oldestWaitingMs: 0 });
  });

  test("the queue logs one message, drops its rows and refuses new rows after another authority has started to save", async () => {
    queue.fence(4);
    await settled();
    await settle(true);
    expect(store.epoch).toBe(4);
    expect(queue.put(place({ x: 1 }))).toBe(true);
    store.epoch = 5;
    for (let round = 0; round < 3; round++) {
      const flushed = queue.flush();
      await settled();
      await settle(true);
      // The first save has a row and is rejected. The later saves have no rows and succeed.
      expect(await flushed).toBe(round > 0);
      expect(queue.put(place({ x: 2 }))).toBe(false);
    }
    expect(store.records.size).toBe(0);
    expect(logged).toEqual(["info: this process saves no more player records"]);
    expect(queue.healthy).toBe(true);
    expect(queue.counters()).toMatchObject({ rowsWaiting: 0, refused: 0, failures: 0 });
  });

  test("after its process has become the authority again, the queue saves only rows added since then", async () => {
    queue.fence(4);
    queue.put(place({ x: 1 }));
    queue.put(place({ player: "bob", x: 1 }));
    await settled();
    queue.fence(6);
    await settle(false);
    await settle(true);
    queue.put(place({ x: 2 }));
    const flushed = queue.flush();
    await settled();
    await settle(true);
    expect(await flushed).toBe(true);
    expect([...store.records.values()]).toEqual([place({ x: 2 })]);
    expect(store.epoch).toBe(6);
    expect(logged).toEqual([]);
  });

  test("the queue runs one save at a time, and all flushes that are requested during a save share the next save", async () => {
    queue.put(place({ x: 1 }));
    queue.flush();
    await settled();
    queue.put(place({ x: 2 }));
    const flushes = [queue.flush(), queue.flush(), queue.flush()];
    await settled();
    expect(store.held.map((save) => save.records)).toEqual([[place({ x: 1 })]]);
    await settle(true);
    expect(store.held.map((save) => save.records)).toEqual([[place({ x: 2 })]]);
    await settle(true);
    expect(await Promise.all(flushes)).toEqual([true, true, true]);
    expect(store.held).toEqual([]);
  });

  test("the records of a failed save return to the queue, except records of which the queue has a newer version", async () => {
    queue.put(place({ x: 1 }));
    queue.put(place({ player: "bob", x: 1 }));
    const failing = queue.flush();
    await settled();
    queue.put(place({ x: 2 }));
    queue.put(place({ player: "cat", x: 2 }));
    await settle(false);
    expect(await failing).toBe(false);
    expect(queue.healthy).toBe(false);
    expect(queue.counters()).toMatchObject({ saves: 0, rows: 0, failures: 1, rowsWaiting: 3 });
    const flushed = queue.flush();
    await settled();
    expect(store.held[0]!.records).toEqual([
      place({ x: 2 }),
      place({ player: "bob", x: 1 }),
      place({ player: "cat", x: 2 }),
    ]);
    await settle(true);
    expect(await flushed).toBe(true);
    expect(queue.healthy).toBe(true);
    expect(logged).toEqual([FAILED, RECOVERED]);
  });

  test("the queue logs the first failed save and the recovery, not each retry", async () => {
    for (const done of [false, false, false, true, true, false, true]) {
      queue.flush();
      await settled();
      await settle(done);
      expect(queue.healthy).toBe(done);
    }
    expect(logged).toEqual([FAILED, RECOVERED, FAILED, RECOVERED]);
    expect(queue.counters()).toMatchObject({ saves: 0, failures: 4 });
  });

  test("the queue loads the newest record, whether it is queued, being saved or stored", async () => {
    store.records.set("ann plaza", place({ x: 1 }));
    expect(await queue.load("ann", "plaza")).toMatchObject({ x: 1 });
    expect(await queue.load("bob", "plaza")).toBeUndefined();
    queue.put(place({ x: 2 }));
    store.away = true;
    expect(await queue.load("ann", "plaza")).toMatchObject({ x: 2 });
    queue.flush();
    await settled();
    expect(await queue.load("ann", "plaza")).toMatchObject({ x: 2 });
    queue.put(place({ x: 3 }));
    expect(await queue.load("ann", "plaza")).toMatchObject({ x: 3 });
    await settle(false);
    expect(await queue.load("ann", "plaza")).toMatchObject({ x: 3 });
    await expect(queue.load("ann", "meadow")).rejects.toThrow(StoreError);
  });

  test("the queue rejects a load if the store does not answer in time", async () => {
    store.load = () => new Promise(() => {});
    queue = queueFor(store, { periodMs: NEVER, timeoutMs: 20 });
    await expect(queue.load("ann", "plaza")).rejects.toThrow(
      new StoreError("store", "no answer within 20 ms", "check that the database is reachable"),
    );
  });

  test("a save that takes longer than the timeout makes the queue unhealthy until the save is done", async () => {
    queue = queueFor(store, { periodMs: 5, timeoutMs: 20 });
    queue.put(place());
    queue.start();
    await until(() => !queue.healthy);
    expect(store.held).toHaveLength(1);
    await settle(true);
    expect(queue.healthy).toBe(true);
    expect(logged).toEqual([FAILED, RECOVERED]);
    const closed = queue.close(0);
    await until(() => store.closed);
    await closed;
  });

  test("`forget` removes a player's records that are queued or being saved, even if the save fails", async () => {
    for (const done of [true, false]) {
      store.records.set("ann plaza", place({ x: 0 }));
      queue.put(place());
      queue.put(place({ map: "meadow" }));
      queue.put(place({ player: "bob" }));
      const flushed = queue.flush();
      await settled();
      queue.put(place({ x: 5 }));
      const forgotten = queue.forget("ann");
      const loaded = queue.load("ann", "plaza");
      expect(queue.put(place({ x: 6 }))).toBe(false);
      await settle(done);
      expect(await flushed).toBe(done);
      expect(await forgotten).toBe(done ? 2 : 1);
      expect(await loaded).toBeUndefined();
      expect(await queue.load("ann", "meadow")).toBeUndefined();
      expect(await queue.load("bob", "plaza")).toEqual(place({ player: "bob" }));
      expect([...store.records.keys()].filter((key) => key.startsWith("ann"))).toEqual([]);
      expect(queue.counters().rowsWaiting).toBe(done ? 0 : 1);
    }
    expect(queue.put(place())).toBe(true);
  });

  test("the queue accepts a player's records again after `forget` has failed on an unavailable store", async () => {
    store.records.set("ann plaza", place());
    store.away = true;
    await expect(queue.forget("ann")).rejects.toThrow(StoreError);
    expect(queue.put(place({ x: 2 }))).toBe(true);
    store.away = false;
    expect(await queue.forget("ann")).toBe(1);
    expect(await queue.load("ann", "plaza")).toBeUndefined();
  });

  test("a full queue refuses new rows, but still updates the rows that it already has", async () => {
    queue = queueFor(store, { periodMs: NEVER, maxRows: 3 });
    expect(crowd(5).map((each) => queue.put(each))).toEqual([true, true, true, false, false]);
    queue.flush();
    await settled();
    expect(crowd(5, { x: 2 }).map((each) => queue.put(each))).toEqual([true, true, true, false, false]);
    expect(queue.counters()).toMatchObject({ rowsWaiting: 3, refused: 4 });
    await settle(false);
    expect(queue.counters()).toMatchObject({ rowsWaiting: 3 });
    queue.flush();
    await settled();
    expect(store.held[0]!.records).toEqual(crowd(3, { x: 2 }));
    await settle(true);
    expect(queue.put(place())).toBe(true);
  });

  test("the age of a queued row is not reset by a failed save or a newer record", async () => {
    queue.put(place({ player: "bob" }));
    queue.flush();
    await settled();
    const since = performance.now();
    await until(() => performance.now() - since > 20);
    queue.put(place());
    queue.put(place({ player: "bob", x: 9 }));
    expect(queue.counters().oldestWaitingMs).toBeGreaterThan(20);
    await settle(false);
    expect(queue.counters().oldestWaitingMs).toBeGreaterThan(20);
    expect(queue.counters().lastSaveMs).toBeGreaterThan(20);
  });

  test.each<[string, Partial<PlayerRecord>]>([
    ["player", { player: "" }],
    ["player", { player: "p".repeat(256) }],
    ["player", { player: "a\0b" }],
    ["map", { map: "" }],
    ["map", { map: "a\0" }],
    ["name", { name: null as unknown as string }],
    ["x", { x: [1] as unknown as number }],
    ["y", { y: Number.NaN }],
    ["savedAt", { savedAt: 2 ** 53 }],
    ["savedAt", { savedAt: 1.5 }],
    ["facing", { facing: Number.POSITIVE_INFINITY }],
  ])("the queue refuses a record that would make a database reject the whole transaction: %s %j", (field, fields) => {
    expect(() => queue.put(place(fields))).toThrow(new RegExp(`^a player record with ${field} .* cannot be stored$`));
    expect(queue.counters().rowsWaiting).toBe(0);
  });

  test("a closing queue saves its rows, refuses new ones, and returns the number of lost rows", async () => {
    queue.put(place());
    const closed = queue.close(NEVER);
    await settled();
    expect(queue.put(place({ player: "bob" }))).toBe(false);
    expect(store.closed).toBe(false);
    await settle(true);
    expect(await closed).toBe(0);
    expect(store.closed).toBe(true);
    expect(logged).toEqual([]);

    queue = queueFor(store, { periodMs: NEVER });
    for (const each of crowd(7)) queue.put(each);
    expect(await queue.close(20)).toBe(7);
    expect(logged).toEqual(["error: player records lost: the store was unavailable until the deadline"]);
  });

  test("closing the queue ends after a timeout even if the store never closes", async () => {
    store.close = () => new Promise(() => {});
    const closed = queue.close(10);
    await settled();
    await settle(true);
    expect(await closed).toBe(0);
  });

  // After each action of a random sequence, a load must return the last accepted record. In the end the store must have
  // that record.
  test("the queue never loses the newest record of a player, and never restores a record of a forgotten player", async () => {
    const player = fc.constantFrom("ann", "bob", "cat");
    const map = fc.constantFrom("plaza", "meadow");
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.record({ does: fc.constant("put" as const), player, map }) },
      { weight: 2, arbitrary: fc.record({ does: fc.constant("flush" as const) }) },
      { weight: 3, arbitrary: fc.record({ does: fc.constant("settle" as const), done: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constant("forget" as const), player }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const store = new HeldStore();
        const queue = new WriteBehind(store, logger, { periodMs: NEVER });
        const newest = new Map<string, PlayerRecord>();
        const forgetting = new Set<string>();
        let x = 0;

        async function check(): Promise<void> {
          await settled();
          for (const player of ["ann", "bob", "cat"].filter((each) => !forgetting.has(each))) {
            for (const map of ["plaza", "meadow"]) {
              expect(await queue.load(player, map)).toEqual(newest.get(`${player} ${map}`));
            }
          }
        }

        for (const act of actions) {
          if (act.does === "put") {
            const next = place({ player: act.player, map: act.map, x: ++x, savedAt: x });
            const accepted = queue.put(next);
            expect(accepted).toBe(!forgetting.has(act.player));
            if (accepted) newest.set(`${act.player} ${act.map}`, next);
          } else if (act.does === "flush") {
            queue.flush();
          } else if (act.does === "settle") {
            store.held[0]?.settle(act.done);
          } else if (!forgetting.has(act.player)) {
            for (const map of ["plaza", "meadow"]) newest.delete(`${act.player} ${map}`);
            forgetting.add(act.player);
            queue.forget(act.player).then(() => forgetting.delete(act.player));
          }
          await check();
          expect(store.held.length).toBeLessThanOrEqual(1);
          expect(queue.counters().rowsWaiting).toBeLessThanOrEqual(6);
        }
        while (store.held.length > 0 || forgetting.size > 0) {
          store.held[0]?.settle(true);
          await settled();
        }
        const closed = queue.close(NEVER);
        await settled();
        store.held[0]!.settle(true);
        expect(await closed).toBe(0);
        expect(store.records).toEqual(newest);
      }),
      { numRuns: runs(150) },
    );
  });
});

describe("SQLite:", () => {
  test("the queue saves to SQLite once per period, and a store that is opened later has the records", async () => {
    const queue = queueFor(await openStore({ dataDir: folder }), { periodMs: 10 });
    queue.start();
    queue.put(place({ x: 1 }));
    await until(() => queue.counters().saves === 1);
    queue.put(place({ x: 2 }));
    await until(() => queue.counters().saves === 2);
    expect(queue.counters()).toMatchObject({ rows: 2, rowsWaiting: 0, failures: 0 });
    queue.put(place({ x: 3 }));
    expect(await queue.close(5000)).toBe(0);

    const again = queueFor(await openStore({ dataDir: folder }), {});
    expect(await again.load("ann", "plaza")).toEqual(place({ x: 3 }));
    expect(await again.close(5000)).toBe(0);
    expect(logged).toEqual([]);
  });

  // A hanging disk cannot be simulated on every system. Instead another connection locks the file, so SQLite waits.
  test("SQLite's wait for a lock does not block the event loop, and records can still be loaded", async () => {
    const store = await openStore({ dataDir: folder });
    await store.save([place()]);
    const queue = queueFor(store, { periodMs: 20 });
    const other = new DatabaseSync(join(folder, "sabang.sqlite"));
    other.exec("begin immediate");
    queue.start();
    queue.put(place({ player: "bob" }));
    const save = queue.flush();
    expect(await Promise.race([queue.load("ann", "plaza"), save])).toEqual(place());
    let longestGap = 0;
    let last = performance.now();
    const until1500 = last + 1500;
    while (last < until1500) {
      for (const each of crowd(500, { savedAt: Math.round(last) })) queue.put(each);
      await new Promise((resolve) => setTimeout(resolve, 10));
      longestGap = Math.max(longestGap, performance.now() - last);
      last = performance.now();
    }
    other.exec("rollback");
    other.close();
    await until(() => queue.counters().rowsWaiting === 0);
    // An event loop that waits for SQLite would be blocked until SQLite gives up after two seconds.
    expect(longestGap).toBeLessThan(1500);
    expect(await queue.close(5000)).toBe(0);
  });

  test("the queue keeps all rows while the disk is full, and saves them when there is space again", async () => {
    const explain = (error: unknown) => new StoreError("DATA_DIR", (error as Error).message, "free some space");
    const dialect = sqliteDialect({ path: join(folder, "full.sqlite"), busyTimeoutMs: 100 }, explain);
    const db = new Kysely<Tables>({ dialect });
    await migrate(db);
    const store = new SqlStore(db);
    // SQLite reports this limit with the same error as a full disk.
    await sql`pragma max_page_count = 20`.execute(db);
    const queue = queueFor(store, { periodMs: 10 });
    queue.start();
    for (const each of crowd(1000)) queue.put(each);
    await until(() => !queue.healthy);
    expect(queue.counters().rowsWaiting).toBe(1000);
    expect(await store.load("player-1", "plaza")).toBeUndefined();
    expect(await queue.load("player-1", "plaza")).toMatchObject({ x: 1 });
    await sql`pragma max_page_count = 100000`.execute(db);
    await until(() => queue.healthy);
    expect(queue.counters().rowsWaiting).toBe(0);
    expect(await store.load("player-999", "plaza")).toMatchObject({ x: 999 });
    expect(logged).toEqual([FAILED, RECOVERED]);
    expect(await queue.close(5000)).toBe(0);
  });

  test("a closed queue does not keep its process alive", () => {
    const printed = execFileSync(process.execPath, [new URL("./closer.ts", import.meta.url).pathname, folder], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(printed).toBe("lost 0\n");
  });
});

onlyLong(() => {
  describeWith("postgres", "PostgreSQL:", () => {
    let postgres: Postgres;
    let url: string;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.remove());
    beforeEach(async () => {
      url = await postgres.database();
    });

    test.each(["stop", "kill"] as const)("the queue loses no record if PostgreSQL is down after a %s", async (end) => {
      const store = await openPostgres(url);
      const queue = queueFor(store, { periodMs: 20 });
      queue.start();
      let round = 0;
      const accepted = new Map<string, PlayerRecord>();
      // Puts new records all the time, as if the players kept moving.
      const walking = setInterval(() => {
        round++;
        for (const each of crowd(300, { x: round, savedAt: round })) {
          if (Math.random() < 0.5 && queue.put(each)) accepted.set(each.player, each);
        }
      }, 20);

      await until(() => queue.counters().saves > 3);
      expect(queue.healthy).toBe(true);
      await postgres[end]();
      await until(() => !queue.healthy);
      await expect(queue.load("stranger", "plaza")).rejects.toThrow(/^DATABASE_URL: PostgreSQL at /);
      const { failures } = queue.counters();
      await until(() => queue.counters().failures > failures + 3);
      const late = place({ player: "late" });
      accepted.set("late", late);
      expect(queue.put(late)).toBe(true);
      expect(await queue.load("late", "plaza")).toEqual(late);
      await postgres.start();
      await until(() => queue.healthy);
      clearInterval(walking);
      expect(await queue.flush()).toBe(true);

      expect(accepted.size).toBe(301);
      for (const [player, record] of accepted) expect(await store.load(player, "plaza")).toEqual(record);
      expect(logged).toEqual([FAILED, RECOVERED]);
      expect(await queue.close(5000)).toBe(0);
    });

    test("the queue's close() returns the number of lost rows within the time limit if PostgreSQL is down", async () => {
      const queue = queueFor(await openPostgres(url), { periodMs: 20 });
      queue.put(place());
      await postgres.stop();
      expect(await queue.close(100)).toBe(1);
      expect(logged).toEqual([FAILED, "error: player records lost: the store was unavailable until the deadline"]);
      await postgres.start();
    });

    test("the queue saves over a new connection after a save over a dead connection has timed out", async () => {
      const proxy = await dyingProxy(Number(new URL(url).port));
      const queue = queueFor(await openPostgres(url.replace(/:\d+\//, `:${proxy.port}/`), { timeoutMs: 100 }), {
        periodMs: NEVER,
      });
      queue.put(place());
      expect(await queue.flush()).toBe(true);
      proxy.goDead();
      queue.put(place({ x: 5 }));
      expect(await queue.flush()).toBe(false);
      expect(await queue.flush()).toBe(true);
      expect(await queue.close(5000)).toBe(0);
      await proxy.close();
    });

    test("a save is cancelled without leaking a session if it waits too long for a lock, and a later save succeeds", async () => {
      const queue = queueFor(await openPostgres(url, { timeoutMs: 100 }), { periodMs: 20 });
      queue.start();
      queue.put(place());
      const locked = query(url, "begin; lock table places; select pg_sleep(1.5); commit");
      await until(async () => (await sessions()).includes("PgSleep"));
      queue.put(place({ x: 5 }));
      await until(() => queue.counters().failures > 2);
      expect(queue.healthy).toBe(false);
      expect((await sessions()).length).toBeLessThanOrEqual(4 + 1);
      await locked;
      await until(() => queue.healthy);
      expect(await queue.close(5000)).toBe(0);
      const rows = await query(url, "select (kept::json->>'x')::int as x from places");
      expect(rows).toEqual([{ x: 5 }]);
    });

    /** Returns the wait events of all sessions of this database, except for the session of this query. */
    async function sessions(): Promise<unknown[]> {
      const rows = await query(
        url,
        "select wait_event from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
      return rows.map((row) => (row as { wait_event: string | null }).wait_event);
    }
  });
});

/** A proxy to a local port. After `goDead` its connections stay open, but forward no bytes. */
async function dyingProxy(port: number) {
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    near.pipe(far).pipe(near);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    goDead() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
