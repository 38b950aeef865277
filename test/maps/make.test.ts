import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { PNG } from "pngjs";

const ROOT = join(import.meta.dirname, "../..");
const HAND_WRITTEN = /\.(ts|md)$/;

/** A copy of what is written by hand in maps/, in which maps/make.ts has run once. */
let copy: string;
let said: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "sabang-make-"));
  cpSync(join(ROOT, "maps/art"), join(copy, "maps/art"), { recursive: true });
  mkdirSync(join(copy, "maps"), { recursive: true });
  for (const file of readdirSync(join(ROOT, "maps"))) {
    if (HAND_WRITTEN.test(file)) cpSync(join(ROOT, "maps", file), join(copy, "maps", file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
  said = execFileSync(process.execPath, ["maps/make.ts"], { cwd: copy, encoding: "utf8" });
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

const files = (root: string) =>
  readdirSync(join(root, "maps")).filter((file) => !HAND_WRITTEN.test(file) && file !== "art");
const both = (file: string) => [copy, ROOT].map((root) => readFileSync(join(root, "maps", file)));

test("maps/make.ts writes every file of maps/ that is not written by hand, and no other", () => {
  expect(files(copy)).toEqual(["meadow.tmj", "plaza.tmj", "tiles.png", "tiles.tsj"]);
  expect(files(copy).filter((file) => !files(ROOT).includes(file))).toEqual([]);
});

test.each(["meadow.tmj", "plaza.tmj", "tiles.tsj"])(
  "maps/make.ts writes %s byte for byte as it is in the repository",
  (file) => {
    const [made, kept] = both(file);
    // Not `toEqual`: what it would print of a quarter of a megabyte helps nobody.
    expect(made!.equals(kept!)).toBe(true);
  },
);

// The compression may differ from one zlib to the next, the pixels may not.
test("maps/make.ts draws tiles.png pixel for pixel as it is in the repository", () => {
  const [made, kept] = both("tiles.png").map((bytes) => PNG.sync.read(bytes));
  expect([made!.width, made!.height]).toEqual([kept!.width, kept!.height]);
  expect(made!.data.equals(kept!.data)).toBe(true);
});

test("maps/make.ts tells of each map how large and how open it is", () => {
  expect(said).toMatch(
    /^plaza: 64 x 64 tiles, [\d.]+ % open, \d+ spawns\nmeadow: 128 x 128 tiles, [\d.]+ % open, \d+ spawns\n$/,
  );
});
