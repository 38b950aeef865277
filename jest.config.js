// Tests are ES modules in TypeScript: swc strips the types, and Node runs the result (see the script `test`).
// `npm test` takes at most five minutes on two cores. `npm run test:long` runs the files named *.long.test.ts. It also
// runs the files that import test/support/long.ts. These files test more in the long run than in `npm test`.
import { globSync, readFileSync } from "node:fs";

const isLong = process.env.TEST_LONG === "1";
const LONG_ONLY = /\.long\.test\.ts$/;
const LONG_TOO = /from "[./]+\/support\/long\.ts"/;

/** Tests that must run alone, because they use all cores of the machine. */
const ALONE = /^test\/e2e\/neighbours\.long\.test\.ts$/;

const root = import.meta.dirname;
const files = globSync("test/**/*.test.ts", { cwd: root }).filter((file) =>
  isLong ? LONG_ONLY.test(file) || LONG_TOO.test(readFileSync(`${root}/${file}`, "utf8")) : !LONG_ONLY.test(file),
);
const matching = (isWanted) => files.filter(isWanted).map((file) => `<rootDir>/${file}`);

/** Settings of all tests. */
const project = {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
  globalSetup: "<rootDir>/test/support/global-setup.ts",
  globalTeardown: "<rootDir>/test/support/global-teardown.ts",
  setupFilesAfterEnv: ["<rootDir>/test/support/quiet.ts"],
};

export default {
  // Many tests wait for clocks and processes, so three workers keep two cores busy.
  maxWorkers: 3,
  reporters: ["default", "<rootDir>/test/support/missing-reporter.ts"],
  // The timeout is long, because tests start real servers, sockets and browsers, even on slow machines. Jest reads this
  // setting only here and not in a project.
  testTimeout: 60_000,
  // Projects without files are left out, because Jest would run all tests for an empty `testMatch`.
  projects: [
    { ...project, testMatch: matching((file) => !ALONE.test(file)) },
    { ...project, testMatch: matching((file) => ALONE.test(file)), runner: "<rootDir>/test/support/alone.js" },
  ].filter(({ testMatch }) => testMatch.length > 0),
};
