// JSON values for properties: every shape that has a canonical form, hostile member names among them.
import fc, { anyCharacter } from "fast-check";
import type { Json, JsonObject } from "../../src/snapshot/canonical.ts";

const text = fc.string({ unit: anyCharacter, maxLength: 12 });
/**
 * No backslash in a name: V8 (up to 14.7 at least, bug 521080746) may read an escaped name as one that JSON.parse read
 * before in its place, in any later text of the same process.
 */
const name = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toString", "", "10", "9", "$", "\u{1f600}", "\ufb33", '"', "{"),
  text.filter((name) => !name.includes("\\")),
);

/** Any JSON value: strings are well-formed UTF-16, numbers finite. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text,
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc.array(fc.tuple(name, tie("value")), { maxLength: 5 }).map(objectOf),
})).value;

/** Any JSON object. */
export const anyJsonObject: fc.Arbitrary<JsonObject> = fc.array(fc.tuple(name, anyJson), { maxLength: 6 }).map(
  objectOf,
);

/** The same value with every object's members in the opposite order of insertion. */
export function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return objectOf(Object.entries(value).reverse().map(([member, inner]) => [member, reversed(inner)]));
}

/** Own members only: `__proto__` becomes one as well, as JSON.parse makes it. */
function objectOf(members: readonly (readonly [string, Json])[]): JsonObject {
  return Object.fromEntries(members);
}
