// Runs once before all tests: looks for what they need, and unpacks the browser before two workers would do so at once.
import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { browserPath } from "./browser-path.ts";
import { MISSING, POSTGRES_FOLDERS, pythonWith, type Requirement } from "./requirements.ts";

const runs = (program: string, argument: string) => spawnSync(program, [argument]).status === 0;

const IS_THERE: Record<Requirement, () => boolean | Promise<boolean>> = {
  browser: async () => runs(await browserPath(), "--version"),
  caddy: () => runs("caddy", "version"),
  postgres: () => runs("postgres", "--version"),
  promtool: () => runs("promtool", "--version"),
  tornado: () => pythonWith("tornado") !== undefined,
  websockets: () => pythonWith("websockets") !== undefined,
};

export default async function setUp(): Promise<void> {
  // Each project of the configuration calls this.
  if (process.env[MISSING] !== undefined) return;
  process.env.PATH = [process.env.PATH, ...POSTGRES_FOLDERS].join(delimiter);
  const missing: string[] = [];
  for (const [requirement, isThere] of Object.entries(IS_THERE)) if (!(await isThere())) missing.push(requirement);
  process.env[MISSING] = missing.join(",");
}
