// Tests that have a short version, for `npm test`, and a long one, for `npm run test:long`. A file that imports this one is
// run by both (jest.config.js looks for the import); a file named *.long.test.ts is run by the long run alone.

/** Whether this is the long run. */
export const isLong = process.env.TEST_LONG === "1";

/** One of two values: a number of rounds, of players, of milliseconds. */
export function shortOrLong<T>(short: T, long: T): T {
  return isLong ? long : short;
}

/** How often a property is tried with other values: the number in the long run, and a fifth of it in the short one. */
export function runs(long: number): number {
  return shortOrLong(Math.ceil(long / 5), long);
}

/** Defines tests that only the long run has time for. The file has others, for both. */
export function onlyLong(define: () => void): void {
  if (isLong) define();
}
