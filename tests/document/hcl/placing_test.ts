// A meaning of hcl2json's combined with the result of the scanner, without hcl2json: which place, which text, which
// flaw.
import { assertEquals } from "@std/assert";
import { sourceText } from "../../../src/diagnostic/range.ts";
import type { Value } from "../../../src/document/document.ts";
import { diagnoseDuplicates } from "../../../src/document/hcl/duplicates.ts";
import type { HclJson } from "../../../src/document/hcl/hcl.ts";
import { placeItem } from "../../../src/document/hcl/placed_item.ts";
import type { PlacedItem } from "../../../src/document/hcl/placing.ts";
import { scanSource } from "../../support/whole_scan.ts";

/** The only item of a text, placed. */
function placed(text: string, meaning: HclJson): PlacedItem {
  const [item] = scanSource(text).items;
  return placeItem(text, item!, meaning);
}

/** A value with the text at its place. */
function shown(text: string, value: Value): unknown {
  const written = text.slice(value.range.start, value.range.end);
  if (value.kind === "literal") return [value.value, value.text, written];
  if (value.kind === "template") {
    return [`t:${value.text}`, value.codes.map(({ start, end }) => text.slice(start, end)), written];
  }
  if (value.kind === "list") return value.items.map((item) => shown(text, item));
  return Object.fromEntries(value.entries.map((entry) => [
    `${entry.name}@${text.slice(entry.nameRange.start, entry.nameRange.end)}`,
    shown(text, entry.value),
  ]));
}

/** The value of the only attribute `a` of a text, which is the same behind another item. */
function valueIn(text: string, json: HclJson): unknown[] {
  const view = (whole: string, { attributes, flaws }: PlacedItem) => [
    shown(whole, attributes[0]!.value),
    ...flaws.map(({ kind }) => kind),
  ];
  const value = view(text, placed(text, { a: json }));
  const behind = `"other-one" = ["\${env:A}" 'b' 'c']\n${text}`;
  assertEquals(view(behind, placeItem(behind, scanSource(behind).items[1]!, { a: json })), value);
  return value;
}

Deno.test("a number, a boolean and null are as written, for any result of hcl2json", () => {
  assertEquals(valueIn("a = 1.50", 1.5), [[1.5, "1.50", "1.50"]]);
  assertEquals(valueIn("a = - 2", -2), [[-2, "-2", "- 2"]]);
  assertEquals(valueIn("a = 1e400", null), [[Infinity, "1e400", "1e400"]]);
  assertEquals(valueIn("a = -1.5E+3", -1500), [[-1500, "-1.5E+3", "-1.5E+3"]]);
  assertEquals([valueIn("a = true", true), valueIn("a = false", false), valueIn("a = null", null)], [
    ...[[[true, undefined, "true"]], [[false, undefined, "false"]], [[null, undefined, "null"]]],
  ]);
});

Deno.test("an expression that hcl2json computed is code as it is written", () => {
  assertEquals(valueIn("a = !true", false), [["t:${!true}", ["!true"], "!true"]]);
  assertEquals(valueIn("a = 1 + 1", 2), [["t:${1 + 1}", ["1 + 1"], "1 + 1"]]);
  assertEquals(valueIn("a = 1 .x", 2), [["t:${1 .x}", ["1 .x"], "1 .x"]]);
  assertEquals(valueIn("a = var.b", "${var.b}"), [["t:${var.b}", ["var.b"], "var.b"]]);
  assertEquals(valueIn("a = ${env:B}", '${env("B")}'), [['t:${env("B")}', ["env:B"], "${env:B}"]]);
  assertEquals(valueIn('a = "${1}"', "1"), [["t:${1}", ["1"], '"${1}"']]);
  assertEquals(valueIn("a = nulls", "${nulls}"), [["t:${nulls}", ["nulls"], "nulls"]]);
});

Deno.test("a quoted template is its parts decoded, and hcl2json's own text if a directive is among them", () => {
  assertEquals(valueIn('a = "b\\n$${c}${d}%%{e}\\"f"', "x"), [
    ['t:b\n$${c}${d}%%{e}"f', ["d"], '"b\\n$${c}${d}%%{e}\\"f"'],
  ]);
  assertEquals(valueIn('a = "${b}e\u0301"', "x"), [["t:${b}\u00e9", ["b"], '"${b}e\u0301"']]);
  assertEquals(valueIn('a = "${b}${env:C}"', "x"), [['t:${b}${env("C")}', ["b", "env:C"], '"${b}${env:C}"']]);
  // An escape that makes a brace of a template is its escape.
  assertEquals(valueIn('a = "\\u0024{x}${b}"', "x"), [["t:$${x}${b}", ["b"], '"\\u0024{x}${b}"']]);
  assertEquals(valueIn('a = "%{ if b }${c}"', "%{ if b }${c}"), [["t:%{ if b }${c}", ["c"], '"%{ if b }${c}"']]);
  assertEquals(valueIn('a = "${c}%{ if b }"', "json"), [["t:json", ["c"], '"${c}%{ if b }"']]);
  assertEquals(valueIn('a = "%{ if b }"', "%{ if b }"), [["t:%{ if b }", [], '"%{ if b }"']]);
  assertEquals(valueIn('a = "b"', "b"), [["b", undefined, '"b"']]);
});

Deno.test("a heredoc is hcl2json's text, with the places of its code if any is left", () => {
  assertEquals(valueIn("a = <<E\n${b}\nE\n", "${b}\n"), [["t:${b}\n", ["b"], "<<E\n${b}\nE"]]);
  assertEquals(valueIn("a = <<E\nb\nE\n", "b\n"), [["b\n", undefined, "<<E\nb\nE"]]);
  assertEquals(valueIn("a = <<E\n${1}\nE\n", "1\n"), [["1\n", undefined, "<<E\n${1}\nE"]]);
  assertEquals(valueIn("a = <<E\r\nb\r\nE\r\n", "b\r\n"), [["b\r\n", undefined, "<<E\r\nb\r\nE"], "carriage-return"]);
  assertEquals(valueIn("a = <<E\r\nE\r\n", ""), [["", undefined, "<<E\r\nE"]]);
  assertEquals(valueIn('a = "\\r\\n"', "\r\n"), [["\r\n", undefined, '"\\r\\n"']]);
});

Deno.test("a number in code that hcl2json computed is a flaw if it is not exact, of heredocs only a lone one", () => {
  const long = "0.1234567890123456789";
  const flaws = (text: string, json: HclJson) => valueIn(text, json).slice(1);
  const heredoc = (code: string) => flaws(`a = <<E\n\${${code}}\nE\n`, "x\n");
  assertEquals(["1.50", "1.5 ~", `b(${long})`, `b${long}`, `"${long}"`, `b == "x" ? ${long} : 1`].map(heredoc), [
    ...[[], [], [], [], [], []],
  ]);
  for (const code of [long, ` ${long} /* b */ `, `# c\n${long}`, `// c\n${long}`, `~ ${long} ~`, `"b\${${long}}"`]) {
    assertEquals(heredoc(code), ["inexact-number"], code);
  }
  assertEquals([`1 /* ${long} */`, `"$\${${long}}"`, `"\\"${long}"`].map(heredoc), [[], [], []]);
  assertEquals(flaws(`a = "\${[1, ${long}]}"`, [1, 0.1]), ["inexact-number"]);
  assertEquals(flaws('a = "${[1, 1.50]}"', [1, 1.5]), []);
  assertEquals(flaws(`a = "\${b ? ${long} : 1}"`, "x"), []);
});

Deno.test("lists and objects have their parts at their places, or at that of the whole if the two do not match", () => {
  assertEquals(valueIn('a = ["b", 1]', ["b", 1]), [[["b", undefined, '"b"'], [1, "1", "1"]]]);
  assertEquals(valueIn('a = ["b", 1]', ["b"]), [[["b", undefined, '["b", 1]']]]);
  assertEquals(valueIn('a = ["b"]', ["b", "c"]), [[["b", undefined, '["b"]'], ["c", undefined, '["b"]']]]);
  assertEquals(valueIn("a = { b = 1, c = 2 }", { b: 1, c: 2 }), [{ "b@b": [1, "1", "1"], "c@c": [2, "2", "2"] }]);
  // Members that the scanner did not see come behind those that it saw, at the place of the object.
  assertEquals(valueIn('a = { c = "2" }', { b: "x", c: "2" }), [
    { "c@c": ["2", undefined, '"2"'], 'b@{ c = "2" }': ["x", undefined, '{ c = "2" }'] },
  ]);
  assertEquals(valueIn('a = { b = "1", c = "2" }', { b: "1" }), [{ "b@b": ["1", undefined, '"1"'] }]);
  assertEquals(valueIn("a = b", { c: "d" }), [{ "c@b": ["d", undefined, "b"] }]);
});

Deno.test("a name that is computed or a number respelled is a flaw", () => {
  assertEquals(valueIn("a = { (b) = 1, c = 2 }", { "${b}": 1, c: 2 }), [{ "c@c": [2, "2", "2"] }, "computed-name"]);
  assertEquals(valueIn("a = b", { "${c}": 1, "%{d}": 2, e: "3" }), [
    { "e@b": ["3", undefined, "b"] },
    ...["computed-name", "computed-name"],
  ]);
  assertEquals(valueIn("a = { 1e3 = 1 }", { 1000: "x" }), [
    { "1000@{ 1e3 = 1 }": ["x", undefined, "{ 1e3 = 1 }"] },
    "respelled-name",
  ]);
  assertEquals(valueIn("a = { 15 = 1 }", { 15: 1 }), [{ "15@15": [1, "1", "1"] }]);
  assertEquals(valueIn("a = { b = 1 }", {}), [{}]);
  // hcl2json normalises names in quotes.
  assertEquals(valueIn('a = { "e\u0301" = 1 }', { "\u00e9": 1 }), [{ '\u00e9@"e\u0301"': [1, "1", "1"] }]);
  assertEquals([valueIn("a = { toString = 1 }", {}), valueIn("a = { b1 = 1 }", {})], [[{}], [{}]]);
});

/** The body of the only block of a text. */
function bodyIn(text: string, meaning: HclJson): unknown {
  const { block } = placed(text, meaning);
  return [block!.type, ...block!.labels.map((label) => label.text), shown(text, block!.body)];
}

Deno.test("nested blocks are under their labels, those of one type together, and a repeated one twice", () => {
  const text = 'a "b" {\n c "x" {\n d = 1\n }\n c "y" "z" {\n d = 2\n }\n e {\n }\n}\n';
  const meaning = { a: { b: [{ c: { x: [{ d: 1 }], y: { z: [{ d: 2 }] } }, e: [{}] }] } };
  assertEquals(bodyIn(text, meaning), ["a", "b", {
    "c@c": { 'x@"x"': { "d@d": [1, "1", "1"] }, 'y@"y"': { 'z@"z"': { "d@d": [2, "2", "2"] } } },
    "e@e": {},
  }]);
  const twice = "a {\n c {\n d = 1\n }\n c {\n d = 2\n }\n}\n";
  const { block } = placed(twice, { a: [{ c: [{ d: 1 }, { d: 2 }] }] });
  assertEquals(block!.body.entries.map(({ name, value }) => [name, shown(twice, value)]), [
    ...[["c", { "d@d": [1, "1", "1"] }], ["c", { "d@d": [2, "2", "2"] }]],
  ]);
  const alike = 'a {\n x {\n d = 1\n }\n c "x" {\n d = 2\n }\n}\n';
  assertEquals(bodyIn(alike, { a: [{ x: [{ d: 1 }], c: { x: [{ d: 2 }] } }] }), ["a", {
    "x@x": { "d@d": [1, "1", "1"] },
    "c@c": { 'x@"x"': { "d@d": [2, "2", "2"] } },
  }]);
  const labelled = 'a {\n c "x" {\n d = 1\n }\n c "x" {\n d = 2\n }\n}\n';
  const inner = placed(labelled, { a: [{ c: { x: [{ d: 1 }, { d: 2 }] } }] }).block!.body.entries;
  assertEquals(inner.map(({ name }) => name), ["c"]);
  assertEquals(shown(labelled, inner[0]!.value), { 'x@"x"': { "d@d": [2, "2", "2"] } });
  assertEquals(inner[0]!.value.kind === "fields" && inner[0]!.value.entries.length, 2);
});

Deno.test("a block that hcl2json drops is kept without a body, and a label that it does not have leaves it out", () => {
  const { block, duplicates } = placed("a {\n b = 1\n b {\n c = 2\n }\n}\n", { a: [{ b: 1 }] });
  assertEquals(block!.body.entries.map(({ name, value }) => [name, value.kind]), [["b", "literal"], ["b", "fields"]]);
  assertEquals(duplicates.map(({ summary, path }) => [summary, path]), [
    ["b is given as a setting and as a block", "a.b"],
  ]);
  assertEquals(bodyIn('a {\n b "x" {\n }\n}\n', { a: [{ b: { y: [{}] } }] }), ["a", {}]);
  assertEquals(bodyIn('a {\n b "x" {\n }\n}\n', { a: [{ b: [{}] }] }), ["a", {}]);
  assertEquals(bodyIn("a {\n b = 1\n}\n", { a: [{}] }), ["a", {}]);
  assertEquals(placed('"x.y" = 1', { quoted__782e79: 1 }).attributes.map(({ name }) => name), ["x.y"]);
  assertEquals(bodyIn('a {\n "x.y" = 1\n}\n', { a: [{ quoted__782e79: 1 }] }), ["a", { 'x.y@"x.y"': [1, "1", "1"] }]);
});

Deno.test("an item is sound if it has neither flaws nor duplicates, and counts its labels", () => {
  const reported = (text: string, meaning: HclJson) => {
    const { isSound, labelCount } = placed(text, meaning);
    return [isSound, labelCount];
  };
  assertEquals(reported("a = 1", { a: 1 }), [true, -1]);
  assertEquals(reported("a {\n}\n", { a: [{}] }), [true, 0]);
  assertEquals(reported('a "b" "c" {\n}\n', { a: { b: { c: [{}] } } }), [true, 2]);
  assertEquals(reported("a = { (b) = 1 }", { a: { "${b}": 1 } }), [false, -1]);
  assertEquals(reported("a = { b = 1, b = 2 }", { a: { b: 2 } }), [false, -1]);
});

/** The duplicates of a document of items, each given as a text and its meaning. */
function duplicatesOf(items: readonly (readonly [text: string, meaning: HclJson])[], limit = 100): string[] {
  const source = sourceText("t.hcl", items.map(([text]) => text).join(""));
  const { items: scanned } = scanSource(source.text);
  const all = scanned.map((item, at) => placeItem(source.text, item, items[at]![1]));
  return diagnoseDuplicates(source, all, limit).map(({ code, path, summary, place, other }) =>
    `${code.replace("document/", "")} ${path} ${place!.line} ${other!.place.line}: ${summary}`
  );
}

Deno.test("a repeated name is reported with both places, and blocks that repeat are not", () => {
  assertEquals(duplicatesOf([["a = 1\n", { a: 1 }], ["a = 2\n", { a: 2 }], ["a = 3\n", { a: 3 }]]), [
    ...["duplicate a 2 1: Setting a is given twice", "duplicate a 3 1: Setting a is given twice"],
  ]);
  assertEquals(duplicatesOf([["a = { b = 1, b = 2 }\n", { a: { b: 2 } }]]), [
    "duplicate a.b 1 1: Setting b is given twice",
  ]);
  assertEquals(duplicatesOf([["a = { b = { x = 1 }, c = 1, c = 2 }\n", { a: { b: { x: 1 }, c: 2 } }]]), [
    ...["duplicate a.c 1 1: Setting c is given twice"],
  ]);
  assertEquals(
    duplicatesOf([["a = { b = { x = 1 }, b = { y = 2 } }\n", { a: { b: { y: 2 } } }]]).map((one) => one.slice(0, 17)),
    [
      ...["duplicate a.b 1 1"],
    ],
  );
  assertEquals(duplicatesOf([["a = [{ b = 1, b = 2 }]\n", { a: [{ b: 2 }] }]]).length, 1);
  assertEquals(duplicatesOf([["a {\n b {\n }\n b {\n }\n}\n", { a: [{ b: [{}, {}] }] }]]), []);
  assertEquals(duplicatesOf([["a {\n c {\n b = { x = 1, x = 2 }\n }\n}\n", { a: [{ c: [{ b: { x: 2 } }] }] }]]), [
    ...["duplicate a.c.b.x 3 3: Setting x is given twice"],
  ]);
  assertEquals(duplicatesOf([["a = 1\n", { a: 1 }], ["a {\n}\n", { a: [{}] }]]), [
    ...["duplicate a 2 1: a is given as a setting and as a block"],
  ]);
  assertEquals(duplicatesOf([["a {\n}\n", { a: [{}] }], ["a {\n}\n", { a: [{}] }], ["b = 1\n", { b: 1 }]]), []);
});

Deno.test("blocks with and without a label, or with more of them, are reported if the name does not distinguish them", () => {
  const none: readonly [string, HclJson] = ["c {\n}\n", { c: [{}] }];
  const a: readonly [string, HclJson] = ['c "a" {\n}\n', { c: { a: [{}] } }];
  const ab: readonly [string, HclJson] = ['c "a" "b" {\n}\n', { c: { a: { b: [{}] } } }];
  const bc: readonly [string, HclJson] = ['c "b" "c" {\n}\n', { c: { b: { c: [{}] } } }];
  const mixed = "is written with and without a label";
  assertEquals(duplicatesOf([none, a]), [`mixed-labels c 3 1: Block c ${mixed}`]);
  assertEquals(duplicatesOf([none, none, a]), [`mixed-labels c 5 1: Block c ${mixed}`]);
  assertEquals(duplicatesOf([a, none]), [`mixed-labels c 3 1: Block c ${mixed}`]);
  assertEquals(duplicatesOf([a, ab]), [`mixed-labels c.a 3 1: Block c.a ${mixed}`]);
  assertEquals([duplicatesOf([a, bc]), duplicatesOf([a, a]), duplicatesOf([none, none])], [[], [], []]);
});

Deno.test("no more duplicates are reported than asked for", () => {
  const many = Array.from({ length: 5 }, (): readonly [string, HclJson] => ["a = 1\n", { a: 1 }]);
  assertEquals([duplicatesOf(many, 3).length, duplicatesOf(many, 4).length, duplicatesOf(many, 9).length], [3, 4, 4]);
  const mixed = ['c "a" {\n}\n', "c {\n}\n", "c {\n}\n"].map((text, at): readonly [string, HclJson] => [
    text,
    at === 0 ? { c: { a: [{}] } } : { c: [{}] },
  ]);
  assertEquals([duplicatesOf(mixed, 1).length, duplicatesOf(mixed, 0).length], [1, 0]);
});

Deno.test("text that was inserted behind a value of an item, or in front of the item, is no part of the value", () => {
  const env = (name: string) => [`t:\${env("${name}")}`, [`env:${name}`], `"\${env:${name}}"`];
  assertEquals(
    valueIn('a = { b = "${env:B}" c = "${env:C}" "d" { e = "${env:E}" } }', {
      b: '${env("B")}',
      c: '${env("C")}',
      d: { e: '${env("E")}' },
    }),
    [{ "b@b": env("B"), "c@c": env("C"), 'd@"d"': { "e@e": env("E") } }],
  );
  assertEquals(valueIn('a = ["${env:B}" "${env:C}"]', ['${env("B")}', '${env("C")}']), [[env("B"), env("C")]]);
});

Deno.test("a name is found as it is written, or normalised as HCL does with strings", () => {
  const value = [1, "1", "1"];
  for (const name of ["e\u0301", '"e\u0301"']) {
    assertEquals(valueIn(`a = { ${name} = 1 }`, { "\u00e9": 1 }), [{ [`\u00e9@${name}`]: value }]);
  }
  assertEquals(valueIn("a = { e\u0301 = 1 }", { "e\u0301": 1 }), [{ "e\u0301@e\u0301": value }]);
  // A name that is not there has the place of its surroundings.
  assertEquals(valueIn("a = { b = 1 }", { c: "x" }), [{ "c@{ b = 1 }": ["x", undefined, "{ b = 1 }"] }]);
});
