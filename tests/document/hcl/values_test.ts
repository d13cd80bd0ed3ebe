// The end of a value, the places of its parts and the texts put into it, as the scanner sees it, without hcl2json.
import { assert, assertEquals } from "@std/assert";
import { openCursor } from "../../../src/document/hcl/cursor.ts";
import { rewriteItem, takeItem } from "../../../src/document/hcl/dialect.ts";
import type { Outline } from "../../../src/document/hcl/outline.ts";
import { scanSource } from "../../support/whole_scan.ts";

/** A value in short: the form and the text of an expression and of its codes; lists and objects as such. */
function shown(text: string, outline: Outline): unknown {
  const written = text.slice(outline.range.start, outline.range.end);
  if (outline.kind === "expression") {
    const codes = outline.codes.map(({ start, end }) => text.slice(start, end));
    return [outline.form, written, ...codes.filter((code) => code !== written)].join(" | ");
  }
  assert(/^(?:\[[^]*\]|\{[^]*\})$/.test(written), written);
  if (outline.kind === "list") return outline.items.map((item) => shown(text, item));
  return outline.entries.map(({ name, nameRange, value }) => [
    name ?? `(${text.slice(nameRange.start, nameRange.end)})`,
    shown(text, value),
  ]);
}

/** The value of `a`, and the text that hcl2json gets for it. The next line always begins an item. */
function taken(written: string): [value: unknown, rewritten: string] {
  const text = `a = ${written}\nz = 1`;
  const { items } = scanSource(text);
  assertEquals(items.slice(1).map(({ range }) => text.slice(range.start, range.end)), ["z = 1"], written);
  const rewritten = rewriteItem(text, items[0]!);
  return [shown(text, items[0]!.entry!.value), rewritten.slice(4, -1)];
}

/** A value, its kind, and its rewritten text if that differs. */
type Case = readonly [written: string, value: unknown, rewritten?: string];

function check(cases: readonly Case[]): void {
  for (const [written, value, rewritten = written] of cases) {
    assertEquals(taken(written), [value, rewritten], JSON.stringify(written));
  }
}

/** Values that are expressions as written. */
function bare(...values: readonly string[]): Case[] {
  return values.map((written) => [written, `bare | ${written}`]);
}

Deno.test("an object has its settings under their names, with the commas and = that it lacks", () => {
  check([
    ['{ a = 1, "b" : 2, 3 = c, 4.5 : d }', [["a", "bare | 1"], ["b", "bare | 2"], ["3", "bare | c"], [
      "4.5",
      "bare | d",
    ]]],
    ['{ a = 1 "b" = 2 c = "d" "e" = f }', [["a", "bare | 1"], ["b", "bare | 2"], ["c", 'quoted | "d"'], [
      "e",
      "bare | f",
    ]], '{ a = 1, "b" = 2, c = "d", "e" = f }'],
    ["{\n a = 1\n b = 2,\n c = 3 }", [["a", "bare | 1"], ["b", "bare | 2"], ["c", "bare | 3"]]],
    ["{ a = [b] c { d = {} } }", [["a", ["bare | b"]], ["c", [["d", []]]]], "{ a = [b], c = { d = {} } }"],
    ["{ for = 1, forx = 2 }", [["for", "bare | 1"], ["forx", "bare | 2"]]],
    ["{}", []],
  ]);
});

Deno.test("a computed name goes on to the = or : outside its brackets, on its line outside of them", () => {
  check([
    ["{ (a = b) = 1, c.d = 2, e[0] : 3 }", [["((a = b) )", "bare | 1"], ["(c.d )", "bare | 2"], [
      "(e[0] )",
      "bare | 3",
    ]]],
    ["{ (a,\n b) = 1, (c) = { d = 2 } }", [["((a,\n b) )", "bare | 1"], ["((c) )", [["d", "bare | 2"]]]]],
    ["{ a b = 1, c == 2 }", [["(a b )", "bare | 1"], ["(c =)", "bare | 2"]]],
    ['{ "b${c}" = 1 }', [['("b${c}")', "bare | 1"]]],
    ...bare("{ a.b\n = 1 }", "{ (a) }", "{ (a), b = 1 }"),
  ]);
});

Deno.test("a value that does not look like an object is an expression, with the commas that its settings lacked", () => {
  check([
    ...bare(
      "{ , a = 1 }",
      "{ a = 1, , b = 2 }",
      "{\n a = 1\n , b = 2 }",
      "{ a = , b = 1 }",
      "{ a =\n 1 }",
      "{ a\n = 1 }",
    ),
    ...bare(
      "{ a\n { b = 1 } }",
      "{ a => 1 }",
      "{ a = 1 }.a",
      "{ for\n a in b : a => a }",
      "{ for a in b : a => a }",
    ),
    ...bare("{ a = b, c $ }"),
    [
      "{ a = 1 b = ${env:C} d = 'e', , }",
      "bare | { a = 1 b = ${env:C} d = 'e', , }",
      '{ a = 1, b = env("C"), d = "e", , }',
    ],
    ["{ a { b = 1 }, , }", "bare | { a { b = 1 }, , }", "{ a = { b = 1 }, , }"],
    ["{ a = b ${env:C} }", "bare | { a = b ${env:C} }", '{ a = b, env("C") }'],
  ]);
});

Deno.test("nothing is inserted behind an expression for the parts that an object would have lacked there", () => {
  const text = "b { c =  {:%{<<E\n=${()\nE'y'2.5\n";
  const { items } = scanSource(text);
  assertEquals(items.map(({ edits }) => edits), [[{ at: 4, remove: 0, insert: "\n" }]]);
});

Deno.test("a list has its items, with the commas that it lacks before quotes and words", () => {
  check([
    ['[\n"a"\n,\nb.c # d\n]', ['quoted | "a"', "bare | b.c"]],
    [
      '["a" b.c\n d, [e f] "g"]',
      ['quoted | "a"', "bare | b.c", "bare | d", ["bare | e", "bare | f"], 'quoted | "g"'],
      '["a", b.c,\n d, [e, f], "g"]',
    ],
    ["[5m]", ["bare | 5m"]],
    ["[1 2]", ["bare | 1 2"]],
    ["[a 2]", ["bare | a 2"]],
    ['[a b\n"c"]', ["bare | a", "bare | b", 'quoted | "c"'], '[a, b,\n"c"]'],
    ['[a b "c"]', ["bare | a b", 'quoted | "c"'], '[a b, "c"]'],
    ...["a\n b = 1", "a b: 1", "a b { }"].map((item): Case => [`[${item}]`, [`bare | ${item}`]]),
    ["[15 m]", ["bare | 15", "bare | m"], "[15, m]"],
    ["[for, a]", ["bare | for", "bare | a"]],
    ["[a, for b in c : d]".replace(" in c : d", ""), ["bare | a", "bare | for b"]],
    ...bare(
      "[for\n a in b : a]",
      "[,]",
      "[a,, b]",
    ),
    ["[]", []],
    ["[a, ]", ["bare | a"]],
  ]);
});

Deno.test("an expression goes on to the operand that begins the next setting, over line ends in brackets only", () => {
  check([
    ["{ a = b c = 'd' }", [["a", "bare | b"], ["c", "quoted | 'd'"]], '{ a = b, c = "d" }'],
    ["{ a = 'b, d = 1 }", [["a", "bare | 'b"], ["d", "bare | 1"]]],
    ...bare("b ?{ c = 1 } : 2", "b $ c", "f(1,\n 2)", "(a\n<<E\n)", "it's", "(a)\t+ b"),
    ["<<E\n${b}\nE", "heredoc | <<E\n${b}\nE | b"],
    ["[<<E\nE\n, 1]", ["heredoc | <<E\nE", "bare | 1"]],
  ]);
  const items = (text: string) => scanSource(text).items.map(({ range }) => text.slice(range.start, range.end));
  for (const next of ['"c"', "1", "c", "${env:C}"]) assertEquals(items(`a = b ${next}\n`)[0], "a = b", next);
  for (const value of ["f(<<E\nx)\nE\n)", "f(<<E\n)\nE\n<<E\n)", "[<<E\nE\n+ 1]"]) {
    assertEquals(items(`a = ${value}\nz = 1`), [`a = ${value}`, "z = 1"], value);
  }
  assertEquals(scanSource(`a = ${"(1) + ".repeat(250)}1`).tooDeepAt, null);
});

Deno.test("the code of a bare reference to the environment is its name, of any other expression all of it", () => {
  check([
    ["${env:B}", "bare | ${env:B} | env:B", 'env("B")'],
    ["${env:B}.c", "bare | ${env:B}.c", 'env("B").c'],
    ["!${env:B}", "bare | !${env:B}", '!env("B")'],
    ["${env:B} ? ${env:C} : 1", "bare | ${env:B} ? ${env:C} : 1", 'env("B") ? env("C") : 1'],
  ]);
});

Deno.test("a string is whole on its line, or on a later one if it is set off there", () => {
  check([
    ['"b\nc" # d', 'quoted | "b\nc"', '"b\\nc"'],
    ['"x${env:B}\ny"', 'quoted | "x${env:B}\ny" | env:B', '"x${env("B")}\\ny"'],
  ]);
  const first = (text: string) => shown(text, scanSource(text).items[0]!.entry!.value);
  assertEquals([first('a = "x"'), first('a = { b = "x" }'), first('a = "x" # y')], [
    ...['quoted | "x"', [["b", 'quoted | "x"']], 'quoted | "x"'],
  ]);
  assertEquals(first('a = { b = "x" "c" = 1 }'), [["b", 'quoted | "x"'], ["c", "bare | 1"]]);
  assertEquals(first('a = "x\n b = "c"\n'), 'bare | "x');
});

/** How many units of a text's first item were scanned a second time, with this many allowed, and how far it looked. */
function costOf(text: string, budget: number): [rescanned: number, reach: number, value: unknown] {
  const cursor = openCursor(text);
  cursor.rescanBudget = budget;
  const { item, rescanned, reach } = takeItem(cursor, true);
  return [rescanned, reach, shown(text, item.entry!.value)];
}

Deno.test("text that is scanned a second time is counted, and not scanned again once the budget is spent", () => {
  assertEquals([-1, 0, 1].map((budget) => costOf("a = [b]", budget)[2]), ["bare | [b]", "bare | [b]", ["bare | b"]]);
  const text = 'abc = "x\ny" z "\nb = 1';
  const value = 'bare | "x';
  assertEquals([1, 2, 3, 99].map((budget) => costOf(text, budget)), [
    // The string on its line, as a value and again in an expression; …
    ...[[4, 9, value], [4, 9, value]] as [number, number, unknown][],
    // … and each time over lines, if anything is left for that.
    ...[[9, 16, value], [14, 16, value]] as [number, number, unknown][],
  ]);
  assertEquals(costOf("abc = [b] + c\nd = 1", 99), [3, 14, "bare | [b] + c"]);
});
