// The order of names is that of sorting, with any earlier order.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type NameOrder, openNameOrder } from "../../src/snapshot/name_order.ts";

/** The order of some names, and how often making it could rest. */
function ordered(order: NameOrder, kind: string, given: readonly string[]) {
  const steps = order.sorted(kind, given);
  let rests = 0;
  for (let step = steps.next();; step = steps.next()) {
    if (step.done) return { sorted: step.value, rests };
    rests++;
  }
}

const name = fc.oneof(
  fc.constantFrom("__proto__", "", "10", "9", "100", "\u{1f600}", "\ufb33", "\ud800", "a", "aa", "\u20ac"),
  fc.integer({ min: 0, max: 2000 }).map((number) => `n${number}`),
);

Deno.test("property: names are ordered as by sorting, from nothing and from any order before", () => {
  const kinds = fc.constantFrom("a", "b");
  const names = fc.uniqueArray(name, { maxLength: 300 });
  fc.assert(fc.property(fc.array(fc.tuple(kinds, names), { minLength: 1, maxLength: 6 }), (many) => {
    const order = openNameOrder();
    for (const [kind, given] of [...many, ...many]) {
      assertEquals(ordered(order, kind, given).sorted, given.toSorted());
    }
  }));
});

Deno.test("many names are sorted in turns, and the same names again at once", () => {
  const order = openNameOrder();
  const given = Array.from({ length: 60_000 }, (_, index) => `variable_${(index * 7919) % 60_013}`);
  const first = ordered(order, "a", given);
  assertEquals(first.sorted, given.toSorted());
  assert(first.rests > 60, `${first.rests} rests`);
  assertEquals([ordered(order, "a", [...given]).rests, ordered(order, "a", given).sorted === first.sorted], [0, true]);
  for (const edited of [given.toSpliced(30_000, 1), [...given, "x"], given.with(7, "w")]) {
    assertEquals(ordered(order, "a", edited).sorted, edited.toSorted());
  }
});

Deno.test("sorting rests for each 2,048 names, and merging too", () => {
  for (const [count, rests] of [[0, 0], [63, 0], [64, 1], [2_048, 1], [2_049, 3]] as const) {
    const names = Array.from({ length: count }, (_, index) => `n${String(index).padStart(5, "0")}`);
    assertEquals(ordered(openNameOrder(), "a", names), { sorted: names, rests });
  }
  // Every other name of each run is less: all are merged.
  const mixed = Array.from(
    { length: 4_096 },
    (_, at) => `n${String(at < 2_048 ? 2 * at : 2 * (at - 2_048) + 1).padStart(5, "0")}`,
  );
  assertEquals(ordered(openNameOrder(), "a", mixed), { sorted: mixed.toSorted(), rests: 3 });
});
