// Runs once before all tests: looks for what they need, and unpacks the browser before two workers would do so at once. The
// folder of the run, which test/support/global-teardown.ts removes, holds what its files share.
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { browserPath } from "./browser-path.ts";
import { MISSING, POSTGRES_FOLDERS, pythonWith, type Requirement } from "./requirements.ts";
import { RUN_FOLDER } from "./run-folder.ts";

const runs = (program: string, argument: string) =>
  promisify(execFile)(program, [argument]).then(
    () => true,
    () => false,
  );

const IS_THERE: Record<Requirement, () => Promise<boolean>> = {
  browser: async () => runs(await browserPath(), "--version"),
  caddy: () => runs("caddy", "version"),
  postgres: () => runs("postgres", "--version"),
  promtool: () => runs("promtool", "--version"),
  tornado: async () => pythonWith("tornado") !== undefined,
  websockets: async () => pythonWith("websockets") !== undefined,
};

export default async function setUp(): Promise<void> {
  // Each project of the configuration calls this.
  process.env[RUN_FOLDER] ??= newFolder();
  if (process.env[MISSING] !== undefined) return;
  process.env.PATH = [process.env.PATH, ...POSTGRES_FOLDERS].join(delimiter);
  const found = await Promise.all(
    Object.entries(IS_THERE).map(async ([requirement, isThere]) => ((await isThere()) ? [] : [requirement])),
  );
  process.env[MISSING] = found.flat().join(",");
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sabang-run-"));
  // PostgreSQL runs as another user if the tests run as root.
  chmodSync(folder, 0o755);
  return folder;
}
