// The order of members is that of sorting, whatever was known before; and groups are stable.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type MemberOrder, orderMembers } from "../../src/snapshot/member_order.ts";

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
      const order = orderMembers(given, last);
      assertOrder(order, given);
      assertEquals(order.groups, orderMembers(given, undefined).groups);
      last = order;
    }
  }));
});

Deno.test("property: small edits of many names are ordered as by sorting", () => {
  const edit = fc.record({ at: fc.nat(600), removed: fc.nat(3), added: fc.uniqueArray(name, { maxLength: 3 }) });
  fc.assert(fc.property(fc.array(edit, { maxLength: 20 }), (edits) => {
    let given = Array.from({ length: 600 }, (_, index) => `n${(index * 7919) % 2003}`);
    let last = orderMembers(given, undefined);
    for (const { at, removed, added } of edits) {
      const rest = given.toSpliced(at, removed);
      given = rest.toSpliced(at, 0, ...added.filter((one) => !rest.includes(one)));
      last = orderMembers(given, last);
      assertOrder(last, given);
    }
  }));
});

Deno.test("the same names in the same order are the same order, and nothing is made anew", () => {
  const order = orderMembers(["b", "a"], undefined);
  assertEquals(orderMembers(["b", "a"], order) === order, true);
});

Deno.test("one more name changes its own group alone", () => {
  const given = Array.from({ length: 10_000 }, (_, index) => `layer-${index}`);
  const groups = (order: MemberOrder) =>
    order.groups.map((start, index) => order.sorted.slice(start, order.groups[index + 1]).join());
  const before = orderMembers(given, undefined);
  assert(before.groups.length > 80 && before.groups.length < 320, `${before.groups.length} groups`);
  const known = new Set(groups(before));
  const after = groups(orderMembers([...given, "layer-5000-more"], before));
  assert(after.filter((group) => !known.has(group)).length <= 2);
});
