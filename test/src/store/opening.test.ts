// What stops the start: a store that cannot be used is refused with a sentence that says what to do.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { storeSettings } from "../../../src/commands/store-settings.ts";
import { openStore, openStoreAt, type StoreSettings } from "../../../src/store/open.ts";
import { openPostgres } from "../../../src/store/postgres.ts";
import { type Store, StoreError } from "../../../src/store/store.ts";
import { onlyLong } from "../../support/long.ts";
import { PASSWORD, type Postgres, query, startPostgres } from "../../support/postgres.ts";
import { describeWith } from "../../support/requiring.ts";
import { place } from "./places.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-opening-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The sentence with which a store is refused. */
async function refusalOf(opening: Promise<Store>): Promise<string> {
  const error = await opening.then(
    (store) => store.close().then(() => new Error("the store was opened")),
    (error) => error,
  );
  expect(error).toBeInstanceOf(StoreError);
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(error.message).not.toContain(secret);
  return error.message;
}

const at = (dataDir: string): StoreSettings => ({ dataDir });

describe("a data folder", () => {
  test("that is missing is made, with all above it, and holds nothing but the store", async () => {
    const store = await openStore(at(join(folder, "a", "b")));
    await store.save([place()]);
    await store.close();
    expect(readdirSync(join(folder, "a", "b"))).toEqual(["sabang.sqlite"]);
  });

  test("that is a file is refused", async () => {
    writeFileSync(join(folder, "file"), "");
    expect(await refusalOf(openStore(at(join(folder, "file"))))).toMatch(
      /^DATA_DIR: .*file\/sabang.sqlite cannot be used: EEXIST.*; name a folder, not a file$/,
    );
    expect(await refusalOf(openStore(at(join(folder, "file", "within"))))).toMatch(
      /^DATA_DIR: .*: ENOTDIR.*; name a folder, not a file$/,
    );
  });

  test.each([
    ["the folder", () => chmodSync(folder, 0o555)],
    ["the file in it", () => chmodSync(join(folder, "sabang.sqlite"), 0o444)],
  ])("of which %s cannot be written to is refused", async (_, protect) => {
    await (await openStore(at(folder))).close();
    chmodSync(folder, 0o777);
    chmodSync(join(folder, "sabang.sqlite"), 0o666);
    protect();
    // In a process of its own, which gives up the rights of root: those write to everything.
    const { stdout } = spawnSync(process.execPath, [new URL("./opener.ts", import.meta.url).pathname, folder], {
      encoding: "utf8",
    });
    chmodSync(folder, 0o777);
    expect(stdout).toMatch(
      /^DATA_DIR: .*sabang.sqlite cannot be used: (EACCES.*|attempt to write a readonly database); let the user that runs the server write to the file and its folder\n$/,
    );
  });

  test.each([
    ["text", "this is no database, however long it is\n".repeat(100)],
    ["a picture", Uint8Array.from({ length: 10_000 }, (_, i) => (i * 37) % 256)],
  ])("that holds %s instead of a database is refused", async (_, content) => {
    writeFileSync(join(folder, "sabang.sqlite"), content);
    expect(await refusalOf(openStore(at(folder)))).toBe(
      `DATA_DIR: ${folder}/sabang.sqlite cannot be used: file is not a database; ` +
        "restore it from a backup, or move it away to begin with nothing",
    );
  });

  test("that holds a folder instead of a database is refused", async () => {
    mkdirSync(join(folder, "sabang.sqlite"));
    expect(await refusalOf(openStore(at(folder)))).toMatch(
      /^DATA_DIR: .* cannot be used: unable to open database file; let the user /,
    );
  });

  test("that holds the store of a newer version is refused", async () => {
    await (await openStore(at(folder))).close();
    const database = new DatabaseSync(join(folder, "sabang.sqlite"));
    database.exec("insert into kysely_migration values ('9999-future', '2999-01-01T00:00:00.000Z')");
    database.close();
    expect(await refusalOf(openStore(at(folder)))).toMatch(
      /^DATA_DIR: .*9999-future.*; start the version that wrote it, or a newer one$/,
    );
  });

  test("whose store another process does not let go is refused", async () => {
    await (await openStore(at(folder))).close();
    const database = new DatabaseSync(join(folder, "sabang.sqlite"));
    database.exec("begin exclusive");
    expect(await refusalOf(openStore(at(folder)))).toMatch(
      /^DATA_DIR: .*: database is locked; stop the other process that is writing to it$/,
    );
    database.close();
  });
});

describe("a database URL", () => {
  const refusalOfUrl = (databaseUrl: string) => refusalOf(openStore({ dataDir: folder, databaseUrl }));

  test.each([
    "garbage",
    "mysql://sabang:s3cret%2Fpass%20word@localhost/sabang",
    "postgres://sabang:s3cret/pass word@localhost:5432/sabang",
    "postgres://sabang:s3cret%2Fpass%20word@localhost:port/sabang",
    "postgres://sabang:s3cret%2Fpass%20word@host:1:2/sabang",
  ])("that is none is refused: %s", async (url) => {
    expect(await refusalOfUrl(url)).toBe(
      "DATABASE_URL: not the address of a PostgreSQL database; expected " +
        "postgres://user:password@host:port/database, special characters of the password percent-encoded",
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(["127.0.0.1", "localhost"])("of a server that is not there is refused: %s", async (host) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    expect(await refusalOfUrl(`postgres://sabang:${encodeURIComponent(PASSWORD)}@${host}:${port}/world`)).toMatch(
      new RegExp(
        `^DATABASE_URL: PostgreSQL at ${host}:${port}/world cannot be used: ` +
          `(connect ECONNREFUSED [^ ]+:${port}(, )?)+; start it, or correct its address$`,
      ),
    );
  });

  test("of a server that takes connections and says nothing is refused in time", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `postgres://sabang:${encodeURIComponent(PASSWORD)}@127.0.0.1:${(server.address() as AddressInfo).port}/x`;
    expect(await refusalOf(openPostgres(url, { timeoutMs: 200 }))).toMatch(
      /^DATABASE_URL: .*: Connection terminated due to connection timeout; start it, or correct its address$/,
    );
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

onlyLong(() => {
  describeWith("postgres", "a database URL of a running server", () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.remove());

    const refusalOfUrl = (databaseUrl: string) => refusalOf(openStore({ dataDir: folder, databaseUrl }));

    test("with a wrong password or user is refused", async () => {
      const url = new URL(await postgres.database());
      url.password = "wrong";
      const sentence =
        /^DATABASE_URL: PostgreSQL at .* cannot be used: password authentication failed for user "\w+"; correct its user and password$/;
      expect(await refusalOfUrl(url.href)).toMatch(sentence);
      url.username = "nobody";
      expect(await refusalOfUrl(url.href)).toMatch(sentence);
    });

    test("with a database that does not exist is refused", async () => {
      const url = new URL(await postgres.database());
      url.pathname = "/nowhere";
      expect(await refusalOfUrl(url.href)).toMatch(/: database "nowhere" does not exist; create that database$/);
    });

    test("with a user who may not create tables is refused", async () => {
      const url = new URL(await postgres.database());
      await query(url.href, `create role guest login password '${PASSWORD}'`);
      url.username = "guest";
      expect(await refusalOfUrl(url.href)).toMatch(
        /: permission denied .*; let its user create and change tables there$/,
      );
    });

    test("with a database that may only be read is refused", async () => {
      const url = await postgres.database();
      await query(url, `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`);
      expect(await refusalOfUrl(url)).toMatch(/read-only transaction; name the primary server, not a replica$/);
    });

    test("with the store of a newer version is refused", async () => {
      const url = await postgres.database();
      await (await openPostgres(url)).close();
      await query(url, "insert into kysely_migration values ('9999-future', '2999-01-01T00:00:00.000Z')");
      expect(await refusalOfUrl(url)).toMatch(/9999-future.*; start the version that wrote it, or a newer one$/);
    });
  });
});

describe("the address of a store", () => {
  test("is a data folder, or a file", async () => {
    const file = join(folder, "new", "backup.sqlite");
    for (const address of [join(folder, "world"), file]) {
      const store = await openStoreAt(address, "TO", false);
      await store.save([place()]);
      await store.close();
    }
    for (const address of [join(folder, "world"), join(folder, "world", "sabang.sqlite"), file]) {
      const store = await openStoreAt(address, "FROM", true);
      expect(await store.load("ann", "plaza")).toEqual(place());
      await store.close();
    }
  });

  test.each(["nowhere", "nowhere.sqlite", "."])("must exist where places are read: %s", async (address) => {
    expect(await refusalOf(openStoreAt(join(folder, address), "FROM", true))).toMatch(
      /^FROM: there is no file .*\.sqlite; name a store that exists$/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test("of another kind is refused", async () => {
    expect(await refusalOf(openStoreAt(`mysql://a:${PASSWORD}@b/c`, "TO", false))).toBe(
      "TO: an address of a kind that is not known; expected a path or a postgres:// address",
    );
  });
});

test("the settings of an environment are the folder `data` unless it says otherwise", () => {
  expect(storeSettings({})).toEqual({ dataDir: "data", databaseUrl: undefined });
  expect(storeSettings({ DATA_DIR: "", DATABASE_URL: "" })).toEqual({ dataDir: "data", databaseUrl: undefined });
  expect(storeSettings({ DATA_DIR: "/a", DATABASE_URL: "postgres://b" })).toEqual({
    dataDir: "/a",
    databaseUrl: "postgres://b",
  });
});
