// JSON as values: what a configuration means is written in nothing else, so that it can be hashed and stored as it is.

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; those that config makes have no prototype, so that a member may be named `__proto__`. */
export type JsonObject = { [name: string]: Json };

/**
 * An object without a prototype, which may have members of any name. What `Object.create(null)` makes would do too, but
 * that is a hash table from the start: five times the memory, and slower to make and to read.
 */
export function emptyObject(): JsonObject {
  return Object.setPrototypeOf({}, null) as JsonObject;
}
