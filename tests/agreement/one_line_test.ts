import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { oneLine } from "../../src/agreement/one_line.ts";

Deno.test("any text becomes one bounded line without half a character", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.nat({ max: 20 }), (text, maxLength) => {
    const line = oneLine(text, maxLength);
    assert(line.length <= Math.max(1, maxLength) && line.isWellFormed(), JSON.stringify(line));
    assert(!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(line), JSON.stringify(line));
  }));
});

Deno.test("breaks and separators become spaces, a pair at the bound is left out, and nothing is a question mark", () => {
  assertEquals(oneLine("a\r\nb\u2028c\u2029d\u007f", 20), "a  b c d ");
  assertEquals(oneLine("a😀", 2), "a");
  assertEquals(oneLine("\ud800", 5), "?");
  assertEquals(oneLine("", 5), "?");
});
