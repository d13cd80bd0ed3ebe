// The head: what a cluster agreed on last. The bounds of generations, hashes and ids hold for all that comes from outside:
// from Redis, a message, another instance's record, a file, an answer. A head out of these bounds is none.

/** What the cluster agreed on last. */
export interface Head {
  /** Counts announced changes, from 1 on. */
  readonly generation: number;
  /** The announced hash: SHA-256 of a portable config, in hex. */
  readonly hash: string;
}

/**
 * Far beyond what can be counted to. A head with a later one is a lie and taken for none; and since announcements compare
 * hashes, a lie just below it costs the order of generations and not agreement: the count stays there.
 */
export const MAX_GENERATION = 2 ** 52;

/** Whether it is a count of announced changes. */
export function isGeneration(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_GENERATION;
}

/** Whether it is a SHA-256 in lower-case hex. */
export function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** Whether it can name a process in the head and in messages. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{12}$/.test(value);
}
