// A folder that all files of a run share.

/** The environment variable by which workers know the folder. */
export const RUN_FOLDER = "SABANG_TESTS_FOLDER";

/** The folder. It is removed after the run. */
export function runFolder(): string {
  const folder = process.env[RUN_FOLDER];
  if (folder === undefined) throw new Error(`${RUN_FOLDER} is not set; start the tests with npm test`);
  return folder;
}
