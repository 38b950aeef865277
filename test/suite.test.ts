// A run of the tests ends by itself, also when nothing in it is run, and says what it skipped.
import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { isLong } from "./support/long.ts";
import { MISSING } from "./support/requirements.ts";
import { RUN_FOLDER } from "./support/run-folder.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Files whose tests start something: a server in this process, others beside it, a database, a browser. */
const STARTING = ["examples/python", "e2e/page-panels", "src/store/store", "src/direct-io", "e2e/process"];

/** Runs jest in one process, which ends only when nothing in it is left running. */
function jest(args: string[], environment: Record<string, string> = {}) {
  // Its folder is removed at its end, so it must not be the one of this run.
  const { CI: _, TEST_LONG: _long, [RUN_FOLDER]: _folder, ...inherited } = process.env;
  const words = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--runInBand", ...args];
  const { status, signal, stderr } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    env: { ...inherited, ...environment },
    encoding: "utf8",
    // Only a run that hangs takes that long.
    timeout: 270_000,
  });
  return { status, signal, stderr };
}

const ENDED = { status: 0, signal: null };

test("a run in which every test is skipped exits by itself, and names the package that brings what is missing", () => {
  const run = jest(["test/examples/python"], { [MISSING]: "websockets" });
  expect(run).toMatchObject(ENDED);
  expect(run.stderr).toContain(
    "skipped 4 tests: websockets is missing; on Debian, apt-get install python3-websockets brings it\n",
  );
});

const ALL: string[] = [];
const RUNS: { which: string; files: string[]; environment: Record<string, string> }[] = isLong
  ? [
      { which: "all files of the short run", files: ALL, environment: {} },
      { which: "all files of the long run", files: ALL, environment: { TEST_LONG: "1" } },
    ]
  : [{ which: "files that start something", files: STARTING, environment: {} }];

test.each(RUNS)(
  "a run whose -t matches no test exits by itself: $which",
  ({ files, environment }) => {
    const run = jest([...files.map((file) => `test/${file}`), "-t", "nothing-matches"], environment);
    expect(run).toMatchObject(ENDED);
    expect(run.stderr).toMatch(/^Tests: +\d+ skipped, \d+ total$/m);
  },
  // A run that hangs is ended before that.
  300_000,
);
