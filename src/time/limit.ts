// A wait with a limit: what is waited for goes on, only the waiting ends.

/** What came in time, or that nothing did. */
export type Timely<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/**
 * Waits for a promise for at most that long, and no longer than somebody wants to know: `unwanted` ends it, too. Rejects
 * as the promise does, as long as it is waited for.
 */
export async function withinLimit<T>(
  promise: Promise<T>,
  limitMilliseconds: number,
  unwanted?: AbortSignal,
): Promise<Timely<T>> {
  const { promise: overdue, resolve } = Promise.withResolvers<Timely<T>>();
  const giveUp = () => resolve({ ok: false });
  const timer = setTimeout(giveUp, limitMilliseconds);
  unwanted?.addEventListener("abort", giveUp);
  if (unwanted?.aborted) giveUp();
  try {
    return await Promise.race([promise.then((value): Timely<T> => ({ ok: true, value })), overdue]);
  } finally {
    clearTimeout(timer);
    unwanted?.removeEventListener("abort", giveUp);
  }
}
