// The queue in front of the store: what it promises while the store works, fails, hangs and comes back.
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
import { type Store, StoreError } from "../../../src/store/store.ts";
import { WriteBehind } from "../../../src/store/write-behind.ts";
import { onlyLong, runs } from "../../support/long.ts";
import { type Postgres, query, startPostgres } from "../../support/postgres.ts";
import { describeWith } from "../../support/requiring.ts";
import { until } from "../../support/until.ts";
import { crowd, place } from "./places.ts";

/** A period that no test lives to see: saves begin when the test says so. */
const NEVER = 1_000_000;

/** What was logged, in words. */
let logged: string[];
const logger = {
  info: (_: object, message: string) => logged.push(`info: ${message}`),
  error: (_: object, message: string) => logged.push(`error: ${message}`),
};
const BEGUN = "error: places cannot be saved; they wait, and it is tried again until it works";
const OVER = "info: places are saved again";

/** The queues of the test under way. A test that fails in the middle leaves no thread and no timer behind. */
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

/** A store in memory whose saves end when, and as, the test says. */
class HeldStore implements Store {
  readonly places = new Map<string, PlayerRecord>();
  /** The saves under way. */
  readonly held: { places: readonly PlayerRecord[]; settle: (done: boolean) => void }[] = [];
  away = false;
  closed = false;

  async load(player: string, map: string): Promise<PlayerRecord | undefined> {
    if (this.away) throw new StoreError("TEST", "away", "wait");
    return this.places.get(`${player} ${map}`);
  }

  save(places: readonly PlayerRecord[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const settle = (done: boolean) => {
        this.held.splice(0, 1);
        if (!done) return reject(new StoreError("TEST", "away", "wait"));
        for (const place of places) this.places.set(`${place.player} ${place.map}`, place);
        resolve(places.length);
      };
      this.held.push({ places, settle });
    });
  }

  async forget(player: string): Promise<number> {
    if (this.away) throw new StoreError("TEST", "away", "wait");
    const keys = [...this.places].filter(([, place]) => place.player === player).map(([key]) => key);
    for (const key of keys) this.places.delete(key);
    return keys.length;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  pages(): never {
    throw new Error("not asked for");
  }
  purge(): never {
    throw new Error("not asked for");
  }
}

/** Lets everything go on that waits for nothing but its turn. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("the queue", () => {
  let store: HeldStore;
  let places: WriteBehind;
  beforeEach(() => {
    store = new HeldStore();
    places = queueFor(store, { periodMs: NEVER });
  });

  /** Ends the save under way. */
  async function settle(done: boolean): Promise<void> {
    store.held[0]!.settle(done);
    await settled();
  }

  test("saves the newest place of each player and map, in one transaction", async () => {
    for (let x = 1; x <= 3; x++) {
      places.put(place({ x }));
      places.put(place({ x, map: "meadow" }));
      places.put(place({ x, player: "bob" }));
    }
    const flushed = places.flush();
    await settled();
    expect(store.held).toHaveLength(1);
    expect(store.held[0]!.places).toEqual([
      place({ x: 3 }),
      place({ x: 3, map: "meadow" }),
      place({ x: 3, player: "bob" }),
    ]);
    await settle(true);
    expect(await flushed).toBe(true);
    expect(places.counters()).toMatchObject({ saves: 1, rows: 3, failures: 0, rowsWaiting: 0, oldestWaitingMs: 0 });
  });

  test("has one save under way at a time, and one more for all who ask meanwhile", async () => {
    places.put(place({ x: 1 }));
    places.flush();
    await settled();
    places.put(place({ x: 2 }));
    const asked = [places.flush(), places.flush(), places.flush()];
    await settled();
    expect(store.held.map((save) => save.places)).toEqual([[place({ x: 1 })]]);
    await settle(true);
    expect(store.held.map((save) => save.places)).toEqual([[place({ x: 2 })]]);
    await settle(true);
    expect(await Promise.all(asked)).toEqual([true, true, true]);
    expect(store.held).toEqual([]);
  });

  test("keeps what a failed save held, under what is newer, and goes on", async () => {
    places.put(place({ x: 1 }));
    places.put(place({ player: "bob", x: 1 }));
    const failing = places.flush();
    await settled();
    places.put(place({ x: 2 }));
    places.put(place({ player: "cat", x: 2 }));
    await settle(false);
    expect(await failing).toBe(false);
    expect(places.healthy).toBe(false);
    expect(places.counters()).toMatchObject({ saves: 0, rows: 0, failures: 1, rowsWaiting: 3 });
    const flushed = places.flush();
    await settled();
    expect(store.held[0]!.places).toEqual([
      place({ x: 2 }),
      place({ player: "bob", x: 1 }),
      place({ player: "cat", x: 2 }),
    ]);
    await settle(true);
    expect(await flushed).toBe(true);
    expect(places.healthy).toBe(true);
    expect(logged).toEqual([BEGUN, OVER]);
  });

  test("logs a fault when it begins and when it is over, not at each retry", async () => {
    for (const done of [false, false, false, true, true, false, true]) {
      places.flush();
      await settled();
      await settle(done);
      expect(places.healthy).toBe(done);
    }
    expect(logged).toEqual([BEGUN, OVER, BEGUN, OVER]);
    expect(places.counters()).toMatchObject({ saves: 0, failures: 4 });
  });

  test("gives the newest place: one that waits, one that is being saved, one that is stored", async () => {
    store.places.set("ann plaza", place({ x: 1 }));
    expect(await places.load("ann", "plaza")).toMatchObject({ x: 1 });
    expect(await places.load("bob", "plaza")).toBeUndefined();
    places.put(place({ x: 2 }));
    store.away = true;
    expect(await places.load("ann", "plaza")).toMatchObject({ x: 2 });
    places.flush();
    await settled();
    expect(await places.load("ann", "plaza")).toMatchObject({ x: 2 });
    places.put(place({ x: 3 }));
    expect(await places.load("ann", "plaza")).toMatchObject({ x: 3 });
    await settle(false);
    expect(await places.load("ann", "plaza")).toMatchObject({ x: 3 });
    await expect(places.load("ann", "meadow")).rejects.toThrow(StoreError);
  });

  test("rejects a load when the store does not answer in time", async () => {
    store.load = () => new Promise(() => {});
    places = queueFor(store, { periodMs: NEVER, patienceMs: 20 });
    await expect(places.load("ann", "plaza")).rejects.toThrow(
      new StoreError("store", "no answer within 20 ms", "its fault is in the log"),
    );
  });

  test("is unhealthy while a save takes too long, and healthy when it is done", async () => {
    places = queueFor(store, { periodMs: 5, patienceMs: 20 });
    places.put(place());
    places.start();
    await until(() => !places.healthy);
    expect(store.held).toHaveLength(1);
    await settle(true);
    expect(places.healthy).toBe(true);
    expect(logged).toEqual([BEGUN, OVER]);
    const closed = places.close(0);
    await until(() => store.closed);
    await closed;
  });

  test("forgets a player who waits, and one who is just being saved, done or failed", async () => {
    for (const done of [true, false]) {
      store.places.set("ann plaza", place({ x: 0 }));
      places.put(place());
      places.put(place({ map: "meadow" }));
      places.put(place({ player: "bob" }));
      const flushed = places.flush();
      await settled();
      places.put(place({ x: 5 }));
      const forgotten = places.forget("ann");
      const loaded = places.load("ann", "plaza");
      expect(places.put(place({ x: 6 }))).toBe(false);
      await settle(done);
      expect(await flushed).toBe(done);
      expect(await forgotten).toBe(done ? 2 : 1);
      expect(await loaded).toBeUndefined();
      expect(await places.load("ann", "meadow")).toBeUndefined();
      expect(await places.load("bob", "plaza")).toEqual(place({ player: "bob" }));
      expect([...store.places.keys()].filter((key) => key.startsWith("ann"))).toEqual([]);
      expect(places.counters().rowsWaiting).toBe(done ? 0 : 1);
    }
    expect(places.put(place())).toBe(true);
  });

  test("says so when a player cannot be forgotten now, and takes their places again", async () => {
    store.places.set("ann plaza", place());
    store.away = true;
    await expect(places.forget("ann")).rejects.toThrow(StoreError);
    expect(places.put(place({ x: 2 }))).toBe(true);
    store.away = false;
    expect(await places.forget("ann")).toBe(1);
    expect(await places.load("ann", "plaza")).toBeUndefined();
  });

  test("accepts so many rows and no more; who waits already is accepted", async () => {
    places = queueFor(store, { periodMs: NEVER, mostRows: 3 });
    expect(crowd(5).map((each) => places.put(each))).toEqual([true, true, true, false, false]);
    places.flush();
    await settled();
    expect(crowd(5, { x: 2 }).map((each) => places.put(each))).toEqual([true, true, true, false, false]);
    expect(places.counters()).toMatchObject({ rowsWaiting: 3, refused: 4 });
    await settle(false);
    expect(places.counters()).toMatchObject({ rowsWaiting: 3 });
    places.flush();
    await settled();
    expect(store.held[0]!.places).toEqual(crowd(3, { x: 2 }));
    await settle(true);
    expect(places.put(place())).toBe(true);
  });

  test("tells how long the oldest row has waited, failed saves and newer places included", async () => {
    places.put(place({ player: "bob" }));
    places.flush();
    await settled();
    const since = performance.now();
    await until(() => performance.now() - since > 20);
    places.put(place());
    places.put(place({ player: "bob", x: 9 }));
    expect(places.counters().oldestWaitingMs).toBeGreaterThan(20);
    await settle(false);
    expect(places.counters().oldestWaitingMs).toBeGreaterThan(20);
    expect(places.counters().lastSaveMs).toBeGreaterThan(20);
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
  ])("takes no place that a database would refuse, and all others with it: %s %j", (field, fields) => {
    expect(() => places.put(place(fields))).toThrow(new RegExp(`^a place with ${field} .* cannot be stored$`));
    expect(places.counters().rowsWaiting).toBe(0);
  });

  test("closes: saves what waits, accepts nothing more, and tells what is lost at the deadline", async () => {
    places.put(place());
    const closed = places.close(NEVER);
    await settled();
    expect(places.put(place({ player: "bob" }))).toBe(false);
    expect(store.closed).toBe(false);
    await settle(true);
    expect(await closed).toBe(0);
    expect(store.closed).toBe(true);
    expect(logged).toEqual([]);

    places = queueFor(store, { periodMs: NEVER });
    for (const each of crowd(7)) places.put(each);
    expect(await places.close(20)).toBe(7);
    expect(logged).toEqual(["error: places are lost: the store was away until the end"]);
  });

  test("closes in time when the store does not even close", async () => {
    store.close = () => new Promise(() => {});
    const closed = places.close(10);
    await settled();
    await settle(true);
    expect(await closed).toBe(0);
  });

  // Whatever happens in whatever order: a load gives the last place that was accepted, and in the end the store has it.
  test("never loses the newest place, nor brings back one that was forgotten", async () => {
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
        const places = new WriteBehind(store, logger, { periodMs: NEVER });
        const newest = new Map<string, PlayerRecord>();
        const forgetting = new Set<string>();
        let x = 0;

        async function check(): Promise<void> {
          await settled();
          for (const player of ["ann", "bob", "cat"].filter((each) => !forgetting.has(each))) {
            for (const map of ["plaza", "meadow"]) {
              expect(await places.load(player, map)).toEqual(newest.get(`${player} ${map}`));
            }
          }
        }

        for (const act of actions) {
          if (act.does === "put") {
            const next = place({ player: act.player, map: act.map, x: ++x, savedAt: x });
            const accepted = places.put(next);
            expect(accepted).toBe(!forgetting.has(act.player));
            if (accepted) newest.set(`${act.player} ${act.map}`, next);
          } else if (act.does === "flush") {
            places.flush();
          } else if (act.does === "settle") {
            store.held[0]?.settle(act.done);
          } else if (!forgetting.has(act.player)) {
            for (const map of ["plaza", "meadow"]) newest.delete(`${act.player} ${map}`);
            forgetting.add(act.player);
            places.forget(act.player).then(() => forgetting.delete(act.player));
          }
          await check();
          expect(store.held.length).toBeLessThanOrEqual(1);
          expect(places.counters().rowsWaiting).toBeLessThanOrEqual(6);
        }
        while (store.held.length > 0 || forgetting.size > 0) {
          store.held[0]?.settle(true);
          await settled();
        }
        const closed = places.close(NEVER);
        await settled();
        store.held[0]!.settle(true);
        expect(await closed).toBe(0);
        expect(store.places).toEqual(newest);
      }),
      { numRuns: runs(150) },
    );
  });
});

describe("with SQLite", () => {
  test("saves every period by itself, and is there for the next process", async () => {
    const places = queueFor(await openStore({ dataDir: folder }), { periodMs: 10 });
    places.start();
    places.put(place({ x: 1 }));
    await until(() => places.counters().saves === 1);
    places.put(place({ x: 2 }));
    await until(() => places.counters().saves === 2);
    expect(places.counters()).toMatchObject({ rows: 2, rowsWaiting: 0, failures: 0 });
    places.put(place({ x: 3 }));
    expect(await places.close(5000)).toBe(0);

    const again = queueFor(await openStore({ dataDir: folder }), {});
    expect(await again.load("ann", "plaza")).toEqual(place({ x: 3 }));
    expect(await again.close(5000)).toBe(0);
    expect(logged).toEqual([]);
  });

  // A disk that hangs cannot be made everywhere; a file that somebody else has locked makes SQLite wait just as long.
  test("goes on with the world while SQLite waits, and lets players in", async () => {
    const store = await openStore({ dataDir: folder });
    await store.save([place()]);
    const places = queueFor(store, { periodMs: 20 });
    const other = new DatabaseSync(join(folder, "sabang.sqlite"));
    other.exec("begin immediate");
    places.start();
    places.put(place({ player: "bob" }));
    const save = places.flush();
    expect(await Promise.race([places.load("ann", "plaza"), save])).toEqual(place());
    let longestGap = 0;
    let last = performance.now();
    const until1500 = last + 1500;
    while (last < until1500) {
      for (const each of crowd(500, { savedAt: Math.round(last) })) places.put(each);
      await new Promise((resolve) => setTimeout(resolve, 10));
      longestGap = Math.max(longestGap, performance.now() - last);
      last = performance.now();
    }
    other.exec("rollback");
    other.close();
    await until(() => places.counters().rowsWaiting === 0);
    // A loop that waited for SQLite would stand still until SQLite gives up, after two seconds.
    expect(longestGap).toBeLessThan(1500);
    expect(await places.close(5000)).toBe(0);
  });

  test("keeps everything while the disk is full, and saves it when there is room again", async () => {
    const explain = (error: unknown) => new StoreError("DATA_DIR", (error as Error).message, "free some space");
    const dialect = sqliteDialect({ path: join(folder, "full.sqlite"), busyTimeoutMs: 100 }, explain);
    const db = new Kysely<Tables>({ dialect });
    await migrate(db);
    const store = new SqlStore(db);
    // SQLite reports its own limit with the very error of a full disk.
    await sql`pragma max_page_count = 20`.execute(db);
    const places = queueFor(store, { periodMs: 10 });
    places.start();
    for (const each of crowd(1000)) places.put(each);
    await until(() => !places.healthy);
    expect(places.counters().rowsWaiting).toBe(1000);
    expect(await store.load("player-1", "plaza")).toBeUndefined();
    expect(await places.load("player-1", "plaza")).toMatchObject({ x: 1 });
    await sql`pragma max_page_count = 100000`.execute(db);
    await until(() => places.healthy);
    expect(places.counters().rowsWaiting).toBe(0);
    expect(await store.load("player-999", "plaza")).toMatchObject({ x: 999 });
    expect(logged).toEqual([BEGUN, OVER]);
    expect(await places.close(5000)).toBe(0);
  });

  test("lets the process end after it is closed", () => {
    const printed = execFileSync(process.execPath, [new URL("./closer.ts", import.meta.url).pathname, folder], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(printed).toBe("lost 0\n");
  });
});

onlyLong(() => {
  describeWith("postgres", "with PostgreSQL", () => {
    let postgres: Postgres;
    let url: string;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.remove());
    beforeEach(async () => {
      url = await postgres.database();
    });

    test.each(["stop", "kill"] as const)(
      "loses nothing while the server is away (%s), and is healthy after",
      async (end) => {
        const store = await openPostgres(url);
        const places = queueFor(store, { periodMs: 20 });
        places.start();
        let round = 0;
        const accepted = new Map<string, PlayerRecord>();
        // The players move all the while.
        const walking = setInterval(() => {
          round++;
          for (const each of crowd(300, { x: round, savedAt: round })) {
            if (Math.random() < 0.5 && places.put(each)) accepted.set(each.player, each);
          }
        }, 20);

        await until(() => places.counters().saves > 3);
        expect(places.healthy).toBe(true);
        await postgres[end]();
        await until(() => !places.healthy);
        await expect(places.load("stranger", "plaza")).rejects.toThrow(/^DATABASE_URL: PostgreSQL at /);
        const { failures } = places.counters();
        await until(() => places.counters().failures > failures + 3);
        const late = place({ player: "late" });
        accepted.set("late", late);
        expect(places.put(late)).toBe(true);
        expect(await places.load("late", "plaza")).toEqual(late);
        await postgres.start();
        await until(() => places.healthy);
        clearInterval(walking);
        expect(await places.flush()).toBe(true);

        expect(accepted.size).toBe(301);
        for (const [player, place] of accepted) expect(await store.load(player, "plaza")).toEqual(place);
        expect(logged).toEqual([BEGUN, OVER]);
        expect(await places.close(5000)).toBe(0);
      },
    );

    test("tells what is lost when the server is away at the end, in time", async () => {
      const places = queueFor(await openPostgres(url), { periodMs: 20 });
      places.put(place());
      await postgres.stop();
      expect(await places.close(100)).toBe(1);
      expect(logged).toEqual([BEGUN, "error: places are lost: the store was away until the end"]);
      await postgres.start();
    });

    test("does not ask again where nobody answers: a connection that went dead is replaced", async () => {
      const way = await deadEnd(Number(new URL(url).port));
      const places = queueFor(await openPostgres(url.replace(/:\d+\//, `:${way.port}/`), { timeoutMs: 100 }), {
        periodMs: NEVER,
      });
      places.put(place());
      expect(await places.flush()).toBe(true);
      way.goDead();
      places.put(place({ x: 5 }));
      expect(await places.flush()).toBe(false);
      expect(await places.flush()).toBe(true);
      expect(await places.close(5000)).toBe(0);
      await way.close();
    });

    test("gives up a save that somebody's lock holds up, leaves no session behind, and saves when the lock is gone", async () => {
      const places = queueFor(await openPostgres(url, { timeoutMs: 100 }), { periodMs: 20 });
      places.start();
      places.put(place());
      const locked = query(url, "begin; lock table places; select pg_sleep(1.5); commit");
      await until(async () => (await sessions()).includes("PgSleep"));
      places.put(place({ x: 5 }));
      await until(() => places.counters().failures > 2);
      expect(places.healthy).toBe(false);
      expect((await sessions()).length).toBeLessThanOrEqual(4 + 1);
      await locked;
      await until(() => places.healthy);
      expect(await places.close(5000)).toBe(0);
      const rows = await query(url, "select (kept::json->>'x')::int as x from places");
      expect(rows).toEqual([{ x: 5 }]);
    });

    /** What each session of this database, but the one that asks, waits for. */
    async function sessions(): Promise<unknown[]> {
      const rows = await query(
        url,
        "select wait_event from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
      return rows.map((row) => (row as { wait_event: string | null }).wait_event);
    }
  });
});

/** A way to a local port. What is connected when it goes dead stays connected, and no byte passes any more. */
async function deadEnd(port: number) {
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
