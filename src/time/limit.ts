// A wait with a limit: only the wait ends, the work goes on.

/** A value in time, or none. */
export type Timely<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/**
 * Waits for a promise until the limit or until `unwanted` aborts. Rejects as the promise does, while the wait lasts.
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
