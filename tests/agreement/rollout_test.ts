import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { textToStore } from "../../src/agreement/moving.ts";
import {
  markOf,
  MAX_EARLIER,
  MAX_ORDER,
  MAX_ROLLOUT_BYTES,
  MAX_ROLLOUT_TEXT_LENGTH,
  parseRollout,
  rankId,
  type Rollout,
  ROLLOUT_PHASES,
  rolloutText,
} from "../../src/agreement/rollout.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;
const DAY = 86_400;

const ROLLOUT: Rollout = {
  hash: B,
  base: A,
  by: "h1",
  author: "ada",
  reason: "new tiles",
  at: "2026-01-02T03:04:05.678Z",
  order: ["h1", "h2", "h3"].map((name) => rankId(B, name)),
  counts: [1, 3],
  step: 0,
  phase: "admitting",
  bakeSeconds: 60,
  deadlineSeconds: 600,
  onFailure: "rollback",
  why: null,
  earlier: [],
};

const line = (maxLength: number) =>
  fc.string({ unit: "grapheme", minLength: 1, maxLength }).filter((one) =>
    one.length <= maxLength && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(one)
  );
const hex = (length: number) => fc.nat().map((at) => at.toString(16).padStart(length, "0"));
const text = fc.option(line(MAX_ROLLOUT_TEXT_LENGTH));
const rollout: fc.Arbitrary<Rollout> = fc.uniqueArray(hex(12), { minLength: 1, maxLength: 20 }).chain((order) =>
  fc.subarray(order.map((_, index) => index + 1)).chain((marks) => {
    const counts = [...new Set([...marks, order.length])];
    return fc.record({
      hash: fc.constant(B),
      base: fc.constant(A),
      baseGeneration: fc.nat(),
      by: line(128),
      author: text,
      reason: text,
      at: fc.constantFrom("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789Z"),
      order: fc.constant(order),
      counts: fc.constant(counts),
      step: fc.nat({ max: counts.length - 1 }),
      phase: fc.constantFrom(...ROLLOUT_PHASES),
      bakeSeconds: fc.nat({ max: 7 * DAY }),
      deadlineSeconds: fc.integer({ min: 1, max: 7 * DAY }),
      onFailure: fc.constantFrom("rollback" as const, "halt" as const),
      why: text,
      earlier: fc.array(hex(64), { maxLength: MAX_EARLIER }),
    });
  })
);

Deno.test("any rollout within its bounds is read as it was written", () => {
  fc.assert(fc.property(rollout, (one) => assertEquals(parseRollout(rolloutText(one)), one)));
});

Deno.test("any text of a person becomes one bounded line", () => {
  fc.assert(fc.property(fc.string({ unit: "binary-ascii", maxLength: 300 }), (given) => {
    const found = textToStore({ ...ROLLOUT, by: given, author: given, reason: given, why: given }).rollout;
    for (const one of [found.by, found.author, found.reason, found.why]) assert(/^[^\p{Cc}]{1,200}$/u.test(one!));
  }));
});

Deno.test("a rollout of 1,000 hosts with the longest texts fits, with a quarter of the bound left", () => {
  for (const [character, most] of [["x", 0.75], ["\uffff", 0.9], ['"', 0.9]] as const) {
    const long = character.repeat(MAX_ROLLOUT_TEXT_LENGTH);
    const large: Rollout = {
      ...ROLLOUT,
      by: character.repeat(128),
      author: long,
      reason: long,
      why: long,
      order: Array.from({ length: MAX_ORDER }, (_, at) => rankId(B, `edge-${at}`)),
      counts: Array.from({ length: MAX_ORDER }, (_, at) => at + 1),
      step: MAX_ORDER - 1,
      phase: "awaiting-approval",
      bakeSeconds: 7 * DAY,
      deadlineSeconds: 7 * DAY,
      earlier: Array.from({ length: MAX_EARLIER }, (_, at) => at.toString(16).padStart(64, "e")),
    };
    const { text: written, rollout: found } = textToStore(large);
    assertEquals(found, large);
    const bytes = new TextEncoder().encode(written).length;
    assert(bytes < MAX_ROLLOUT_BYTES * most, `${bytes} bytes`);
  }
});

Deno.test("a text that is out of bounds or contradicts itself is no rollout", () => {
  const id = (at: number) => at.toString(16).padStart(12, "0");
  const cases: readonly Record<string, unknown>[] = [
    { hash: "b" },
    { hash: B.toUpperCase() },
    { base: B },
    { baseGeneration: -1 },
    { baseGeneration: null },
    { by: "" },
    { by: "x".repeat(129) },
    { by: "a\nb" },
    { author: "x".repeat(MAX_ROLLOUT_TEXT_LENGTH + 1) },
    { reason: "a\u2028b" },
    { reason: "\ud800" },
    { why: 1 },
    { at: "yesterday" },
    { order: "" },
    { order: "abc" },
    { order: id(1) + id(2) + id(1) },
    { order: [id(1), id(2), id(3)] },
    { order: Array.from({ length: MAX_ORDER + 1 }, (_, at) => id(at)).join(""), counts: [MAX_ORDER + 1] },
    { counts: [] },
    { counts: [1, 2] },
    { counts: [2, 1, 3] },
    { counts: [1, 1, 3] },
    { counts: [0, 3] },
    { counts: [1.5, 3] },
    { counts: [1, 4] },
    { step: 2 },
    { step: -1 },
    { step: 0.5 },
    { phase: "done" },
    { bakeSeconds: -1 },
    { bakeSeconds: 7 * DAY + 1 },
    { deadlineSeconds: 0 },
    { deadlineSeconds: 7 * DAY + 1 },
    { onFailure: "ignore" },
    { earlier: ["e"] },
    { earlier: Array.from({ length: MAX_EARLIER + 1 }, () => A) },
    { hash: undefined },
    { earlier: undefined },
  ];
  const whole = JSON.parse(rolloutText(ROLLOUT));
  assert(parseRollout(JSON.stringify(whole)) !== null);
  for (const wrong of cases) {
    assertEquals(parseRollout(JSON.stringify({ ...whole, ...wrong })), null, JSON.stringify(wrong).slice(0, 80));
  }
});

Deno.test("garbage is no rollout, and members of later versions are left out", () => {
  const written = rolloutText(ROLLOUT);
  for (const garbage of [null, undefined, 7, {}, "", "{}", "[]", "null", "{", written.slice(0, -1), `${written}x`]) {
    assertEquals(parseRollout(garbage), null, String(garbage).slice(0, 40));
  }
  assertEquals(parseRollout(" ".repeat(MAX_ROLLOUT_BYTES) + written), null);
  assertEquals(parseRollout(JSON.stringify({ ...JSON.parse(written), later: 1 })), ROLLOUT);
  fc.assert(fc.property(fc.string(), (any) => assertEquals(parseRollout(any), null)));
});

Deno.test("a mark names a text, and a place in the order the hash and the host", () => {
  assertEquals(markOf("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertEquals(rankId(B, "h1").length, 12);
  assertEquals(new Set([rankId(A, "h1"), rankId(B, "h1"), rankId(B, "h2")]).size, 3);
  assertStringIncludes(rolloutText(ROLLOUT), rankId(B, "h1") + rankId(B, "h2"));
});

Deno.test("a rollout that no reader would take for one is not stored", () => {
  assertThrows(() => textToStore({ ...ROLLOUT, counts: [3, 1] }), RangeError);
});
