// Tests that have a short version, for `npm test`, and a long one, for `npm run test:long`. A file that imports this one is
// run by both (jest.config.js looks for the import); a file named *.long.test.ts is run by the long run alone.

/** Whether this is the long run. */
export const isLong = process.env.TEST_LONG === "1";

/** One of two values: a number of rounds, of players, of milliseconds. */
export function shortOrLong<T>(short: T, long: T): T {
  return isLong ? long : short;
}
