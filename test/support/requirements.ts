// What tests need that npm does not bring. It is looked for once, before a run; a test whose requirement is missing is skipped
// (test/support/requiring.ts), and the end of the run says what would bring it. With CI=true such a test fails instead.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

/** A requirement, and the Debian packages that bring it. */
export const DEBIAN_PACKAGES = {
  browser: "libnss3 libgbm1 libasound2",
  caddy: "caddy",
  postgres: "postgresql",
  promtool: "prometheus",
  tornado: "python3-tornado",
  websockets: "python3-websockets",
} as const;

export type Requirement = keyof typeof DEBIAN_PACKAGES;

/** Debian's Python packages belong to /usr/bin/python3, which another Python may hide. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/** The first Python that can import a package; undefined if there is none. */
export function pythonWith(needed: "tornado" | "websockets"): string | undefined {
  return PYTHONS.find((path) => spawnSync(path, ["-c", `import ${needed}`]).status === 0);
}

/** Where Debian keeps the programs of PostgreSQL: off the PATH. */
export const POSTGRES_FOLDERS = globSync("/usr/lib/postgresql/*/bin");

/** The environment variable by which workers know what is missing: names of requirements, separated by commas. */
export const MISSING = "SABANG_TESTS_MISSING";

/** The mark in the name of a test that was skipped for want of something. */
export const MARK = / \[needs (\w+)\]/;
