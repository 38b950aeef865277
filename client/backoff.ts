// The delay before the next attempt to join: exponential backoff with jitter.

const FIRST_MS = 500;

/** The longest delay while the server refuses the client, for example because the server is busy. */
const MAX_REFUSED_MS = 8000;

/**
 * The longest delay while the server is unreachable. It is short, because an attempt without an answer already takes
 * seconds, and a client should rejoin soon after its network works again.
 */
const MAX_UNREACHABLE_MS = 3000;

/**
 * Returns the delay in milliseconds before attempt number `attempt`, counted from 0. The delay starts at half a second
 * and doubles up to a maximum.
 * @param isRefused whether the server has answered with a refusal. If not, the server counts as unreachable.
 * @param random a random number from 0 to 1, which shortens the delay by up to a quarter. Without randomness, all
 * clients of a crashed server would rejoin at the same moment.
 */
export function backoff(attempt: number, isRefused: boolean, random: number = Math.random()): number {
  const max = isRefused ? MAX_REFUSED_MS : MAX_UNREACHABLE_MS;
  return Math.min(max, FIRST_MS * 2 ** attempt) * (1 - random / 4);
}
