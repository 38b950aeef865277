// Tests are ES modules in TypeScript: swc strips the types, Node runs the rest (see the script `test`).

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
  setupFilesAfterEnv: ["<rootDir>/test/support/quiet.ts"],
};

export default {
  maxWorkers: 2,
  reporters: ["default", "<rootDir>/test/support/missing-reporter.ts"],
  // Real servers, sockets and browsers on shared machines: wide enough that only a hang reaches it.
  testTimeout: 60_000,
  ...project,
  testMatch: ["<rootDir>/test/**/*.test.ts"],
};
