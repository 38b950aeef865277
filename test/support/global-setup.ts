// Runs once before all tests: looks for what they need, and unpacks the browser before two workers would do so at once.
import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { promisify } from "node:util";
import { browserPath } from "./browser-path.ts";
import { MISSING, POSTGRES_FOLDERS, pythonWith, type Requirement } from "./requirements.ts";

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
  if (process.env[MISSING] !== undefined) return;
  process.env.PATH = [process.env.PATH, ...POSTGRES_FOLDERS].join(delimiter);
  const found = await Promise.all(
    Object.entries(IS_THERE).map(async ([requirement, isThere]) => ((await isThere()) ? [] : [requirement])),
  );
  process.env[MISSING] = found.flat().join(",");
}
