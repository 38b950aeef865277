// Waits for a condition.
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds between two checks. */
const INTERVAL_MS = 20;

/**
 * Resolves with the first truthy value that `condition` returns.
 * @param what names the condition in the error.
 * @throws {Error} after `timeoutMs`.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs: number,
): Promise<NonNullable<T>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await wait(INTERVAL_MS);
  }
}
