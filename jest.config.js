// Tests are ES modules in TypeScript: swc strips the types, Node runs the rest (see the script `test`). `npm test` runs what
// fits into five minutes on two cores. `npm run test:long` runs the rest: the files named *.long.test.ts, and those whose
// numbers grow in the long run (test/support/long.ts).
import { globSync, readFileSync } from "node:fs";

const isLong = process.env.TEST_LONG === "1";
const LONG_ONLY = /\.long\.test\.ts$/;
const GROWS = /from "[./]+\/support\/long\.ts"/;

/** Tests that must be alone on the machine: they use all of its cores. */
const ALONE = /^test\/e2e\/neighbours\.long\.test\.ts$/;

const root = import.meta.dirname;
const files = globSync("test/**/*.test.ts", { cwd: root }).filter((file) =>
  isLong ? LONG_ONLY.test(file) || GROWS.test(readFileSync(`${root}/${file}`, "utf8")) : !LONG_ONLY.test(file),
);
const matching = (isWanted) => files.filter(isWanted).map((file) => `<rootDir>/${file}`);

/** What every test needs. */
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
  // Real servers, sockets and browsers on shared machines: wide enough that only a hang reaches it. Jest reads it here
  // alone, not in a project.
  testTimeout: 60_000,
  // A project without files would run every test there is.
  projects: [
    { ...project, testMatch: matching((file) => !ALONE.test(file)) },
    { ...project, testMatch: matching((file) => ALONE.test(file)), runner: "<rootDir>/test/support/alone.js" },
  ].filter(({ testMatch }) => testMatch.length > 0),
};
