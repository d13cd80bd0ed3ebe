import { assertEquals } from "@std/assert";
import { countChanges, describeChanges } from "../../src/config/changes.ts";

const described = (before: Record<string, unknown>, after: Record<string, unknown>) =>
  describeChanges(countChanges(before, after));

Deno.test("counts what came, went and is another now, part by part", () => {
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
  const unlooked = new Proxy({}, {
    ownKeys() {
      throw new Error("looked into");
    },
  });
  const layers = (title: string) => ({ a: unlooked, b: { title } });
  assertEquals(
    described({ layers: layers("x"), services: unlooked }, { layers: layers("y"), services: unlooked }),
    "layers ~1",
  );
});
