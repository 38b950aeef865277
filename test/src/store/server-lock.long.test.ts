// Only one server may use a SQLite file. The operating system releases the lock of a server that was killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { runCommand } from "../../../src/commands/command.ts";
import { FORGET } from "../../../src/commands/forget.ts";
import { openServerStore } from "../../../src/store/open.ts";
import { until } from "../../support/until.ts";
import { place } from "./places.ts";

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sabang-lock-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(folder, { recursive: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Opens the store as a server would, in a process of its own. Returns the process and its message. */
async function openElsewhere(): Promise<{ child: ChildProcess; message: string }> {
  const child = spawn(process.execPath, [new URL("./holder.ts", import.meta.url).pathname, folder]);
  children.push(child);
  let message = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    message += text;
  });
  await until(() => message.endsWith("\n"), 20_000);
  return { child, message: message.trimEnd() };
}

/** Opens the store as a server would, in this process. Returns the message with which the store refuses to open. */
async function refusal(): Promise<string> {
  return openServerStore({ dataDir: folder }).then(
    (store) => store.close().then(() => "the store was opened"),
    (error) => error.message,
  );
}

test("a second server cannot open the store until the first server has ended or has been killed", async () => {
  const before = Date.now();
  const first = await openElsewhere();
  expect(first.message).toBe("open");
  const second = await refusal();
  const [, startedAt] = /, started at (.*), is using it/.exec(second)!;
  expect(second).toBe(
    `DATA_DIR: ${folder}/sabang.sqlite cannot be used: a server on the host ${hostname()}, started at ${startedAt}, ` +
      "is using it; stop that server, or set another DATA_DIR",
  );
  expect(Date.parse(startedAt!)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(startedAt!)).toBeLessThanOrEqual(Date.now());
  // The refused server has not taken the lock: the message still contains the time when the first server started.
  expect((await openElsewhere()).message).toBe(second);
  await kill(first.child);
  const third = await openServerStore({ dataDir: folder });
  expect((await openElsewhere()).message).toContain(`on the host ${hostname()}, started at`);
  await third.close();
  expect((await openElsewhere()).message).toBe("open");
});

test("exactly one of several servers opens the SQLite file if all of them start at the same time", async () => {
  const all = await Promise.all(Array.from({ length: 4 }, openElsewhere));
  const messages = all.map(({ message }) => message);
  expect(messages.filter((message) => message === "open")).toHaveLength(1);
  for (const message of messages) expect(message).toMatch(/^open$|^DATA_DIR: .* is using it; stop that server, /);
});

test("a store command works while a server has the same store open", async () => {
  const store = await openServerStore({ dataDir: folder });
  await store.save([place({ player: "ada" })]);
  const lines: string[] = [];
  const output = { log: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
  expect(await runCommand(FORGET, ["ada"], { DATA_DIR: folder }, output as unknown as typeof console)).toBe(0);
  expect(lines).toEqual(["removed 1 record(s) of the player ada"]);
  await store.close();
});

test("a server that fails to open its store releases the lock", async () => {
  writeFileSync(join(folder, "sabang.sqlite"), "this is not a database, however long it is\n".repeat(100));
  expect(await refusal()).toContain("file is not a database");
  rmSync(join(folder, "sabang.sqlite"));
  expect(await refusal()).toBe("the store was opened");
});

test("a server that uses PostgreSQL creates no lock file in its data folder", async () => {
  const databaseUrl = "postgres://sabang@127.0.0.1:1/sabang";
  await expect(openServerStore({ dataDir: folder, databaseUrl })).rejects.toThrow(/^DATABASE_URL: /);
  expect(readdirSync(folder)).toEqual([]);
});
