import { assertEquals } from "@std/assert";
import { type Item, rewriteItem } from "../../../src/document/hcl/dialect.ts";
import { rewriteSource, scanSource } from "../../support/whole_scan.ts";

/** The rewritten text of each item. */
function rewritten(text: string): string[] {
  return scanSource(text).items.map((item: Item) => rewriteItem(text, item));
}

const REWRITES: [string, string, string][] = [
  ["a variable assigned", 'variable "x" = "v" # c', 'variable "x" {\ndefault = "v"\n}\n'],
  ["a variable assigned a list over lines", 'variable "x" = [1,\n 2]', 'variable "x" {\ndefault = [1,\n 2]\n}\n'],
  ["a variable assigned by its short name", 'var "x" = 1', 'variable "x" {\ndefault = 1\n}\n'],
  ["a block that is called var", 'var "x" {\n}', 'var "x" {\n}\n'],
  ["single quotes", `x = 'a "b" \\'c\\' \\n'`, `x = "a \\"b\\" 'c' \\n"\n`],
  ["single quotes around code", `x = 'a\${env:N}\${env("M")}'`, 'x = "a${env("N")}${env("M")}"\n'],
  ["single quotes in a call", `x = env('N', 'd')`, 'x = env("N", "d")\n'],
  ["single quotes around a label", "a 'b' {\n}", 'a "b" {\n}\n'],
  ["a string over lines", 'x = "a\n  b\r\nc" # d', 'x = "a\\n  b\\r\\nc"\n'],
  ["strings over lines in a list", `x = ["a\nb", 'c\nd']`, 'x = ["a\\nb", "c\\nd"]\n'],
  ["a list without commas", `x = ["a" 'b' service.c d\n  "d"]`, 'x = ["a", "b", service.c, d,\n  "d"]\n'],
  ["an environment reference in a string", 'x = "a${env:N}b"', 'x = "a${env("N")}b"\n'],
  ["an environment reference unquoted", "x = ${env:N}", 'x = env("N")\n'],
  ["an environment reference in a list", 'x = ["${env:N}"]', 'x = ["${env("N")}"]\n'],
  ["an environment reference in a heredoc", "x = <<E\n${env:N}\nE\n", 'x = <<E\n${env("N")}\nE\n'],
  ["an escaped environment reference", 'x = "$${env:N}"', 'x = "$${env:N}"\n'],
  ["a quoted attribute name", 'a {\n "n" = 1\n}', "a {\n n = 1\n}\n"],
  ["a quoted attribute name with a dot", 'a {\n "n.m" = 1\n}', "a {\n quoted__6e2e6d = 1\n}\n"],
  ["two attributes on a line", "a { x = 1 y = 2 }", "a { \nx = 1 \ny = 2 \n}\n"],
  ["two attributes with a comma", "a { x = 1, y = 2 }", "a { \nx = 1 \ny = 2 \n}\n"],
  ["attributes with commas at line ends", "a {\n x = 1,\n y = 2,\n}", "a {\n x = 1\n y = 2\n}\n"],
  ["a nested block and an attribute on a line", "a { b { x = 1 } y = 2 }", "a { \nb { \nx = 1 \n} \ny = 2 \n}\n"],
  ["an object without commas", "x = { a = 1 b = { c = 2 d = 3 } }", "x = { a = 1, b = { c = 2, d = 3 } }\n"],
  ["a block form inside an object", "x = { a { b = 1 } c = 2 }", "x = { a = { b = 1 }, c = 2 }\n"],
  ["a block form inside an object over lines", "x = {\n a {\n  b = 1\n }\n}", "x = {\n a = {\n  b = 1\n }\n}\n"],
  ["a quoted name of a nested block", 'a {\n "n" {\n }\n}', "a {\n n {\n }\n}\n"],
  ["an object with line ends", "x = {\n a = 1\n b = 2\n}", "x = {\n a = 1\n b = 2\n}\n"],
  [
    "a conditional beside another attribute",
    'a { x = b.c ? "d" : "e" y = 1 }',
    'a { \nx = b.c ? "d" : "e" \ny = 1 \n}\n',
  ],
];

for (const [what, text, expected] of REWRITES) {
  Deno.test(`rewrites ${what}`, () => assertEquals(rewritten(text), [expected]));
}

const LEFT: [string, string][] = [
  ["an open list before a setting", 'x = ["a"\n  b = 1\n'],
  ["an open list before a block", 'x = ["a"\n  b {\n }\n'],
  ["a string over lines with something behind it", 'x = "a\n  b = "c"\n'],
  ["a string over lines with a backslash at a line's end", 'x = "a\\\nb"\n'],
  ["an apostrophe in bare text", "x = it's\n"],
  ["a single quote that is not closed", "x = 'a\ny = 1\n"],
  ["a name in single quotes", "'x' = 1\n"],
  ["numbers without commas", "x = [1 2]\n"],
];

for (const [what, text] of LEFT) {
  Deno.test(`leaves ${what}`, () => {
    const { items } = scanSource(text);
    assertEquals(rewriteSource(text, items).trimEnd(), text.trimEnd());
  });
}

Deno.test("leaves text that is HCL already unchanged", () => {
  const text = 'a "b" {\n  x = "y" # c\n  c {\n    z = [1, { k = "v" }]\n  }\n}\n\n// end\n';
  const { items } = scanSource(text);
  assertEquals(rewriteSource(text, items), text + "\n");
});

Deno.test("gives two blocks on one line a line each", () => {
  assertEquals(rewritten("a { } b { }"), ["a { }\n", "\nb { }\n"]);
});

Deno.test("takes a line that is neither block nor attribute as a stray line, and goes on behind it", () => {
  const { items } = scanSource("x = 1\n} nonsense {\ny = 2\n");
  assertEquals(items.map((item) => item.kind), ["attribute", "stray", "attribute"]);
});

Deno.test("every character of a source belongs to an item or is blank or a comment", () => {
  const text = 'a { x = 1 } ]] b\nb "c" {\n # no\n}\n/* gap */ variable "v" = <<E\nq\nE\n\u0001';
  const { items } = scanSource(text);
  let at = 0;
  let gaps = "";
  for (const { range } of items) {
    gaps += text.slice(at, range.start);
    at = range.end;
  }
  assertEquals((gaps + text.slice(at)).replace(/\/\*.*?\*\/|\s/g, ""), "");
});

for (
  const [what, text] of [
    ["lists", "x = " + "[".repeat(201)],
    ["parentheses", "x = " + "(".repeat(201)],
    ["blocks", "a { ".repeat(201)],
    ["objects", "x = " + "{ a = ".repeat(201)],
    ["brackets on lines that are not understood", "a {\n" + "[\n".repeat(201)],
    ["interpolations", 'x = "' + '${"'.repeat(201)],
    ["brackets in an interpolation", 'x = "${' + "[".repeat(201) + '}"'],
    ["heredoc interpolations", "x = <<E\n" + "${[".repeat(201) + "\nE\n"],
  ] as const
) {
  Deno.test(`finds ${what} nested beyond the bound, at any place`, () => {
    assertEquals(scanSource(text).tooDeepAt === null, false);
  });
}

Deno.test("allows nesting up to the bound", () => {
  assertEquals(scanSource("x = " + "[".repeat(200) + "]".repeat(200)).tooDeepAt, null);
});

Deno.test("scans hostile sources without running away", () => {
  // A scan that ran away would take minutes at this size already.
  const size = 64 * 1024;
  for (
    const unit of [
      "/*",
      "${",
      '"',
      "<<E\n",
      "a = ",
      "[",
      "{",
      "}",
      "a { ",
      '"${env:',
      "x = [1",
      "[[1]+",
      "\r",
      "%{",
      "$",
      "'",
      "x = '${",
      "'${'",
      'x = "\n',
      "x = ['a' ",
      "x = [a\n",
    ]
  ) {
    const { items, tooDeepAt } = scanSource(unit.repeat(size / unit.length));
    assertEquals(items.length > 0 || tooDeepAt !== null, true, unit);
  }
  const nested = "x = " + "[".repeat(150) + "1,".repeat(size / 4) + "] + 1".repeat(150);
  assertEquals(scanSource(nested).items.length > 0, true);
});
