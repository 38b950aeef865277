// How long to wait before the next attempt to join.

const FIRST_MS = 500;
const LONGEST_MS = 8000;

/**
 * Milliseconds before attempt number `attempt`, counted from 0: half a second, doubling up to eight.
 * @param chance from 0 to 1. It takes up to a quarter off, so that everybody whom one server lost does not come back
 * in the same instant.
 */
export function backoff(attempt: number, chance: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt) * (1 - chance / 4);
}
