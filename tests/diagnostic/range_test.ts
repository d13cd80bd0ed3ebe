import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { countCodePoints, lineText, positionAt, sourceText } from "../../src/diagnostic/range.ts";

Deno.test("lines end at LF and CRLF, and columns count characters", () => {
  const source = sourceText("t", "a\r\n\tb😀c\n\n日x");
  const places = [0, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 99].map((at) => Object.values(positionAt(source, at)).join(":"));
  assertEquals(places, ["1:1", "1:3", "2:1", "2:2", "2:3", "2:4", "2:5", "3:1", "4:1", "4:2", "4:3", "4:3"]);
  assertEquals([1, 2, 3, 4, 5].map((line) => lineText(source, line)), ["a", "\tb😀c", "", "日x", ""]);
  assertEquals([0, 6].map((line) => lineText(source, line)), ["", ""]);
  assertEquals(positionAt(source, -1), { line: 1, column: 1 });
  assertEquals(lineText(sourceText("t", "a\r\r\nb\r"), 1), "a\r");
  assertEquals(lineText(sourceText("t", "a\r\r\nb\r"), 2), "b");
  assertEquals(sourceText("t", "\na\n\n").lineStarts, [0, 1, 3, 4]);
});

Deno.test("on a line of any length a column is the result of counting from its start, in any order of questions", () => {
  const piece = fc.constantFrom("a", "😀", "\u{103ff}", "\u{10fc00}", "é", "\t", "\ud800", "\udc00");
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(30_000), { maxLength: 20 }),
      (pieces, offsets) => {
        const text = "first\n" + pieces.join("").repeat(Math.ceil(20_000 / pieces.length));
        const source = sourceText("t", text);
        for (const offset of offsets) {
          const at = Math.max(6, Math.min(offset, text.length));
          assertEquals(positionAt(source, at), {
            line: 2,
            column: countCodePoints(text.slice(6, at)) + 1,
          });
        }
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a place in a line of many megabytes costs no walk along it", () => {
  const text = "x".repeat(16 * 1024 * 1024);
  const source = sourceText("t", text);
  for (let at = 0; at < text.length; at += 997) assertEquals(positionAt(source, at).column, at + 1);
});
