// Waits for a state, never for a time. Tests wait for another process or an event only by this function.

/**
 * Resolves with the first truthy value of `predicate`, called every 10 ms. After `limitMilliseconds` without one it
 * rejects, and `what` names the state. An error of the predicate counts as "not yet" and is the cause of the rejection.
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
