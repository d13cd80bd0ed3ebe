// The part of a line that is shown around a place, at the bounds of the width.
import { assertEquals } from "@std/assert";
import { codeLine } from "../../src/diagnostic/code_frame.ts";
import { sourceText } from "../../src/diagnostic/range.ts";

/** A line as a frame shows it, with the range as an underline. */
function framed(text: string, start: number, end = start + 1, line = 1): [text: string, indent: number, width: number] {
  const source = sourceText("a.hcl", text);
  const place = { file: "a.hcl", line, column: 1, range: { start, end } };
  const shown = codeLine(source, place, () => []);
  return [shown.text, shown.indent, shown.width];
}

Deno.test("a line of 160 columns is shown whole wherever the place is, and one of 161 around it", () => {
  const [whole, longer] = [`${"a".repeat(159)}b`, `${"a".repeat(160)}b`];
  assertEquals(framed(whole, 159), [whole, 159, 1]);
  assertEquals(framed(whole, 0), [whole, 0, 1]);
  assertEquals(framed(longer, 160), [`…${"a".repeat(60)}b`, 61, 1]);
  assertEquals(framed(longer, 0), [`${"a".repeat(160)}…`, 0, 1]);
  assertEquals(framed(longer, 161), [`…${"a".repeat(59)}b`, 61, 1]);
  assertEquals(framed(longer, 0, 161)[2], 161);
  assertEquals(framed(longer, 60), [`${"a".repeat(160)}…`, 60, 1]);
  assertEquals(framed(longer, 61), [`…${"a".repeat(159)}b`, 61, 1]);
});

Deno.test("text that is too far away to be shown becomes an ellipsis, even if the rest would fit", () => {
  const marks = "\u0301".repeat(2_000);
  assertEquals(framed(`a${marks}b`, 0), [`a${"\u0301".repeat(639)}…`, 0, 1]);
  assertEquals(framed(`a${marks}b`, 2_001), [`…${"\u0301".repeat(640)}b`, 1, 1]);
  const cut = `a${"\u0301".repeat(638)}`;
  assertEquals(framed(`${cut}😀b`, 0)[0], `${cut}\ufffd…`);
  assertEquals(framed(`a${marks}b`, 1_000)[0], `…${"\u0301".repeat(1_280)}…`);
});

Deno.test("a place out of its line is clamped to it, and one in no line to the text", () => {
  const text = "abc\ndef\nghi";
  assertEquals(framed(text, 0, 6, 2), ["def", 0, 2]);
  assertEquals(framed(text, 9, 10, 2), ["def", 3, 1]);
  assertEquals(framed(text, 4, 4, 2), ["def", 0, 1]);
  assertEquals(framed(text, 5, 9, 2), ["def", 1, 2]);
  assertEquals(framed(text, 0, 1, 0), ["abc", 0, 1]);
  assertEquals(framed(text, 8, 9, 4), ["ghi", 0, 1]);
  assertEquals(framed("", 0), ["", 0, 1]);
  assertEquals(framed("a漢b", 1, 1), ["a漢b", 1, 2]);
  assertEquals(framed("a😀b \t ", 3), ["a😀b", 3, 1]);
});

Deno.test("hidden text is masked with its own quotes, and with none that are not a pair", () => {
  const masked = (text: string, start: number, end: number) => {
    const place = { file: "a.hcl", line: 1, column: 1, range: { start: 0, end: 1 } };
    return codeLine(sourceText("a.hcl", text), place, () => [{ start, end }]).text;
  };
  assertEquals(masked('"a" b', 0, 3), '"********" b');
  assertEquals(masked("'a' b", 0, 3), "'********' b");
  assertEquals(masked('"" b', 0, 2), '"********" b');
  assertEquals(masked('" b', 0, 1), "******** b");
  assertEquals(masked('xx" b', 2, 3), "xx******** b");
  assertEquals(masked("\"a' b", 0, 3), "******** b");
  assertEquals(masked("xax b", 0, 3), "******** b");
});
