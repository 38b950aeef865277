// Waits for a condition, never for a time.

/**
 * Resolves with the first truthy value that `condition` gives.
 * @throws if there is none within `patience` ms, with the condition's own text.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  patience = 15_000,
): Promise<Exclude<T, false | 0 | "" | null | undefined>> {
  const begun = performance.now();
  const end = begun + patience;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | 0 | "" | null | undefined>;
    if (performance.now() > end) throw new Error(`still waiting after ${patience} ms for: ${condition}`);
    // Most conditions hold within a few turns of the event loop.
    await new Promise((resolve) => (performance.now() - begun < 5 ? setImmediate(resolve) : setTimeout(resolve, 5)));
  }
}
