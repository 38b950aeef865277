// Helpers for tests with a short version for `npm test` and a long version for `npm run test:long`. Both commands run
// the test files that import long.ts (jest.config.js looks for this import). Only the long run includes files named
// *.long.test.ts.

/** Whether `npm run test:long` runs the tests, instead of `npm test`. */
const isLong = process.env.TEST_LONG === "1";

/** Returns the first value in a short run and the second in a long run, e.g. a number of players. */
export function shortOrLong<T>(short: T, long: T): T {
  return isLong ? long : short;
}

/** Returns the number of cases of a property test: `long` in a long run, and a fifth of that number in a short run. */
export function runs(long: number): number {
  return shortOrLong(Math.ceil(long / 5), long);
}

/** Defines tests for the long run only, in a file that also has tests for both runs. */
export function onlyLong(define: () => void): void {
  if (isLong) define();
}
