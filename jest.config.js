// Tests are ES modules in TypeScript: swc strips the types, and Node runs the result (see the script `test`).
// `npm test` takes at most five minutes on two cores. `npm run test:long` runs the files named *.long.test.ts, and with
// more rounds the files that import test/support/long.ts.
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
  maxWorkers: 2,
  reporters: ["default", "<rootDir>/test/support/missing-reporter.ts"],
  // Tests start real servers, sockets and browsers on shared machines. Only a hang exceeds this timeout. Jest reads it
  // only here, not in a project.
  testTimeout: 60_000,
  // A project without files would run all tests.
  projects: [
    { ...project, testMatch: matching((file) => !ALONE.test(file)) },
    { ...project, testMatch: matching((file) => ALONE.test(file)), runner: "<rootDir>/test/support/alone.js" },
  ].filter(({ testMatch }) => testMatch.length > 0),
};
