// The bounds of generations, hashes and ids that come from outside: from Redis, a message, another instance's record, a
// file, an answer. A head out of these bounds is none.
import { MAX_GENERATION } from "./announcing_rules.ts";

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
