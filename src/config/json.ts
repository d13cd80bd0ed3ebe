// JSON values: a configuration consists of nothing else, so that it can be hashed and stored unchanged.

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; this room makes them without a prototype, so that a member may be named `__proto__`. */
export type JsonObject = { [name: string]: Json };

/**
 * Makes an object without a prototype, which may have members of any name. `Object.create(null)` would make a hash
 * table from the start: five times the memory, and slower to make and to read.
 */
export function emptyObject(): JsonObject {
  return Object.setPrototypeOf({}, null) as JsonObject;
}
