// Tests that a test run reports skipped tests, and that it always exits, even if it runs no test.
import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { MISSING } from "./support/requirements.ts";
import { RUN_FOLDER } from "./support/run-folder.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Test files that start something: a server in Jest's own process, another process, a database or a browser. */
const STARTING_FILES = ["examples/python", "e2e/page", "src/store/store", "src/sockets/direct-io", "e2e/process"];

/** Runs jest in a child process that exits only when no handle, such as a socket or a timer, is open. */
function jest(args: string[], environment: Record<string, string> = {}) {
  // At its end, a test run removes its shared folder. So the child must not get the folder of this test run.
  const { CI: _, TEST_LONG: _long, [RUN_FOLDER]: _folder, ...inherited } = process.env;
  const options = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--runInBand", ...args];
  const { status, signal, stderr } = spawnSync(process.execPath, options, {
    cwd: ROOT,
    env: { ...inherited, ...environment },
    encoding: "utf8",
    // Only a test run that hangs takes longer.
    timeout: 270_000,
  });
  return { status, signal, stderr };
}

const SUCCESS = { status: 0, signal: null };

test("if a test file skips every test, Jest names the package to install, and exits", () => {
  const run = jest(["test/examples/python"], { [MISSING]: "websockets" });
  expect(run).toMatchObject(SUCCESS);
  expect(run.stderr).toContain(
    "skipped 6 tests: websockets is missing; on Debian, install it with apt-get install python3-websockets\n",
  );
});

test("Jest exits after a run of files that start servers or programs, even if no test matches the option -t", () => {
  const run = jest([...STARTING_FILES.map((file) => `test/${file}.test.ts`), "-t", "nothing-matches"]);
  expect(run).toMatchObject(SUCCESS);
  expect(run.stderr).toMatch(/^Tests: +\d+ skipped, \d+ total$/m);
});
