// Copies the project to a temporary folder. A test can change the code of the copy, and run the real commands in it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { COMPILE_CACHE } from "./compile-cache.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const COPIED = [
  "cli",
  "sim",
  "tiled",
  "schema",
  "replay",
  "rooms",
  "src",
  "maps",
  "package.json",
  "jest.config.js",
  "test/support",
];

/** A copy of the project. It is removed after the last test. */
export interface Copy {
  folder: string;
  /** Replaces a text in a file. Throws if the file does not contain the text. */
  change(file: string, from: string, to: string): void;
  /** Runs `node` in the copy. */
  node(...args: string[]): { code: number | null; out: string };
}

export function copyOfProject(): Copy {
  const folder = mkdtempSync(join(tmpdir(), "sabang-copy-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    change(file, from, to) {
      const path = join(folder, file);
      const text = readFileSync(path, "utf8");
      if (!text.includes(from)) throw new Error(`${file} does not contain: ${from}`);
      writeFileSync(path, text.replace(from, to));
    },
    node(...args) {
      const env = { ...COMPILE_CACHE, PATH: process.env.PATH, NODE_NO_WARNINGS: "1", DOTENV_CONFIG_QUIET: "true" };
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
      return { code: status, out: `${stdout}${stderr}` };
    },
  };
}
