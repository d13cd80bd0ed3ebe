// The module that tests import as "@std/assert": the functions that the project uses, typed here because the npm mirror
// of the standard library ships only JavaScript. If JSR can be reached, deno.json can map the bare name to it instead.
import * as mirror from "deno-std/assert";

type Constructor<E extends Error> = abstract new (...args: never[]) => E;

/** Fails unless `condition` is truthy, and narrows its type. */
export const assert: (condition: unknown, message?: string) => asserts condition = mirror.assert;
/** Fails unless the two are deeply equal. */
export const assertEquals: <T>(actual: T, expected: T, message?: string) => void = mirror.assertEquals;
/** Fails if the two are deeply equal. */
export const assertNotEquals: <T>(actual: T, expected: T, message?: string) => void = mirror.assertNotEquals;
/** Fails unless the two are the same value (`Object.is`). */
export const assertStrictEquals: <T>(actual: T, expected: T, message?: string) => void = mirror.assertStrictEquals;
/** Fails unless the value is neither null nor undefined, and narrows its type. */
export const assertExists: <T>(actual: T, message?: string) => asserts actual is NonNullable<T> = mirror.assertExists;
/** Fails unless `actual` contains `expected`. */
export const assertStringIncludes: (actual: string, expected: string, message?: string) => void =
  mirror.assertStringIncludes;
/** Fails unless `actual` matches the expression. */
export const assertMatch: (actual: string, expected: RegExp, message?: string) => void = mirror.assertMatch;
/** Fails unless the function throws; returns the error. */
export const assertThrows: <E extends Error = Error>(
  fn: () => unknown,
  errorClass?: Constructor<E>,
  includes?: string,
) => E = mirror.assertThrows;
/** Fails unless the promise rejects; returns the error. */
export const assertRejects: <E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: Constructor<E>,
  includes?: string,
) => Promise<E> = mirror.assertRejects;
/** Always fails. */
export const fail: (message?: string) => never = mirror.fail;
