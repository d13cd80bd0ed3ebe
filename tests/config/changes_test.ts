import { assertEquals } from "@std/assert";
import { countChanges, describeChanges } from "../../src/config/changes.ts";

const described = (before: Record<string, unknown>, after: Record<string, unknown>) =>
  describeChanges(countChanges(before, after));

Deno.test("counts blocks that were added, removed and changed, part by part", () => {
  const before = { honua: { version: "1.0" }, layers: { a: { t: 1 }, b: { t: 2 }, c: { t: 3 } }, caches: { r: {} } };
  const after = { honua: { version: "1.1" }, layers: { a: { t: 1 }, b: { t: 9 }, d: {}, e: {} }, caches: { r: {} } };
  assertEquals(described(before, after), "honua ~1, layers +2 -1 ~1");
});

Deno.test("the order of members is no change, the order of a list is", () => {
  assertEquals(
    described({ layers: { a: { x: 1, y: { p: 1, q: 2 } } } }, { layers: { a: { y: { q: 2, p: 1 }, x: 1 } } }),
    "nothing",
  );
  assertEquals(described({ layers: { a: [1, 2] } }, { layers: { a: [2, 1] } }), "layers ~1");
});

Deno.test("a part with no entries of its own counts as one, and hostile names are names", () => {
  assertEquals(described({}, { logging: { level: "x" }, rateLimit: {} }), "logging +1, rateLimit +1");
  const hostile = JSON.parse('{ "layers": { "__proto__": { "t": 1 } } }');
  assertEquals(described({ layers: {} }, hostile), "layers +1");
});

Deno.test("a part that is the same object is not looked into, nor is an entry", () => {
  const unread = new Proxy({}, {
    ownKeys() {
      throw new Error("looked into");
    },
  });
  const layers = (title: string) => ({ a: unread, b: { title } });
  assertEquals(
    described({ layers: layers("x"), services: unread }, { layers: layers("y"), services: unread }),
    "layers ~1",
  );
});

Deno.test("a value is another if its kind, its length or one thing in it is", () => {
  const changed = (one: unknown, other: unknown) => described({ layers: { a: one } }, { layers: { a: other } });
  const same: [unknown, unknown][] = [[[], []], [{}, {}], [[{ x: [1] }], [{ x: [1] }]], [null, null], [{ x: null }, {
    x: null,
  }]];
  for (const [one, other] of same) assertEquals(changed(one, other), "nothing", JSON.stringify([one, other]));
  const others: [unknown, unknown][] = [
    ...[[null, {}], [{}, null], [[], {}], [{}, []], [[1], [1, 2]], [[1, 2], [1]], [1, "1"], [0, null], [false, 0]],
    ...[[{ x: 1 }, { x: 1, y: 1 }], [{ x: 1, y: 1 }, { x: 1 }], [{ x: 1 }, { y: 1 }], [[[1]], [[2]]], [[], ""], [
      {},
      "",
    ]],
    ...[[{ x: undefined }, { y: undefined }]],
  ] as [unknown, unknown][];
  for (const [one, other] of others) assertEquals(changed(one, other), "layers ~1", JSON.stringify([one, other]));
});

Deno.test("a part that comes or goes counts its entries, or as one if it has none of its own", () => {
  const layers = { a: {}, b: {} };
  assertEquals([described({}, { layers }), described({ layers }, {})], ["layers +2", "layers -2"]);
  assertEquals([described({}, { layers: {} }), described({ layers: {} }, {})], ["nothing", "nothing"]);
  assertEquals([described({}, { layers: 5 }), described({ layers: 5 }, {})], ["layers +1", "layers -1"]);
  assertEquals([described({ layers: 5 }, { layers: 6 }), described({ layers: [1] }, { layers: [1] })], [
    "layers ~1",
    "nothing",
  ]);
  assertEquals(described({ layers: null }, { layers: { a: {} } }), "layers +1 -1");
  const parts = ["dataSources", "services", "layers", "caches", "variables", "honua", "rateLimit"];
  const all = Object.fromEntries(parts.map((part) => [part, { x: 1, y: 2 }]));
  assertEquals(
    described({}, all),
    "dataSources +2, services +2, layers +2, caches +2, variables +2, honua +1, rateLimit +1",
  );
  assertEquals(described(all, { ...all, honua: { x: 1, y: 3 }, caches: { x: 1 } }), "caches -1, honua ~1");
  assertEquals(described({ toString: 1 }, {}), "toString -1");
});
