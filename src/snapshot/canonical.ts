// One spelling for every JSON value: RFC 8785 (JSON Canonicalization Scheme). Values that are equal as JSON have the
// same bytes and so the same hash in any order of their members. A value that is not JSON is an error, never rewritten.
import canonicalize from "canonicalize";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. No member is `undefined`. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** A SHA-256 as 64 lower-case hex digits. */
export type Sha256Hex = string & { readonly __brand: "Sha256Hex" };

/**
 * Returns the canonical text of a value: members sorted by UTF-16 code units, no whitespace, numbers as ECMAScript
 * writes them. Nesting may be as deep as memory allows.
 *
 * @throws {TypeError} if RFC 8785 has no spelling for the value: NaN, an infinity, a lone surrogate, a cycle, a bigint;
 * and if it is not JSON at all (undefined, a function). The `cause` is the reason; no value is quoted.
 */
export function canonicalText(value: Json): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown reason";
    throw new TypeError(`cannot write the value as canonical JSON: ${reason}`, { cause });
  }
  if (text === undefined) throw new TypeError("cannot write the value as canonical JSON: it is not a JSON value");
  return text;
}

/** Returns a text from outside as a hash; null if it is not exactly 64 lower-case hex digits. */
export function parseSha256Hex(text: unknown): Sha256Hex | null {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text) ? text as Sha256Hex : null;
}
