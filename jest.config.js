// Tests are ES modules in TypeScript: swc strips the types, Node runs the rest (see the script `test`).
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "es6" }, sourceMaps: "inline" },
    ],
  },
  setupFilesAfterEnv: ["<rootDir>/test/support/quiet.ts"],
  // Real servers, sockets and browsers on shared machines: wide enough that only a hang reaches it.
  testTimeout: 60_000,
};
