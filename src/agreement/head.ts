// The head: the cluster's latest agreement. The bounds of generations, hashes and ids hold for everything from outside:
// from Redis, a message, another instance's record, a file, an answer. A head out of these bounds counts as missing.

/** The cluster's latest agreement. */
export interface Head {
  /** Counts announced changes, from 1 on. */
  readonly generation: number;
  /** SHA-256 of a portable config, in hex. */
  readonly hash: string;
}

/**
 * Far beyond any real count. A head with a higher one is a lie and counts as missing. Since announcements compare
 * hashes, a lie just below it costs the order of generations, because the count stays there, but not agreement.
 */
export const MAX_GENERATION = 2 ** 52;

/** Whether the value is in the bounds of a generation. */
export function isGeneration(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_GENERATION;
}

/** Whether the value is a SHA-256 in lower-case hex. */
export function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** Whether the value has the form of an incarnation, 12 lower-case hex digits. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{12}$/.test(value);
}
