// The bounds of a skip set, and the parsing of texts that other clients wrote.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  joinSkips,
  MAX_SKIP_BY_LENGTH,
  MAX_SKIP_LINE_BYTES,
  MAX_SKIP_REASON_LENGTH,
  MAX_SKIPS,
  parseSkip,
  parseSkips,
  skipsText,
} from "../../src/agreement/skip.ts";
import { skipOf } from "../support/announcement_of.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;
const hashOf = (at: number) => at.toString(16).padStart(64, "0");

Deno.test("a skip set is read as it was written, with any texts as reasons", () => {
  const text = (maxLength: number) =>
    fc.string({ unit: "grapheme", minLength: 1, maxLength }).filter((one) =>
      one.length <= maxLength && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(one)
    );
  const skip = fc.record({
    hash: fc.nat().map(hashOf),
    by: text(MAX_SKIP_BY_LENGTH),
    at: fc.constantFrom("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789Z"),
    reason: text(MAX_SKIP_REASON_LENGTH),
  });
  const sets = fc.uniqueArray(skip, { maxLength: MAX_SKIPS, selector: ({ hash }) => hash });
  fc.assert(fc.property(sets, (skips) => assertEquals(parseSkips(skipsText(skips)), skips)));
});

Deno.test("the longest skip fits into a line, in any script and with any escapes", () => {
  const [by, reason] = [MAX_SKIP_BY_LENGTH, MAX_SKIP_REASON_LENGTH];
  for (const character of ["\uffff", '"', "\\", "\u{1f30d}"]) {
    const skip = {
      ...skipOf(A, character.repeat(reason / character.length)),
      by: character.repeat(by / character.length),
    };
    const text = skipsText([skip]);
    assertEquals([new TextEncoder().encode(text).length <= MAX_SKIP_LINE_BYTES, parseSkips(text)], [true, [skip]]);
  }
});

Deno.test("a skip out of its bounds is none, and unknown members are left out", () => {
  const skip = skipOf(A);
  assertEquals(parseSkip({ ...skip, more: 1 }), skip);
  const wrong = [
    ...["", "a", A.toUpperCase(), null].map((hash) => ({ ...skip, hash })),
    ...["", "x".repeat(MAX_SKIP_BY_LENGTH + 1), "a\nb", "\ud800", 7].map((by) => ({ ...skip, by })),
    ...["", "x".repeat(MAX_SKIP_REASON_LENGTH + 1), "a\nb", "a\u2028b", null].map((reason) => ({ ...skip, reason })),
    ...["", "yesterday", "2026-01-02", "2026-01-02T03:04:05", 7].map((at) => ({ ...skip, at })),
    { hash: A },
    null,
    "x",
    [],
  ];
  for (const value of wrong) assertEquals(parseSkip(value), null, JSON.stringify(value));
});

Deno.test("a text of another form is no skip set, and a line that holds no skip costs only itself", () => {
  const [first, second] = [skipsText([skipOf(A)]), skipsText([skipOf(B)])];
  const many = (count: number) => Array.from({ length: count }, (_, at) => `${hashOf(at)} {}`).join("\n");
  const wrong = [
    ...[null, undefined, 7, {}, "x", "{}", JSON.stringify([skipOf(A)])],
    `${first}\n${first}`,
    `${first}\nx`,
    `${first}\n${B}`,
    `${first}\n${B.toUpperCase()} {}`,
    `${first}\n${B}b {}`,
    `${first}\n${B} ${"x".repeat(MAX_SKIP_LINE_BYTES - 64)}`,
    `${first}\n${many(MAX_SKIPS)}`,
    `${first}${"\n".repeat(40_000)}`,
  ];
  for (const text of wrong) assertEquals(parseSkips(text), [], JSON.stringify(text));
  assertEquals(parseSkips(`\n${first}\n\n${second}\n`), [skipOf(A), skipOf(B)]);
  for (const rest of ["", "{", "null", "7", "[]", "{}", '{"by":"x"}', "x".repeat(MAX_SKIP_LINE_BYTES - 65)]) {
    assertEquals(parseSkips(`${A} ${rest}\n${second}`), [skipOf(B)], rest);
  }
  assertEquals(parseSkips(`${A} ${JSON.stringify({ ...skipOf(A), hash: B })}`), [skipOf(A)]);
});

Deno.test("a set that nobody could read is not written", () => {
  const many = Array.from({ length: MAX_SKIPS + 1 }, (_, at) => skipOf(hashOf(at)));
  for (
    const skips of [many, [skipOf(A), skipOf(A)], [skipOf("a")], [skipOf(A, "a\nb")], [skipOf(A, "x".repeat(201))]]
  ) {
    assertThrows(() => skipsText(skips), RangeError);
  }
});

Deno.test("joining keeps the entry of a hash that is skipped already, leaves the announced one out, and keeps the newest", () => {
  assertEquals(joinSkips([skipOf(A)], [skipOf(A, "later"), skipOf(B)], "c"), [skipOf(A), skipOf(B)]);
  assertEquals(joinSkips([skipOf(A)], [skipOf(B)], A), [skipOf(B)]);
  assertEquals(joinSkips([skipOf(A)], [skipOf(B)], B), [skipOf(A)]);
  const many = Array.from({ length: MAX_SKIPS }, (_, at) => skipOf(hashOf(at)));
  assertEquals(joinSkips(many, [skipOf(A), skipOf(B)], "c"), [...many.slice(2), skipOf(A), skipOf(B)]);
  assertEquals(joinSkips(many, [skipOf(A)], many[9]!.hash).length, MAX_SKIPS);
});
