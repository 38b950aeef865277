// The delay before the next attempt to join: exponential backoff with jitter.

const FIRST_MS = 500;
const MAX_MS = 8000;

/**
 * Returns the delay in milliseconds before attempt number `attempt`, counted from 0. The delay starts at half a second
 * and doubles up to eight seconds.
 * @param random from 0 to 1. It shortens the delay by up to a quarter. Otherwise all clients that a server lost would
 * rejoin at the same moment.
 */
export function backoff(attempt: number, random: number): number {
  return Math.min(MAX_MS, FIRST_MS * 2 ** attempt) * (1 - random / 4);
}
