// hcl2json's complaints as diagnostics, from complaints as it would write them: the reported mistakes and their places.
import { assertEquals } from "@std/assert";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { diagnoseComplaint } from "../../../src/document/hcl/complaints.ts";
import { FILE_MARK } from "../../../src/document/hcl/hcl.ts";
import { scanSource } from "../../support/whole_scan.ts";

/** `line,column-column: summary` of hcl2json's; `^` in a detail means the mark of a file. */
function complaint(...mistakes: readonly string[]): string {
  return mistakes.map((one) => `${FILE_MARK}:${one.includes(";") ? one : `${one}; detail`}`.replaceAll("^", FILE_MARK))
    .join(", and ");
}

/** `line:column-line:column summary` of the diagnostics of a text's only item. */
function reported(text: string, ...mistakes: readonly string[]): string[] {
  const source = sourceText("t.hcl", text);
  const [item] = scanSource(text).items;
  return diagnoseComplaint(source, item!, complaint(...mistakes)).map(({ code, place, summary, other }) => {
    assertEquals(code, "document/syntax");
    const { range } = place!;
    return `${place!.line}:${place!.column} ${JSON.stringify(text.slice(range.start, range.end))} ${summary}` +
      (other ? `, ${other.place.line}:${other.place.column}` : "");
  });
}

Deno.test("a complaint that names no place is about the whole item", () => {
  const text = "a {\n}\n";
  const source = sourceText("t.hcl", text);
  const [one, ...more] = diagnoseComplaint(source, scanSource(text).items[0]!, "something else");
  assertEquals([one!.summary, one!.place?.range, more], ["This block cannot be read", { start: 0, end: 5 }, []]);
});

Deno.test("a place is counted in lines and characters as people see them, and found through the rewritten text", () => {
  const text = '\n\na { x = 1, y = "\u{1f469}\u200d\u{1f680}e\u0301" z }\n';
  // The item begins on the third line; rewritten, each of its settings has its own line.
  const operator = "An operator has no meaning here";
  assertEquals(reported(text, "2,1-2: Invalid operand"), [`3:5 "x" ${operator}`]);
  assertEquals(reported(text, "3,5-7: Invalid operand"), [`3:16 "\\"\u{1f469}\u200d\u{1f680}" ${operator}`]);
  assertEquals(reported(text, "3,7-9: Invalid operand").map((one) => one.replace(/^\S+ /, "")), [
    `"e\u0301\\"" ${operator}`,
  ]);
  assertEquals(reported(text, "4,1-2: Invalid operand").map((one) => one.replace(/^\S+ /, "")), [`"z" ${operator}`]);
  assertEquals(reported("a {\n  b\n}\n", "2,3-3,2: Unsupported operator"), [
    '2:3 "b\\n}" An operator has no meaning here',
  ]);
  assertEquals(reported("a {\n  b\n}\n", "9,1-9,2: Unsupported operator"), ['4:1 "" An operator has no meaning here']);
  assertEquals(reported("a {\n  b\n}\n", "2,3-2,1: Unsupported operator"), ['2:3 "" An operator has no meaning here']);
  assertEquals(reported("a {\n  b\n}\n", "2,9-2,10: Unsupported operator"), ['2:4 "" An operator has no meaning here']);
});

Deno.test("beyond column 10,000 a place is counted in units", () => {
  const wide = "e\u0301";
  const at = (column: number) => {
    const text = `a = "${wide.repeat(12_000)}" b\n`;
    return Number(/^1:(\d+)/.exec(reported(text, `1,${column}-${column + 1}: Unsupported operator`)[0]!)![1]);
  };
  assertEquals([at(10), at(10_000), at(10_001)], [14, 2 * 10_000 - 6, 10_001]);
});

Deno.test("one mistake is reported for a place, in the order of the places", () => {
  const text = "a {\n  b\n  c\n}\n";
  assertEquals(reported(text, "3,3-4: Unsupported operator", "2,3-4: Invalid operand", "3,3-4: Invalid operand"), [
    ...['2:3 "b" An operator has no meaning here', '3:3 "c" An operator has no meaning here'],
  ]);
});

Deno.test("of a thousand places of one item all are looked up, and of more only the first", () => {
  const text = `a {\n${"b\n".repeat(1_200)}}\n`;
  const many = (count: number) => Array.from({ length: count }, (_, at) => `${at + 2},1-2: Invalid operand`);
  assertEquals([reported(text, ...many(1_000)).length, reported(text, ...many(1_001)).length], [1_000, 1_000]);
});

Deno.test("strings that go on are reported once, and not behind another cause", () => {
  const open = "Invalid multi-line string";
  const text = 'a {\n  b = "x\n  c = "y\n  d = 1 1\n}\n';
  const first = '2:7 "\\"x" A string goes on over the end of its line';
  assertEquals(reported(text, `2,7-9: ${open}`, `3,7-9: ${open}`), [first]);
  const before = '2:3 "b" An operator has no meaning here';
  assertEquals(reported(text, "2,3-4: Invalid operand", `3,7-9: ${open}`), [before]);
  assertEquals(reported(text, `2,7-9: ${open}`, "4,9-10: Invalid operand").length, 2);
  const escape = '2:3 "b" A backslash in a string begins an escape that does not exist';
  assertEquals(reported(text, "2,3-4: Invalid escape sequence", `3,7-9: ${open}`).map((one) => one.slice(0, 20)), [
    ...[escape.slice(0, 20), '3:7 "\\"y" A string g'],
  ]);
});

Deno.test("a character that HCL does not know, or a directive, explains the other mistakes on its line, and on no other", () => {
  const text = "a {\n  b § c\n  d\n}\n";
  const character = '2:5 "§" A character that has no meaning here';
  assertEquals(reported(text, "2,3-4: Invalid operand", "2,5-6: Invalid character"), [character]);
  assertEquals(reported(text, "2,5-6: Invalid character", "2,7-8: Invalid operand", "3,3-4: Invalid operand"), [
    ...[character, '3:3 "d" An operator has no meaning here'],
  ]);
  assertEquals(reported(text, "2,5-6: Invalid character", "2,7-8: Invalid character").length, 2);
  assertEquals(reported(text, "2,3-4: Missing endif directive", "2,7-8: Invalid operand").length, 1);
  const atStart = "a {\n  b §\nd §\n}\n";
  assertEquals(reported(atStart, "3,1-2: Invalid operand", "3,3-4: Invalid character").length, 1);
  assertEquals(reported(atStart, "2,5-6: Invalid character", "3,1-2: Invalid operand").length, 2);
});

Deno.test("of a pair of escapes one half is reported", () => {
  const text = 'a = "\\ud83d\\ude00"\n';
  assertEquals(reported(text, "1,6-12: Invalid escape sequence", "1,12-18: Invalid escape sequence").length, 1);
  assertEquals(reported(text, "1,12-18: Invalid escape sequence").length, 1);
});

Deno.test("the lines of a text that was meant as a heredoc are no settings", () => {
  const text = 'a {\n  b = <<"E"\n  x\n  y\n}\n';
  assertEquals(reported(text, "2,7-9: Invalid expression", "3,3-4: Invalid operand").length, 1);
  assertEquals(
    reported(text, "2,3-4: Invalid operand", "2,7-9: Invalid expression", "3,3-4: Invalid operand").length,
    2,
  );
  const quoted = "a {\n  b = <<-'E'\n  x\n}\n";
  assertEquals(reported(quoted, "2,10-11: Invalid character", "3,3-4: Invalid operand").length, 1);
  assertEquals(reported(quoted.replace("-", ""), "2,9-10: Invalid character", "3,3-4: Invalid operand").length, 1);
  assertEquals(reported('<<"E" x\n', "1,1-3: Invalid expression", "1,7-8: Invalid operand").length, 1);
  const apart = "a {\n  b = << 1\n  x\n}\n";
  assertEquals(reported(apart, "2,10-11: Invalid operand", "3,3-4: Invalid operand").length, 2);
  const single = "a {\n  b = 'E'\n  x\n}\n";
  assertEquals(reported(single, "2,7-8: Invalid character", "3,3-4: Invalid operand").length, 2);
});

Deno.test("a heredoc that is never closed is reported at its marker, and an open string at its own place", () => {
  const text = "a {\n  b = <<E\n  x\n}\n";
  assertEquals(reported(text, "5,1-1: Unterminated template string"), ['2:7 "<<E" A heredoc is never closed']);
  assertEquals(reported(text, "2,3-4: Invalid operand"), ['2:3 "b" An operator has no meaning here']);
  assertEquals(reported('a {\n  b = "x\n}\n', "2,7-9: Unterminated template string"), [
    '2:7 "\\"x" A string is never closed',
  ]);
});

Deno.test("an interpolation that is never closed is reported at its own beginning", () => {
  const summary = "Unclosed template interpolation sequence";
  const text = 'a = "b ${ c"\n';
  assertEquals(reported(text, `1,6-8: ${summary}`), ['1:8 "${" A ${ in a string is never closed']);
  assertEquals(reported(text, `1,6-7: ${summary}`), ['1:6 "b" A ${ in a string is never closed']);
  assertEquals(reported(text, "1,6-8: Invalid operand"), ['1:6 "b " An operator has no meaning here']);
});

Deno.test("a repeated name is reported with the place of the first, of its own mistake only", () => {
  const text = "a {\n  b = 1\n  b = 2\n  c = 3\n}\n";
  const twice = "3,3-4: Attribute redefined; The argument b was already set at ^:2,3-8.";
  const summary = "A setting is given twice in one block";
  assertEquals(reported(text, twice), [`3:3 "b" ${summary}, 2:3`]);
  assertEquals(reported(text, "2,7-8: Invalid operand", twice), [
    '2:7 "1" An operator has no meaning here',
    `3:3 "b" ${summary}, 2:3`,
  ]);
  assertEquals(reported(text, twice, "4,3-4: Invalid operand"), [
    `3:3 "b" ${summary}, 2:3`,
    '4:3 "c" An operator has no meaning here',
  ]);
});
