// Runs once before all tests. Checks the requirements of the tests, unpacks the browser so that two workers do not
// unpack it at the same time, and creates the run's shared folder. test/support/global-teardown.ts removes that folder.
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { browserPath } from "./browser-path.ts";
import {
  FIREFOX,
  MISSING,
  PROGRAM_FOLDERS,
  pythonWith,
  type Requirement,
  WEBKIT_BROWSER,
  WEBKIT_DRIVER,
} from "./requirements.ts";
import { RUN_FOLDER } from "./run-folder.ts";

const runs = (program: string, argument: string) =>
  promisify(execFile)(program, [argument]).then(
    () => true,
    () => false,
  );

const CHECKS: Record<Requirement, () => Promise<boolean>> = {
  apache2: () => runs("apache2", "-v"),
  browser: async () => runs(await browserPath(), "--version"),
  caddy: () => runs("caddy", "version"),
  firefox: async () => existsSync(FIREFOX),
  haproxy: () => runs("haproxy", "-v"),
  nginx: () => runs("nginx", "-v"),
  postgres: () => runs("postgres", "--version"),
  promtool: () => runs("promtool", "--version"),
  redis: () => runs("redis-server", "--version"),
  tornado: async () => pythonWith("tornado") !== undefined,
  webkit: async () => [WEBKIT_DRIVER, WEBKIT_BROWSER].every((path) => existsSync(path)),
  websockets: async () => pythonWith("websockets") !== undefined,
};

export default async function setUp(): Promise<void> {
  // jest calls this function once per project of its configuration, so the folder may exist already.
  process.env[RUN_FOLDER] ??= newFolder();
  if (process.env[MISSING] !== undefined) return;
  process.env.PATH = [process.env.PATH, ...PROGRAM_FOLDERS].join(delimiter);
  const missing = await Promise.all(
    Object.entries(CHECKS).map(async ([requirement, isAvailable]) => ((await isAvailable()) ? [] : [requirement])),
  );
  process.env[MISSING] = missing.flat().join(",");
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sabang-run-"));
  // If the tests run as root, PostgreSQL runs as another user. That user must be able to read this folder.
  chmodSync(folder, 0o755);
  return folder;
}
