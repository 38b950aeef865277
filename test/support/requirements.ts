// Requirements of tests that npm does not install. They are checked once before a run. A test with a missing
// requirement is skipped (test/support/requiring.ts), and the end of the run names the packages. With CI=true such a
// test fails instead.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

/** The Debian packages that provide each requirement. */
export const DEBIAN_PACKAGES = {
  browser: "libnss3 libgbm1 libasound2",
  caddy: "caddy",
  postgres: "postgresql",
  promtool: "prometheus",
  tornado: "python3-tornado",
  websockets: "python3-websockets",
} as const;

export type Requirement = keyof typeof DEBIAN_PACKAGES;

/** Debian's Python packages work only with /usr/bin/python3, and another Python may come first on the PATH. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/** Returns the first Python that can import a package; undefined if there is no such Python. */
export function pythonWith(needed: "tornado" | "websockets"): string | undefined {
  return PYTHONS.find((path) => spawnSync(path, ["-c", `import ${needed}`]).status === 0);
}

/** The folders of PostgreSQL's programs on Debian, which are not on the PATH. */
export const POSTGRES_FOLDERS = globSync("/usr/lib/postgresql/*/bin");

/** The environment variable that tells workers the missing requirements, separated by commas. */
export const MISSING = "SABANG_TESTS_MISSING";

/** Matches the mark in the name of a test that was skipped for a missing requirement. */
export const MARK = / \[needs (\w+)\]/;
