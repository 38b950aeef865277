// Waits for a condition instead of a fixed time.

/**
 * Resolves with the first truthy value that `condition` returns.
 * @throws {Error} after `timeoutMs`. The message contains the source of the condition.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs = 15_000,
): Promise<Exclude<T, false | 0 | "" | null | undefined>> {
  const startedAt = performance.now();
  const end = startedAt + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | 0 | "" | null | undefined>;
    if (performance.now() > end) throw new Error(`timed out after ${timeoutMs} ms: ${condition}`);
    // Most conditions become true within a few turns of the event loop, so the first checks follow without a pause.
    await new Promise((resolve) =>
      performance.now() - startedAt < 5 ? setImmediate(resolve) : setTimeout(resolve, 5),
    );
  }
}
