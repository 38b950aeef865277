// Runs the examples as separate processes, with a Python that has the needed packages.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach } from "@jest/globals";
import { pythonWith } from "./requirements.ts";
import { testWith } from "./requiring.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Defines a test that needs a Python package. `run` receives the path of a Python that has the package. */
export function testWithPython(
  needed: "tornado" | "websockets",
  name: string,
  run: (python: string) => Promise<void>,
): void {
  testWith(needed)(name, () => run(pythonWith(needed) ?? "python3"));
}

/** A running program. */
export interface ExampleProcess {
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Sends SIGINT, as Ctrl-C does. */
  interrupt(): void;
  /** Resolves with the exit code when the program has ended and all its output has arrived. */
  ended: Promise<number | null>;
}

const started = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  started.clear();
});

/** Starts an example in the project folder, as examples/README.md describes. It is killed after the test. */
export function startExample(program: string, ...command: string[]): ExampleProcess {
  const child = spawn(program, command, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  started.add(child);
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  return {
    pid: child.pid!,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    interrupt: () => child.kill("SIGINT"),
    ended: once(child, "close").then(() => child.exitCode),
  };
}
