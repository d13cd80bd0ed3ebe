import { assert, assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { nearest } from "../../src/diagnostic/suggest.ts";

Deno.test("a name that differs only in case and separators is suggested before a closer spelling", () => {
  assertEquals(nearest("idField", ["id_fields", "id_field"]), "id_field");
  assertEquals(nearest("ID-FIELD", ["id_fold", "id_field"]), "id_field");
  assertEquals(nearest("healthcheck", ["health_check"]), "health_check");
});

Deno.test("a misspelt name is suggested, and of two as near the first", () => {
  assertEquals(nearest("odat", ["wfs", "odata"]), "odata");
  assertEquals(nearest("data_sorce", ["data_source", "description"]), "data_source");
  assertEquals(nearest("tpye", ["table", "type"]), "type");
  assertEquals(nearest("cat", ["bat", "hat"]), "bat");
});

Deno.test("a name that is far from all has no suggestion", () => {
  assertEquals(nearest("permissions", ["title", "table", "services"]), null);
  assertEquals(nearest("ab", ["ac"]), null);
  assertEquals(nearest("", ["a"]), null);
  assertEquals(nearest("title", []), null);
});

Deno.test("a name may be this many edits away as its length allows, and no more", () => {
  const cases: readonly (readonly [name: string, candidate: string, isNear: boolean])[] = [
    ["ab", "ac", false],
    ["ab", "abc", true],
    ["abc", "abd", true],
    ["abc", "ade", false],
    ["abcde", "abcdf", true],
    ["abcde", "abcfg", false],
    ["abcdef", "abcdgh", true],
    ["abcdef", "abcghi", false],
    ["abcdefghi", "abcdefxyz", true],
    ["abcdefgh", "abcdexyz", false],
    ["abcde", "abcdefgh", false],
    ["abcdef", "abcdefghi", true],
    // Two neighbours swapped are one edit, only if the rest is the same.
    ["abc", "acb", true],
    ["abc", "bac", true],
    ["axc", "yac", false],
    ["abcd", "acbx", false],
    ["abcd", "badc", false],
    ["a-b_c.d e", "abcde", true],
  ];
  for (const [name, candidate, isNear] of cases) {
    assertEquals(nearest(name, [candidate]), isNear ? candidate : null, `${name} ${candidate}`);
    assertEquals(nearest(candidate, [name]), isNear ? name : null, `${candidate} ${name}`);
  }
  assertEquals(nearest("abcdef", ["abcdxy", "abcdex", "abcdey"]), "abcdex");
  assertEquals(nearest("---", ["-"]), null);
});

Deno.test("a name is never its own suggestion, and hostile names are names", () => {
  assertEquals(nearest("title", ["title"]), null);
  assertEquals(nearest("__prot__", ["__proto__"]), "__proto__");
  assertEquals(nearest("constuctor", ["constructor"]), "constructor");
});

Deno.test("names over 64 characters and candidates after the first thousand are not looked at", () => {
  assertEquals(nearest(`${"a".repeat(63)}b`, ["a".repeat(64)]), "a".repeat(64));
  assertEquals(nearest("a".repeat(65), ["a".repeat(64)]), null);
  assertEquals(nearest("a".repeat(64), ["a".repeat(65)]), null);
  const many = Array.from({ length: 1_000 }, (_, index) => `zzzz${index}zzzz`);
  assertEquals(nearest("titel", [...many, "title"]), null);
  assertEquals(nearest("titel", [...many.slice(1), "title"]), "title");
});

Deno.test("a suggestion is one of the candidates", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), fc.array(fc.string({ unit: anyCharacter })), (name, candidates) => {
      const found = nearest(name, candidates);
      assert(found === null || (candidates.includes(found) && found !== name));
    }),
  );
});
