// The folder that all test files of a test run share.

/** The environment variable with the path of the folder. Jest's workers read it. */
export const RUN_FOLDER = "SABANG_TESTS_FOLDER";

/** Returns the path of the folder. It is removed after the run. */
export function runFolder(): string {
  const folder = process.env[RUN_FOLDER];
  if (folder === undefined) throw new Error(`${RUN_FOLDER} is not set; run the tests with npm test`);
  return folder;
}
