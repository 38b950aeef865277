// Runs the examples as people do: programs of their own, with a Python that has what they need.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach } from "@jest/globals";
import { pythonWith } from "./requirements.ts";
import { testWith } from "./requiring.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** A test that runs Python with a package, and is handed the Python that has it. */
export function testWithPython(
  needed: "tornado" | "websockets",
  name: string,
  run: (python: string) => Promise<void>,
): void {
  testWith(needed)(name, () => run(pythonWith(needed) ?? "python3"));
}

/** A program as it runs. */
export interface ExampleProcess {
  stdout(): string;
  stderr(): string;
  /** As Ctrl-C does. */
  interrupt(): void;
  /** Its exit code, as soon as it has ended and all it printed has arrived. */
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

/** Starts an example in the folder that the commands in examples/README.md are for; it is killed after the test. */
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
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    interrupt: () => child.kill("SIGINT"),
    ended: once(child, "close").then(() => child.exitCode),
  };
}
