// The order of members is that of sorting, whatever was known before; and groups are stable.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type MemberOrder, orderMembers, sortNames } from "../../src/snapshot/member_order.ts";
import { atOnce } from "../../src/time/turns.ts";

function ordered(given: readonly string[], last?: MemberOrder): MemberOrder {
  return atOnce(orderMembers(given, last));
}

const name = fc.oneof(
  fc.constantFrom("__proto__", "", "10", "9", "100", "\u{1f600}", "\ufb33", "\ud800", "a", "aa", "\u20ac"),
  fc.integer({ min: 0, max: 2000 }).map((number) => `n${number}`),
);
const names = fc.uniqueArray(name, { maxLength: 400 });

function assertOrder(order: MemberOrder, given: readonly string[]): void {
  assertEquals(order.given, given);
  assertEquals(order.sorted, given.toSorted());
  assertEquals(order.groups[0], given.length === 0 ? undefined : 0);
  const ends = [...order.groups.slice(1), given.length];
  for (const [index, start] of order.groups.entries()) {
    assert(ends[index]! > start && ends[index]! - start <= 256, "a group is never empty nor boundless");
  }
}

Deno.test("property: names are ordered as by sorting, from nothing and from any order before", () => {
  fc.assert(fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), (many) => {
    let last: MemberOrder | undefined;
    for (const given of many) {
      const order = ordered(given, last);
      assertOrder(order, given);
      assertEquals(order.groups, ordered(given).groups);
      last = order;
    }
  }));
});

Deno.test("property: small edits of many names are ordered as by sorting", () => {
  const edit = fc.record({ at: fc.nat(600), removed: fc.nat(3), added: fc.uniqueArray(name, { maxLength: 3 }) });
  fc.assert(fc.property(fc.array(edit, { maxLength: 20 }), (edits) => {
    let given = Array.from({ length: 600 }, (_, index) => `n${(index * 7919) % 2003}`);
    let last = ordered(given);
    for (const { at, removed, added } of edits) {
      const rest = given.toSpliced(at, removed);
      given = rest.toSpliced(at, 0, ...added.filter((one) => !rest.includes(one)));
      last = ordered(given, last);
      assertOrder(last, given);
    }
  }));
});

Deno.test("the same names in the same order are the same order, and nothing is made anew", () => {
  const order = ordered(["b", "a"]);
  assertEquals(ordered(["b", "a"], order) === order, true);
});

Deno.test("one more name changes its own group alone", () => {
  const given = Array.from({ length: 10_000 }, (_, index) => `layer-${index}`);
  const groups = (order: MemberOrder) =>
    order.groups.map((start, index) => order.sorted.slice(start, order.groups[index + 1]).join());
  const before = ordered(given);
  assert(before.groups.length > 80 && before.groups.length < 320, `${before.groups.length} groups`);
  const known = new Set(groups(before));
  const after = groups(ordered([...given, "layer-5000-more"], before));
  assert(after.filter((group) => !known.has(group)).length <= 2);
});

Deno.test("names of which none begins a group are cut into groups of 256", () => {
  const { sorted, groups } = ordered(Array.from({ length: 1_000 }, (_, index) => `layer-${index}`));
  const others = sorted.filter((_, at) => !groups.includes(at));
  assert(others.length > 800, `${others.length} names`);
  // In whatever order they come, and also if they come one by one.
  assertEquals(ordered(others.slice(0, 514)).groups, [0, 256, 512]);
  let last: MemberOrder | undefined;
  for (let length = 254; length < 260; length++) last = ordered(others.slice(0, length), last);
  assertEquals(last?.groups, [0, 256]);
  assertEquals(ordered(others.slice(1, 259), last).groups, [0, 256]);
});

/** What came of the steps, and how often they could rest. */
function rested<T>(steps: Generator<void, T>): { value: T; rests: number } {
  let rests = 0;
  for (let step = steps.next();; step = steps.next()) {
    if (step.done) return { value: step.value, rests };
    rests++;
  }
}

Deno.test("many names are sorted in turns, and where one more or less came only the groups beside it are looked at", () => {
  const given = Array.from({ length: 60_000 }, (_, index) => `variable_${(index * 7919) % 60_013}`);
  const { value, rests } = rested(sortNames(given));
  assertEquals(value, given.toSorted());
  assert(rests > 60, `${rests} rests`);
  const before = ordered(given);
  assertOrder(before, given);
  const edits = [given.toSpliced(30_000, 1), [...given, "variable_x"], ["variable_", ...given], given.with(7, "w")];
  for (const edited of edits) {
    const after = rested(orderMembers(edited, before));
    assertOrder(after.value, edited);
    assertEquals(after.value.groups, ordered(edited).groups);
    assert(edited.includes("w") ? after.rests <= 31 : after.rests <= 1, `${after.rests} rests`);
  }
});

Deno.test("two hundred names that come or go are put in, and of more all are sorted", () => {
  const given = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
  const before = ordered(given);
  for (const [count, isPutIn] of [[200, true], [201, false]] as const) {
    const come = [...given, ...Array.from({ length: count }, (_, index) => `z${index}`)];
    for (const [edited, last] of [[come, before], [given, ordered(come)]] as const) {
      const after = rested(orderMembers(edited, last));
      assertOrder(after.value, edited);
      assertEquals(after.rests === 0, isPutIn, `${after.rests} rests for ${count}`);
    }
  }
});

Deno.test("sorting rests for each 2,048 names, and merging too", () => {
  for (const [count, rests] of [[0, 0], [1, 1], [2_048, 1], [2_049, 2], [4_096, 2]] as const) {
    const names = Array.from({ length: count }, (_, index) => `n${String(index).padStart(5, "0")}`);
    assertEquals(rested(sortNames(names)), { value: names, rests });
  }
  // Every other name of each run is less: all are merged.
  const mixed = Array.from(
    { length: 4_096 },
    (_, at) => `n${String(at < 2_048 ? 2 * at : 2 * (at - 2_048) + 1).padStart(5, "0")}`,
  );
  assertEquals(rested(sortNames(mixed)), { value: mixed.toSorted(), rests: 3 });
});

Deno.test("names that change their places alone leave the canonical order as it is", () => {
  const given = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
  const before = ordered(given);
  const after = ordered(given.with(3, "n8").with(8, "n3"), before);
  assertEquals(after.given.slice(3, 9), ["n8", "n4", "n5", "n6", "n7", "n3"]);
  assert(after.sorted === before.sorted && after.groups === before.groups);
});
