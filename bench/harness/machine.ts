// What a measurement was made on: without it a number says nothing.
import { execFileSync } from "node:child_process";
import { cpus, release, type } from "node:os";

/** The machine, the code and the moment. */
export interface Machine {
  cpu: string;
  cores: number;
  kernel: string;
  node: string;
  /** Abbreviated; with a plus if files differed from it. */
  commit: string;
  date: string;
  command: string;
}

/** `args`: the arguments of the command line, `program` what they were given to. */
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
