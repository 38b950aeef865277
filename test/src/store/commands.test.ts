// Tests the store's commands, with the arguments that an operator types.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { InvalidArgumentError } from "commander";
import type { PlayerRecord } from "../../../rooms/player-store.ts";
import { runCommand, type StoreCommand } from "../../../src/commands/command.ts";
import { COPY } from "../../../src/commands/copy.ts";
import { FORGET } from "../../../src/commands/forget.ts";
import { PURGE, parseAge } from "../../../src/commands/purge.ts";
import { openStoreAt } from "../../../src/store/open.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { onlyLong } from "../../support/long.ts";
import { PASSWORD, type Postgres, startPostgres } from "../../support/postgres.ts";
import { describeWith } from "../../support/requiring.ts";
import { crowd, place } from "./places.ts";

const DAY = 24 * 3_600_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-commands-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a command in this process. */
async function runHere(
  command: StoreCommand,
  words: string[],
  environment: Record<string, string> = { DATA_DIR: folder },
) {
  const printed = { stdout: "", stderr: "" };
  const progress = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  const code = await runCommand(command, words, environment, {
    log: (text: string) => {
      printed.stdout += `${text}\n`;
    },
    error: (text: string) => {
      printed.stderr += `${text}\n`;
    },
  });
  progress.mockRestore();
  return withoutPassword({ code, ...printed });
}

/** Runs a command in a process of its own, as an operator does. */
async function run(command: string, words: string[], environment: Record<string, string> = { DATA_DIR: folder }) {
  const file = new URL(`../../../src/commands/${command}.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [file, ...words], {
    cwd: folder,
    env: { ...COMPILE_CACHE, PATH: process.env.PATH, ...environment } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const [code] = await once(child, "close");
  return withoutPassword({ code: code as number, ...printed });
}

/** Checks that the output of a command does not contain the database's password. Returns `ended`. */
function withoutPassword<T extends { stdout: string; stderr: string }>(ended: T): T {
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) {
    expect(ended.stdout + ended.stderr).not.toContain(secret);
  }
  return ended;
}

/** Saves records to a store. */
async function fill(address: string, places: PlayerRecord[]): Promise<void> {
  const store = await openStoreAt(address, "TEST", false);
  await store.save(places);
  await store.close();
}

/** Returns the number of records in a store. */
async function sizeOf(address: string): Promise<number> {
  const store = await openStoreAt(address, "TEST", true);
  let size = 0;
  for await (const page of store.pages(1000)) size += page.length;
  await store.close();
  return size;
}

describe("the age in the option --older-than:", () => {
  test.each([
    ["1h", 3_600_000],
    ["36h", 36 * 3_600_000],
    ["180d", 180 * DAY],
    ["2w", 14 * DAY],
  ])("parseAge accepts a whole number above 0 with a unit: %s", (text, ms) => {
    expect(parseAge(text)).toBe(ms);
  });

  test.each(["", "180", "d", "0d", "000h", "-1d", "1.5d", "180 d", "180D", "1m", "180days", "999999d", "1e3d"])(
    "parseAge rejects an age that is malformed or too large: %s",
    (text) => {
      expect(() => parseAge(text)).toThrow(InvalidArgumentError);
      expect(() => parseAge(text)).toThrow(/expected a whole number above 0 with the unit h, d or w, such as 180d\.$/);
    },
  );
});

describe("the command store:purge:", () => {
  test("store:purge removes the records that are older than the given age, or, in a dry run, only counts them", async () => {
    await fill(folder, [
      ...crowd(3, { savedAt: Date.now() - 181 * DAY }),
      ...crowd(2, { savedAt: Date.now() - 179 * DAY, map: "meadow" }),
    ]);
    const counted = await runHere(PURGE, ["--dry-run", "--older-than=180d"]);
    expect(counted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^would remove 3 record\(s\) /) });
    expect(await sizeOf(folder)).toBe(5);
    const { code, stdout } = await run("purge", ["--older-than", "180d"]);
    expect(stdout).toMatch(/^removed 3 record\(s\) saved before \d{4}-\d\d-\d\dT[\d:.]+Z\n$/);
    expect(code).toBe(0);
    expect(await sizeOf(folder)).toBe(2);
  });

  test.each([
    [[], /^error: required option '--older-than <age>' not specified\n/],
    [
      ["--older-than", "180"],
      /^error: option '--older-than <age>' .* Got "180"; expected a whole number .* such as 180d\.\n/,
    ],
    [["--older-than=1d", "--dry"], /^error: unknown option '--dry'/],
    [["--older-than", "1d", "2d"], /^error: too many arguments/],
  ])("store:purge rejects an invalid command line with an error message: %j", async (words, sentence) => {
    const { code, stdout, stderr } = await runHere(PURGE, words);
    expect(stderr).toMatch(sentence);
    expect(stderr).toContain("See npm run store:purge -- --help\n");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("store:purge prints its usage with --help", async () => {
    const { code, stdout, stderr } = await runHere(PURGE, ["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("--dry-run");
  });

  test("store:purge prints an error if the file is not a database", async () => {
    writeFileSync(join(folder, "sabang.sqlite"), "nonsense, and more of it\n".repeat(100));
    const { code, stderr } = await runHere(PURGE, ["--older-than", "180d"]);
    expect(stderr).toMatch(/^DATA_DIR: .* file is not a database; .*\n$/);
    expect(code).toBe(1);
  });
});

describe("the command store:forget:", () => {
  test("store:forget removes all records of one player", async () => {
    await fill(folder, [place(), place({ map: "meadow" }), place({ player: "bob" })]);
    expect(await run("forget", ["ann"])).toEqual({
      code: 0,
      stdout: "removed 2 record(s) of the player ann\n",
      stderr: "",
    });
    expect(await sizeOf(folder)).toBe(1);
  });

  test.each([
    [[], "error: missing required argument 'player-id'"],
    [["ann", "bob"], "error: too many arguments. Expected 1 argument but got 2: ann, bob."],
  ])("store:forget rejects arguments other than one player id: %j", async (words, message) => {
    const { code, stderr } = await runHere(FORGET, words);
    expect(stderr).toBe(`${message}\nSee npm run store:forget -- --help\n`);
    expect(code).toBe(2);
  });
});

describe("the command store:copy:", () => {
  test("store:copy copies a store to a new one, and prints its progress", async () => {
    await fill(folder, crowd(10_500));
    const copied = await run("copy", [folder, "copies/today.sqlite"]);
    expect(copied.stdout).toBe("copied 10500 of 10500 record(s); newer records in TO were kept\n");
    expect(copied.stderr).toBe("10000 records\n10500 records\n");
    expect(copied.code).toBe(0);
    expect(await sizeOf(join(folder, "copies", "today.sqlite"))).toBe(10_500);
  });

  test.each([
    [[], "missing required argument 'from'"],
    [["one"], "missing required argument 'to'"],
    [["one", "two", "three"], "too many arguments. Expected 2 arguments but got 3: one, two, three."],
  ])("store:copy rejects arguments other than two addresses: %j", async (words, message) => {
    const { code, stderr } = await runHere(COPY, words);
    expect(stderr).toBe(`error: ${message}\nSee npm run store:copy -- --help\n`);
    expect(code).toBe(2);
  });

  test("store:copy creates no new store if the store to be copied does not exist", async () => {
    const { code, stderr } = await runHere(COPY, [join(folder, "nowhere"), join(folder, "there")]);
    expect(stderr).toBe(`FROM: there is no file ${folder}/nowhere/sabang.sqlite; give the path of an existing store\n`);
    expect(code).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("store:copy prints no password if the database cannot be used", async () => {
    await fill(folder, crowd(1));
    const url = `postgres://sabang:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/world`;
    const { code, stderr } = await runHere(COPY, [folder, url]);
    expect(stderr).toMatch(
      /^TO: PostgreSQL at 127.0.0.1:1\/world cannot be used: .*; start it, or correct its address\n$/,
    );
    expect(code).toBe(1);
  });
});

onlyLong(() => {
  describeWith("postgres", "commands with PostgreSQL:", () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.remove());

    test("store:copy, store:forget and store:purge work with a PostgreSQL store", async () => {
      const url = await postgres.database();
      const environment = { DATABASE_URL: url };
      await fill(folder, crowd(1200));
      expect((await runHere(COPY, [folder, url])).stdout).toMatch(/^copied 1200 of 1200 /);
      expect((await runHere(FORGET, ["player-7"], environment)).stdout).toBe(
        "removed 1 record(s) of the player player-7\n",
      );
      expect((await runHere(COPY, [url, join(folder, "back")])).stdout).toMatch(/^copied 1199 of 1199 /);
      expect((await run("purge", ["--older-than", "1w"], environment)).stdout).toMatch(/^removed 1199 record\(s\) /);
      expect(await sizeOf(url)).toBe(0);
      expect(await sizeOf(join(folder, "back"))).toBe(1199);
    });
  });
});
