// The programs that a local cluster needs and that npm does not install.
import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The Debian package that provides each program. */
const DEBIAN_PACKAGES = {
  haproxy: "haproxy",
  initdb: "postgresql",
  postgres: "postgresql",
  "redis-server": "redis-server",
} as const;

/** The name of a program. */
export type Program = keyof typeof DEBIAN_PACKAGES;

/** Folders of programs on Debian that may not be on the PATH. */
const FOLDERS = [...globSync("/usr/lib/postgresql/*/bin"), "/usr/sbin"];

/** Returns the path of a program; undefined if the machine does not have it. */
export function findProgram(name: Program): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Returns the path of a program.
 * @throws {Error} with a hint if the machine does not have it.
 */
export function programPath(name: Program): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(missingHint([name]));
  return path;
}

/** Returns the programs of this list that the machine does not have. */
export function missingPrograms(names: readonly Program[]): Program[] {
  return names.filter((name) => findProgram(name) === undefined);
}

/** Returns a sentence that says which programs are missing and how to install them. */
export function missingHint(names: readonly Program[]): string {
  const packages = [...new Set(names.map((name) => DEBIAN_PACKAGES[name]))];
  return `${names.join(" and ")} not found on this machine; on Debian: apt-get install ${packages.join(" ")}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
