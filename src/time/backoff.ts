// The wait before a failed attempt is repeated: exponential with equal jitter, so that it is never zero, never above
// the cap, and hosts that failed together do not retry together. Randomness comes in as a number.

/** The bounds of a backoff. */
export interface Backoff {
  /** The upper bound of the first wait. */
  readonly firstMilliseconds: number;
  /** The upper bound of any wait. */
  readonly capMilliseconds: number;
}

/** For a failed look or write: up to a second first, up to a minute in the long run. */
export const retryBackoff: Backoff = { firstMilliseconds: 1_000, capMilliseconds: 60_000 };

/**
 * The wait after the `attempt`-th failure in a row (from 1 on), in whole milliseconds: between half of `first *
 * 2^(attempt - 1)`, capped, and all of it. `random` is in [0, 1).
 */
export function backoffMilliseconds(attempt: number, random: number, backoff: Backoff = retryBackoff): number {
  const ceiling = Math.min(backoff.capMilliseconds, backoff.firstMilliseconds * 2 ** (attempt - 1));
  return Math.round(ceiling / 2 + random * ceiling / 2);
}
