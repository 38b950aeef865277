// Defines tests that need a program or a library that npm does not install.
import { spawnSync } from "node:child_process";
import { describe, test } from "@jest/globals";
import { MISSING, type Requirement } from "./requirements.ts";

function isSkipped(requirement: Requirement): boolean {
  return process.env.CI !== "true" && (process.env[MISSING] ?? "").split(",").includes(requirement);
}

/** Like `describe`, but skips the tests if the requirement is missing. */
export function describeWith(requirement: Requirement, name: string, tests: () => void): void {
  if (isSkipped(requirement)) describe.skip(`${name} [needs ${requirement}]`, tests);
  else describe(name, tests);
}

/** Returns `test` and its `each`. Both skip their tests if the requirement is missing. */
export function testWith(requirement: Requirement): Pick<typeof test, "each"> & typeof test.skip {
  if (!isSkipped(requirement)) return test;
  const marked = (name: unknown) => `${name} [needs ${requirement}]`;
  const skip = (name: unknown, run: never, timeout?: number) => test.skip(marked(name), run, timeout);
  const each = (table: never) => {
    const skipEach = test.skip.each(table) as unknown as typeof skip;
    return (name: unknown, run: never, timeout?: number) => skipEach(marked(name), run, timeout);
  };
  return Object.assign(skip, { each }) as never;
}

/** Runs a program with a text as its standard input. @returns its exit code and its output. */
export function runProgram(program: string, args: string[], input = ""): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: "utf8" });
  return { status, output: error ? String(error) : stdout + stderr };
}
