// Tests that need a program which npm does not bring.
import { spawnSync } from "node:child_process";
import { describe } from "@jest/globals";

/** `describe` for tests that need a program on the PATH. Without it they are skipped, or fail if `CI=true`. */
export function describeWithProgram(program: string, name: string, tests: () => void): void {
  const installed = spawnSync(program, ["--help"]).error === undefined;
  const skipped = !installed && process.env.CI !== "true";
  // Jest names a skipped test only when it runs a single file.
  if (skipped) process.stderr.write(`skipped: ${name} (there is no ${program} on the PATH)\n`);
  (skipped ? describe.skip : describe)(name, tests);
}

/** Runs a program to its end with a text as its input. @returns its exit code and all it printed. */
export function runProgram(program: string, args: string[], input = ""): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: "utf8" });
  return { status, output: error ? String(error) : stdout + stderr };
}
