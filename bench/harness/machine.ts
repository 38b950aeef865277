// Describes where and when a measurement was made. Readers need this description to compare the figures with other
// measurements.
import { execFileSync } from "node:child_process";
import { cpus, release, type } from "node:os";

/** The machine, the commit, the date and the command. */
export interface Machine {
  cpu: string;
  cores: number;
  kernel: string;
  node: string;
  /** The abbreviated hash, followed by a plus if the working tree has changes. */
  commit: string;
  date: string;
  command: string;
}

/**
 * Describes this machine and this measurement.
 * @param args the command line arguments of `program`.
 */
export function machine(args: string[], program = "npm run bench"): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    kernel: `${type()} ${release()}`,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString(),
    command: [program, ...(args.length > 0 ? ["--", ...args] : [])].join(" "),
  };
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return "unknown";
  }
}
