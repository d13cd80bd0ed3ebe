// Each character at a bound of the harmless ones, and how many columns it takes.
import { assertEquals } from "@std/assert";
import { glyphOf, jsonLine, terminalText } from "../../src/diagnostic/terminal_text.ts";

Deno.test("a character that could steer a terminal is written as a picture or a number, and any other unchanged", () => {
  const glyphs: readonly (readonly [code: number, text: string, columns: number])[] = [
    [0x00, "\u2400", 1],
    [0x08, "\u2408", 1],
    [0x09, "    ", 4],
    [0x0a, "\u240a", 1],
    [0x1f, "\u241f", 1],
    [0x20, " ", 1],
    [0x7e, "~", 1],
    [0x7f, "\u2421", 1],
    [0x80, "<U+0080>", 8],
    [0x9f, "<U+009F>", 8],
    [0xa0, "\u00a0", 1],
    [0xad, "<U+00AD>", 8],
    [0x200b, "<U+200B>", 8],
    [0x200d, "\u200d", 0],
    [0x202e, "<U+202E>", 8],
    [0x2028, "<U+2028>", 8],
    [0x2029, "<U+2029>", 8],
    [0x0378, "<U+0378>", 8],
    [0xd7fb, "\ud7fb", 1],
    [0xd800, "\ufffd", 1],
    [0xdfff, "\ufffd", 1],
    [0xe000, "<U+E000>", 8],
    [0xe0001, "<U+E0001>", 9],
    [0x10ffff, "<U+10FFFF>", 10],
  ];
  for (const [code, text, columns] of glyphs) {
    assertEquals(glyphOf(String.fromCodePoint(code)), { text, columns }, code.toString(16));
  }
  assertEquals(glyphOf(""), { text: "\u2400", columns: 1 });
});

Deno.test("marks take no column, and wide characters two, to the ends of their blocks", () => {
  const columns = (codes: readonly number[]) => codes.map((code) => glyphOf(String.fromCodePoint(code)).columns);
  const none = [0x300, 0x20dd, 0xfe00, 0xfe0f];
  assertEquals(columns(none), none.map(() => 0));
  const wide = [
    ...[0x1100, 0x115f, 0x2e80, 0x303e, 0x3041, 0x33ff, 0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xa000, 0xa4c6],
    ...[0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfad9, 0xfe30, 0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6],
    ...[0x1b000, 0x1b2fb, 0x20000, 0x3134a, 0x1f600, 0x231a],
  ];
  assertEquals(columns(wide), wide.map(() => 2));
  const narrow = [0x10ff, 0x1160, 0x303f, 0xa500, 0xa95f, 0xd7b0, 0xfdff, 0xfe70, 0xff61, 0xffe8, 0x23, 0x31, 0x231c];
  assertEquals(columns(narrow), narrow.map(() => 1));
});

Deno.test("a text is cut behind its longest length in characters, and not before", () => {
  assertEquals([terminalText("😀b", 2), terminalText("😀bc", 2)], ["😀b", "😀b…"]);
  assertEquals([terminalText("a".repeat(1_000)).length, terminalText("a".repeat(1_001))], [
    1_000,
    `${"a".repeat(1_000)}…`,
  ]);
  assertEquals(terminalText("a\n\x1b[1m"), "a␊␛[1m");
});

Deno.test("JSON escapes characters that could steer a terminal, in each of their units, and stays the same JSON", () => {
  const value = { a: "\x7f\x80\x9f\xa0~\u200b\u2028\u2029\u{e0001}é" };
  assertEquals(jsonLine(value), '{"a":"\\u007f\\u0080\\u009f\xa0~\\u200b\\u2028\\u2029\\udb40\\udc01é"}\n');
  assertEquals(JSON.parse(jsonLine(value)), value);
});
