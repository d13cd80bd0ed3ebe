import { assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { conditionForm, matchesStrongly, matchesWeakly, readCondition } from "../../src/admin/entity_tag.ts";

const value = fc.stringMatching(/^[!#-~]{0,8}$/);
const tag = fc.record({ weak: fc.boolean(), value });
const gap = fc.constantFrom(",", ", ", " ,", "\t,\t", ", , ");

Deno.test("every list of entity tags is read as it was written", () => {
  fc.assert(fc.property(fc.array(tag, { minLength: 1, maxLength: 5 }), gap, (tags, between) => {
    const header = tags.map(({ weak, value }) => `${weak ? "W/" : ""}"${value}"`).join(between);
    assertEquals(readCondition(header), { kind: "tags", tags });
    assertEquals(readCondition(` ,${header}, `), { kind: "tags", tags });
  }));
});

Deno.test("a condition matches the tags that it names, a weak one only if that is enough", () => {
  fc.assert(fc.property(fc.array(tag, { minLength: 1, maxLength: 5 }), value, (tags, current) => {
    const condition = { kind: "tags", tags } as const;
    assertEquals(matchesWeakly(condition, current), tags.some(({ value }) => value === current));
    assertEquals(matchesStrongly(condition, current), tags.some(({ weak, value }) => !weak && value === current));
    assertEquals([matchesWeakly(condition, null), matchesStrongly(condition, null)], [false, false]);
  }));
});

Deno.test("any text is either a condition or none, and judged in time that grows only with its length", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => {
    const condition = readCondition(text);
    if (condition?.kind === "tags") assertEquals(condition.tags.length > 0, true);
  }));
  assertEquals(readCondition(`${" ,".repeat(100_000)}x`), null);
  assertEquals(readCondition(`"${"a".repeat(200_000)}`), null);
});

Deno.test("tags of a list have a comma between them, and nothing but blanks around", () => {
  const none = [
    '"a""b"',
    '"a" "b"',
    '"a"x',
    'x"a"',
    '"a',
    'a"',
    '"a" , b',
    'W/ "a"',
    'w/"a"',
    '"a\x7f"',
    '"a b"',
    "",
    ",",
  ];
  for (const text of none) assertEquals([text, readCondition(text)], [text, null]);
  for (const text of ['"!#~"', '"\x80\xff"', '""', '"a"\t,\t"b"', ',,"a"']) {
    assertEquals([text, readCondition(text)?.kind], [text, "tags"]);
  }
});

Deno.test("a star is valid only by itself", () => {
  for (const text of ["*", " * "]) assertEquals(readCondition(text), { kind: "any" });
  for (const text of ["*, *", '*, "a"', '"*', "**"]) assertEquals([text, readCondition(text)], [text, null]);
  assertEquals([matchesStrongly({ kind: "any" }, "a"), matchesWeakly({ kind: "any" }, null)], [true, false]);
});

Deno.test("the error for a condition that cannot be read names its header", () => {
  for (const header of ["If-Match", "If-None-Match"] as const) {
    const reported = conditionForm(header);
    assertEquals([reported.startsWith(`${header} must be`), reported.endsWith(`as in ${header}: "3f2a"`)], [
      true,
      true,
    ]);
  }
});
