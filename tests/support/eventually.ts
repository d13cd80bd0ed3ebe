// Waits for a state, never for a time: the one way a test waits for what another process or an event does.

/**
 * Resolves with the first truthy value of `predicate`, asked every 10 ms, and rejects when `limitMilliseconds` have
 * passed without one, naming `what` was waited for. An error thrown by the predicate counts as "not yet" and is the
 * cause of the rejection.
 */
export async function eventually<T>(
  what: string,
  predicate: () => T | Promise<T>,
  limitMilliseconds = 10_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + limitMilliseconds;
  let cause: unknown;
  for (;;) {
    try {
      const value = await predicate();
      if (value) return value as NonNullable<T>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${limitMilliseconds} ms: ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
