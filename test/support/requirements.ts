// The programs and libraries that tests need, but that npm does not install. They are checked once before a run. A test
// with a missing requirement is skipped (test/support/requiring.ts), and the run prints the missing packages at its
// end. With CI=true the test fails instead.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

/** The Debian packages that provide each requirement. */
export const DEBIAN_PACKAGES = {
  apache2: "apache2",
  browser: "libnss3 libgbm1 libasound2",
  caddy: "caddy",
  firefox: "firefox-esr",
  haproxy: "haproxy",
  nginx: "nginx",
  postgres: "postgresql",
  promtool: "prometheus",
  redis: "redis-server",
  tornado: "python3-tornado",
  webkit: "webkit2gtk-driver xvfb",
  websockets: "python3-websockets",
} as const;

export type Requirement = keyof typeof DEBIAN_PACKAGES;

/** The Pythons to try. Debian's packages work only with /usr/bin/python3, which is not always the first on the PATH. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/** Returns the first Python that can import a package; undefined if there is no such Python. */
export function pythonWith(needed: "tornado" | "websockets"): string | undefined {
  return PYTHONS.find((path) => spawnSync(path, ["-c", `import ${needed}`]).status === 0);
}

/** Debian's folders of the PostgreSQL and proxy programs. These folders are not always on the PATH. */
export const PROGRAM_FOLDERS = [...globSync("/usr/lib/postgresql/*/bin"), "/usr/sbin"];

/** The programs of browsers other than Chromium. Debian's MiniBrowser is not on the PATH. */
export const FIREFOX = globSync("/usr/bin/{firefox-esr,firefox}")[0] ?? "";
export const WEBKIT_DRIVER = "/usr/bin/WebKitWebDriver";
export const WEBKIT_BROWSER = globSync("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")[0] ?? "";

/** The environment variable with the missing requirements, separated by commas. Jest's workers read it. */
export const MISSING = "SABANG_TESTS_MISSING";

/** Matches the mark in the name of a test that was skipped because of a missing requirement. */
export const MARK = / \[needs (\w+)\]/;
