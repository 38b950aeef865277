// Tests that the server does not start with a store that cannot be used, and that the error message says what to do.
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

/** Returns the message of the error that opening a store must throw. */
async function errorOf(opening: Promise<Store>): Promise<string> {
  const error = await opening.then(
    (store) => store.close().then(() => new Error("the store was opened")),
    (error) => error,
  );
  expect(error).toBeInstanceOf(StoreError);
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(error.message).not.toContain(secret);
  return error.message;
}

const at = (dataDir: string): StoreSettings => ({ dataDir });

describe("data folders:", () => {
  test("opening a store creates a missing data folder with its parents, and writes only the database file", async () => {
    const store = await openStore(at(join(folder, "a", "b")));
    await store.save([place()]);
    await store.close();
    expect(readdirSync(join(folder, "a", "b"))).toEqual(["sabang.sqlite"]);
  });

  test("opening a store throws if its data folder is a file", async () => {
    writeFileSync(join(folder, "file"), "");
    expect(await errorOf(openStore(at(join(folder, "file"))))).toMatch(
      /^DATA_DIR: .*file\/sabang.sqlite cannot be used: EEXIST.*; give a folder, not a file$/,
    );
    expect(await errorOf(openStore(at(join(folder, "file", "within"))))).toMatch(
      /^DATA_DIR: .*: ENOTDIR.*; give a folder, not a file$/,
    );
  });

  test.each([
    ["its folder", () => chmodSync(folder, 0o555)],
    ["its database file", () => chmodSync(join(folder, "sabang.sqlite"), 0o444)],
    ["the file of its lock", () => writeFileSync(join(folder, "sabang.sqlite.lock"), "", { mode: 0o444 })],
  ])("opening a store throws if %s is not writable", async (_, protect) => {
    await (await openStore(at(folder))).close();
    chmodSync(folder, 0o777);
    chmodSync(join(folder, "sabang.sqlite"), 0o666);
    protect();
    // Opens the store in a process that drops root privileges, because root can write to any file.
    const { stdout } = spawnSync(process.execPath, [new URL("./opener.ts", import.meta.url).pathname, folder], {
      encoding: "utf8",
    });
    chmodSync(folder, 0o777);
    expect(stdout).toMatch(
      /^DATA_DIR: .*sabang.sqlite cannot be used: (EACCES.*|attempt to write a readonly database); allow the server's user to write to the file and its folder\n$/,
    );
  });

  test.each([
    ["text", "this is not a database, however long it is\n".repeat(100)],
    ["an image", Uint8Array.from({ length: 10_000 }, (_, i) => (i * 37) % 256)],
  ])("opening a store throws if its file contains %s instead of a database", async (_, content) => {
    writeFileSync(join(folder, "sabang.sqlite"), content);
    expect(await errorOf(openStore(at(folder)))).toBe(
      `DATA_DIR: ${folder}/sabang.sqlite cannot be used: file is not a database; ` +
        "restore it from a backup, or move it away to start with an empty store",
    );
  });

  test("opening a store throws if its database file is a folder", async () => {
    mkdirSync(join(folder, "sabang.sqlite"));
    expect(await errorOf(openStore(at(folder)))).toMatch(
      /^DATA_DIR: .* cannot be used: unable to open database file; allow the server's user /,
    );
  });

  test("opening a SQLite store throws if a newer version of sabang has written to the database", async () => {
    await (await openStore(at(folder))).close();
    const database = new DatabaseSync(join(folder, "sabang.sqlite"));
    database.exec("insert into kysely_migration values ('9999-future', '2999-01-01T00:00:00.000Z')");
    database.close();
    expect(await errorOf(openStore(at(folder)))).toMatch(
      /^DATA_DIR: .*9999-future.*; start the version that wrote it, or a newer one$/,
    );
  });

  test("opening a SQLite store throws if another process keeps it locked", async () => {
    await (await openStore(at(folder))).close();
    const database = new DatabaseSync(join(folder, "sabang.sqlite"));
    database.exec("begin exclusive");
    expect(await errorOf(openStore(at(folder)))).toMatch(
      /^DATA_DIR: .*: database is locked; stop the other process that writes to it$/,
    );
    database.close();
  });
});

describe("database URLs:", () => {
  const errorOfUrl = (databaseUrl: string) => errorOf(openStore({ dataDir: folder, databaseUrl }));

  test.each([
    "garbage",
    "mysql://sabang:s3cret%2Fpass%20word@localhost/sabang",
    "postgres://sabang:s3cret/pass word@localhost:5432/sabang",
    "postgres://sabang:s3cret%2Fpass%20word@localhost:port/sabang",
    "postgres://sabang:s3cret%2Fpass%20word@host:1:2/sabang",
  ])("opening a store throws if the database URL is invalid, and the error hides the password: %s", async (url) => {
    expect(await errorOfUrl(url)).toBe(
      "DATABASE_URL: not the address of a PostgreSQL database; expected " +
        "postgres://user:password@host:port/database, special characters of the password percent-encoded",
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(["127.0.0.1", "localhost"])("opening a store throws if no PostgreSQL listens at %s", async (host) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    expect(await errorOfUrl(`postgres://sabang:${encodeURIComponent(PASSWORD)}@${host}:${port}/world`)).toMatch(
      new RegExp(
        `^DATABASE_URL: PostgreSQL at ${host}:${port}/world cannot be used: ` +
          `(connect ECONNREFUSED [^ ]+:${port}(, )?)+; start it, or correct its address$`,
      ),
    );
  });

  test("opening a PostgreSQL store throws after a timeout if the server never answers", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `postgres://sabang:${encodeURIComponent(PASSWORD)}@127.0.0.1:${(server.address() as AddressInfo).port}/x`;
    expect(await errorOf(openPostgres(url, { timeoutMs: 200 }))).toMatch(
      /^DATABASE_URL: .*: Connection terminated due to connection timeout; start it, or correct its address$/,
    );
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

onlyLong(() => {
  describeWith("postgres", "database URLs of a running server:", () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.remove());

    const errorOfUrl = (databaseUrl: string) => errorOf(openStore({ dataDir: folder, databaseUrl }));

    test("opening a PostgreSQL store throws if the password or the user is wrong", async () => {
      const url = new URL(await postgres.database());
      url.password = "wrong";
      const message =
        /^DATABASE_URL: PostgreSQL at .* cannot be used: password authentication failed for user "\w+"; correct its user and password$/;
      expect(await errorOfUrl(url.href)).toMatch(message);
      url.username = "stranger";
      expect(await errorOfUrl(url.href)).toMatch(message);
    });

    test("opening a PostgreSQL store throws if the database does not exist", async () => {
      const url = new URL(await postgres.database());
      url.pathname = "/nowhere";
      expect(await errorOfUrl(url.href)).toMatch(/: database "nowhere" does not exist; create that database$/);
    });

    test("opening a PostgreSQL store throws if the user may not create tables", async () => {
      const url = new URL(await postgres.database());
      await query(url.href, `create role guest login password '${PASSWORD}'`);
      url.username = "guest";
      expect(await errorOfUrl(url.href)).toMatch(
        /: permission denied .*; allow its user to create and change tables there$/,
      );
    });

    test("opening a PostgreSQL store throws if the database is read-only", async () => {
      const url = await postgres.database();
      await query(url, `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`);
      expect(await errorOfUrl(url)).toMatch(/read-only transaction; name the primary server, not a replica$/);
    });

    test("opening a PostgreSQL store throws if a newer version of sabang has written to the database", async () => {
      const url = await postgres.database();
      await (await openPostgres(url)).close();
      await query(url, "insert into kysely_migration values ('9999-future', '2999-01-01T00:00:00.000Z')");
      expect(await errorOfUrl(url)).toMatch(/9999-future.*; start the version that wrote it, or a newer one$/);
    });
  });
});

describe("store addresses:", () => {
  test("openStoreAt accepts a data folder or a file", async () => {
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

  test.each(["nowhere", "nowhere.sqlite", "."])(
    "openStoreAt throws if the store that it should read does not exist: %s",
    async (address) => {
      expect(await errorOf(openStoreAt(join(folder, address), "FROM", true))).toMatch(
        /^FROM: there is no file .*\.sqlite; give the path of an existing store$/,
      );
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test("openStoreAt throws if the scheme of the address is unknown", async () => {
    expect(await errorOf(openStoreAt(`mysql://a:${PASSWORD}@b/c`, "TO", false))).toBe(
      "TO: unknown kind of address; expected a path or a postgres:// address",
    );
  });
});

test("a store is in the folder `data` unless DATA_DIR or DATABASE_URL is set", () => {
  expect(storeSettings({})).toEqual({ dataDir: "data", databaseUrl: undefined });
  expect(storeSettings({ DATA_DIR: "", DATABASE_URL: "" })).toEqual({ dataDir: "data", databaseUrl: undefined });
  expect(storeSettings({ DATA_DIR: "/a", DATABASE_URL: "postgres://b" })).toEqual({
    dataDir: "/a",
    databaseUrl: "postgres://b",
  });
});
