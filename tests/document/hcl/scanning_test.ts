// The ends of items, and the bounds of the nesting that the scanner follows: each at the bound and one beyond.
import { assert, assertEquals } from "@std/assert";
import {
  isOver,
  MAX_NESTING,
  MAX_VALUES,
  openCursor,
  skipBlanks,
  takeWord,
  toLineEnd,
} from "../../../src/document/hcl/cursor.ts";
import { goToItem, rewriteItem, takeItem } from "../../../src/document/hcl/dialect.ts";
import { rewriteSource, scanSource } from "../../support/whole_scan.ts";

/** The kind of each item, and its text. */
function itemsOf(text: string): string[] {
  return scanSource(text).items.map(({ kind, range: { start, end } }) => `${kind} ${text.slice(start, end)}`);
}

Deno.test("an item that is neither a block nor an attribute ends with its line, for any text on it", () => {
  const strays = [
    ...["x == 1", '"x" == 1', "x =", "\0x = 1", "\0", "}", "} x = 1", 'variable "a" "b" = 1', 'other "x" = 1', '"a'],
    ...[
      'variable "x" =',
      "= 1",
      ", a = 1",
      ")",
      ']] "a" }',
      "x.y = 1",
      'x "a',
      "1 = 2",
      '"x" y',
      "\r x = 1",
      '"x" "y" {',
    ],
    ...['] "${', "] '${"],
  ];
  for (const stray of strays) {
    assertEquals(itemsOf(`${stray}\ny = 2\n`), [`stray ${stray}`, "attribute y = 2"], JSON.stringify(stray));
  }
  assertEquals(itemsOf("] 1\r\ny = 2"), ["stray ] 1", "attribute y = 2"]);
  assertEquals(itemsOf("\r\r\ny = 2"), ["stray \r", "attribute y = 2"]);
});

Deno.test("a string that goes on over the end of a line that is not understood does not take the next line along", () => {
  assertEquals(itemsOf('] "${\n}" z\nb = 1\n'), ['stray ] "${', 'stray }" z', "attribute b = 1"]);
  assertEquals(itemsOf('] "${ 1 }" {\nb = 1\n'), ['stray ] "${ 1 }" {', "attribute b = 1"]);
  assertEquals(itemsOf('a {\n ] "}"\n}\nb = 1\n'), ['block a {\n ] "}"\n}', "attribute b = 1"]);
  assertEquals(itemsOf('a { . "}" }\nb = 1\n'), ['block a { . "}" }', "attribute b = 1"]);
  assertEquals(itemsOf('a { . "}"}\nb = 1\n'), ['block a { . "}"}', "attribute b = 1"]);
});

Deno.test("a variable is assigned with one label only, and a quoted name begins an attribute or a block", () => {
  assertEquals(itemsOf('variable = 1\nvariable "a" = 1\nvariable "b" {\n}\nvariable a = 1\n'), [
    ...["attribute variable = 1", 'block variable "a" = 1', 'block variable "b" {\n}', "block variable a = 1"],
  ]);
  assertEquals(itemsOf('a "x"\n"y" {\n}\nb "z\nc = 1'), [
    ...['stray a "x"', 'block "y" {\n}', 'stray b "z', "attribute c = 1"],
  ]);
  const assigned = `var "x" = ["a" 'b']`;
  const [item] = scanSource(assigned).items;
  assertEquals(rewriteItem(assigned, item!), 'variable "x" {\ndefault = ["a", "b"]\n}\n');
  const nested = 'a {\n variable "x" = 1\n b = 2\n}';
  assertEquals(
    rewriteItem(nested, scanSource(nested).items[0]!),
    'a {\n variable "x" {\ndefault = 1\n}\n b = 2\n}\n',
  );
  const body = item!.entry!.value;
  assertEquals(body.kind === "fields" && body.entries.map(({ name, value }) => [name, value.kind]), [
    ["default", "list"],
  ]);
  assertEquals(itemsOf('"a" = 1\n"b" {\n}\n"c" "d" {\n}\n'), [
    ...['attribute "a" = 1', 'block "b" {\n}', 'stray "c" "d" {', "stray }"],
  ]);
});

Deno.test("a bracket that closes nothing does not keep the block around it from its own end", () => {
  const blocks = [
    ...["a { x ) }", "a { x ] }", "a { x ) ] ) }", "a { b { x ) } }", "a { b { x ) ) } c { y ] } }", "a { ( x ) ) }"],
    ...["a {\n x )\n y }", "a {\n x )\n y ) }", "a {\n b {\n x ) )\n }\n y }", "a {\n x (\n y ) }"],
  ];
  for (const block of blocks) assertEquals(itemsOf(`${block}\nz = 1\n`), [`block ${block}`, "attribute z = 1"]);
});

Deno.test("a closing bracket that closes nothing leaves the block around it open to its own", () => {
  for (const line of ["x )", "x ]", "x [ ) )", "x ( ) )"]) {
    assertEquals(itemsOf(`a { b { ${line} } }\nc = 1`), [`block a { b { ${line} } }`, "attribute c = 1"], line);
    assertEquals(itemsOf(`a {\n${line}\n}\nc = 1`), [`block a {\n${line}\n}`, "attribute c = 1"], line);
  }
  for (const line of ["x { }", ". { } .", ". { [ } ]", ". { { } } .", ". ( { } )"]) {
    assertEquals(itemsOf(`a { b { ${line} } }\nc = 1`), [`block a { b { ${line} } }`, "attribute c = 1"], line);
    assertEquals(namesIn(`a { b { ${line} } d = 1 }`), ["b", "d"], line);
  }
});

/** The names in the body of a text's first item, which is a block. */
function namesIn(text: string): (string | null)[] {
  const value = scanSource(text).items[0]!.entry!.value;
  return value.kind === "fields" ? value.entries.map(({ name }) => name) : [];
}

Deno.test("a setting ends at the beginning of the next one on its line, for any value", () => {
  for (
    const value of [
      "0",
      "9",
      "90.5",
      "1e9",
      "a0",
      "z9",
      '"x"',
      "true",
      "[1]",
      "{ x = 1 }",
      "f(1)",
      "a.b",
      "1 + 9",
      "2 * 3",
      "a.*",
      "a.*.b",
      "a[*].b * 2",
      "(2)",
    ]
  ) {
    assertEquals(namesIn(`a { x = ${value} y = 1, z9 = ${value} }`), ["x", "y", "z9"], value);
  }
});

Deno.test("a quoted name that is an identifier is one without its quotes, and any other is written as its bytes", () => {
  const keyOf = (name: string) => rewriteItem(`"${name}" = 1`, scanSource(`"${name}" = 1`).items[0]!).slice(0, -5);
  assertEquals(["a", "_", "ab-1_Z", "\u00e4b", "a\u0301"].map(keyOf), ["a", "_", "ab-1_Z", "\u00e4b", "\u00e1"]);
  assertEquals(["", "1a", "a.b", "a..", ".a", "-a", "\\t", "\u20ac"].map(keyOf), [
    ...["", "3161", "612e62", "612e2e", "2e61", "2d61", "09", "e282ac"].map((bytes) => `quoted__${bytes}`),
  ]);
});

Deno.test("a block that is not closed ends with the text, and nothing is put in or counted there", () => {
  const taken = (text: string) => {
    const { item, count, length } = takeItem(openCursor(text), true);
    return [count, length - text.length, rewriteItem(text, item)];
  };
  assertEquals(taken("a { x = 1 # b"), [3, 0, "a { \nx = 1 # b\n"]);
  assertEquals(taken("a { x = 1 "), [3, 0, "a { \nx = 1 \n"]);
  assertEquals(taken("a {\n x = 1\n"), [3, 0, "a {\n x = 1\n\n"]);
  assertEquals(taken("a { "), [1, 0, "a { \n"]);
});

Deno.test("a comma ends a setting or a block also behind blanks, and belongs to it", () => {
  assertEquals(namesIn("a { x = 1 , y { } /* */ , z = 3 \t,\n}"), ["x", "y", "z"]);
  assertEquals(itemsOf("x = 1 , a { } , y = 2,\n, z = 3"), [
    ...["attribute x = 1 ,", "block a { } ,", "attribute y = 2,", "stray , z = 3"],
  ]);
});

Deno.test("a string, a list or an object is the whole value, or a part of an expression if something follows it", () => {
  const outline = (value: string) => {
    const found = scanSource(`x = ${value}\ny = 1\n`).items[0]!.entry!.value;
    return found.kind === "expression" ? found.form : found.kind;
  };
  assertEquals(['"a"', '"a" # b', '"a", ', "[1]", "{ a = 1 }", "<<E\nE", "1", "a.b"].map(outline), [
    ...["quoted", "quoted", "quoted", "list", "fields", "heredoc", "bare", "bare"],
  ]);
  for (
    const value of [
      '"a" == "b"',
      '"a" ? 1 : 2',
      '"a"[0]',
      "[1] + [2]",
      "[1][0]",
      "{ a = 1 }.a",
      "[for a in b : a]",
      "{ for a in b : a => a }",
      "[1 }]",
      "[,]",
      "[1,, 2]",
      '["a" )]',
    ]
  ) {
    assertEquals(outline(value), "bare", value);
  }
});

/** Texts that nest so deep, each in its own way. */
const NESTED: readonly (readonly [what: string, nest: (depth: number) => string])[] = [
  ["lists", (depth) => "x = " + "[".repeat(depth)],
  ["parentheses", (depth) => "x = " + "(".repeat(depth)],
  ["blocks", (depth) => "a { ".repeat(depth)],
  ["blocks behind settings", (depth) => "a { x = 1\n".repeat(depth)],
  ["objects", (depth) => "x = " + "{ a = ".repeat(depth)],
  ["brackets on lines that are not understood", (depth) => "a {\n" + "[\n".repeat(depth - 1)],
  ["interpolations", (depth) => 'x = "' + '${"'.repeat(depth)],
  ["brackets in an interpolation", (depth) => 'x = "${' + "[".repeat(depth - 1) + '}"'],
  ["interpolations of a heredoc", (depth) => "x = <<E\n" + '${"'.repeat(depth) + "\nE\n"],
  ["brackets in a computed name", (depth) => "x = { " + "(".repeat(depth - 1)],
  ["blocks with labels", (depth) => 'a "b" { '.repeat(depth)],
];

for (const [what, nest] of NESTED) {
  Deno.test(`${what} may be nested to the bound, and one deeper is reported at its place`, () => {
    assertEquals(MAX_NESTING, 200);
    const allowed = nest(MAX_NESTING);
    assertEquals(scanSource(allowed).tooDeepAt, null);
    const deeper = nest(MAX_NESTING + 1);
    const { tooDeepAt } = scanSource(deeper);
    assert(tooDeepAt !== null && tooDeepAt >= allowed.trimEnd().length - 7, `${tooDeepAt} of ${allowed.length}`);
    assert(tooDeepAt < deeper.length);
    // The text behind it does not change its place.
    assertEquals(scanSource(`${deeper}${" ".repeat(99)}\n`).tooDeepAt, tooDeepAt);
  });
}

Deno.test("brackets that are closed again do not count towards the nesting of the text behind them", () => {
  const many = (text: string) => text.repeat(MAX_NESTING + 50);
  for (
    const text of [
      ...[`a {\n${many("b {\n}\n")}}\n`, `x = [${many("[],")}]`, `x = [${many("{},")}]`, `x = [${many("(1),")}]`],
      ...[`x = "${many('${"a"}')}"`, `x = "${many("${[1]}")}"`, `x = { ${many("(a) = 1, ")} }`, many("a {\n}\n")],
      ...[
        `a {\n${many("x [\n]\n")}}\n`,
        `a {\n${many("x = [\n")}`,
        `a {\n${many("b {\n] }\n")}}\n`,
        `x = <<E\n${many("${a}")}\nE`,
      ],
      ...[`x = [${many('f("a"),')}]`, `x = { ${many("a = [1] + [2], ")} }`],
    ]
  ) {
    const isOpen = text.endsWith("[\n");
    assertEquals(scanSource(text).tooDeepAt === null, !isOpen, text.slice(0, 40));
  }
});

Deno.test("on a line that is not understood each bracket opens or closes one level, and none below the lowest", () => {
  const isTooDeep = (text: string) => scanSource(text).tooDeepAt !== null;
  for (const [before, closing, more] of [[0, 2, 200], [150, 1, 51], [150, 10, 60], [2, 5, 200]] as const) {
    const line = "[".repeat(before) + "]".repeat(closing) + "[".repeat(more);
    assertEquals([isTooDeep(line), isTooDeep(`${line}[`)], [false, true], `${before} ${closing} ${more}`);
  }
});

Deno.test("settings, values and stray lines are counted each: a million is read, and the next is reported at its place", () => {
  assertEquals(MAX_VALUES, 1_000_000);
  for (
    const [text, count, last] of [["x = [1, 2]", 4, "2]"], ["a {\n  ]\n  b = 1\n}", 4, "1\n}"], ["]", 1, "]"]] as const
  ) {
    for (
      const [before, tooManyAt] of [[MAX_VALUES - count, null], [MAX_VALUES - count + 1, text.length - last.length]]
    ) {
      const cursor = openCursor(text);
      cursor.count = before!;
      const taken = takeItem(cursor, true);
      assertEquals([cursor.tooManyAt, isOver(cursor)], [tooManyAt, tooManyAt !== null], text);
      // Beyond the bound it counts for nothing.
      if (!isOver(cursor)) assertEquals(taken.count, count);
    }
  }
});

Deno.test("a number is costly from five digits of its exponent on, unless it is exact, and the first is reported", () => {
  const costly = (text: string) => {
    const range = scanSource(text).costlyNumber;
    return range && text.slice(range.start, range.end);
  };
  assertEquals(["1e9999", "1e-9999", "1E+9999", "0e10000", "12345"].map((one) => costly(`x = ${one}`)), [
    ...[null, null, null, null, null],
  ]);
  assertEquals(["1e10000", "1e-10000", "1.5E+10000"].map((one) => costly(`x = ${one}`)), [
    ...["1e10000", "1e-10000", "1.5E+10000"],
  ]);
  assertEquals([costly("x = 9e10000"), costly("x = 0.9e10000"), costly("x = a9e10000")], [
    "9e10000",
    "0.9e10000",
    null,
  ]);
  assertEquals(costly("x = [1e10000, 2e10000]\ny = 3e10000"), "1e10000");
  assertEquals(costly('x = "${f(1e10000)}"'), "1e10000");
  assertEquals(costly('x = "1e10000"'), null);
});

Deno.test("a rewritten item ends its line, and a carriage return at its end is none", () => {
  const rewritten = (text: string) => scanSource(text).items.map((item) => rewriteItem(text, item));
  assertEquals(rewritten("x = 1"), ["x = 1\n"]);
  assertEquals(rewritten("x = 1\r\n"), ["x = 1\n"]);
  assertEquals(rewritten("y \r"), ["y \r \n"]);
  const source = "# a\na { x = 1, y = 2 } b = 'c'\n\nd = 1\n'\nvar \"e\" = '\r";
  assertEquals(
    rewriteSource(source, scanSource(source).items),
    '# a\na { \nx = 1 \ny = 2 \n} \nb = "c"\n\nd = 1\n\'\nvariable "e" {\ndefault = \'\r\n}\n',
  );
});

Deno.test("blanks are spaces, tabs and comments, and line ends if asked; crossed line ends are reported", () => {
  const skipped = (text: string, acrossLines: boolean) => {
    const cursor = openCursor(text);
    const crossed = skipBlanks(cursor, acrossLines);
    return [cursor.at, crossed];
  };
  assertEquals(skipped(" \tx", false), [2, false]);
  assertEquals(skipped(" \nx", false), [1, false]);
  assertEquals(skipped(" \r\nx", false), [1, false]);
  assertEquals(skipped(" \n\r\n x", true), [5, true]);
  assertEquals(skipped("\r x", true), [0, false]);
  assertEquals(skipped("# a\nx", false), [3, false]);
  assertEquals(skipped("// a\r\nx", false), [4, false]);
  assertEquals(skipped("// a\nx", true), [5, true]);
  assertEquals(skipped("/ x", true), [0, false]);
  assertEquals(skipped("/* a\n */x", true), [8, false]);
  assertEquals(skipped("/**/x", true), [4, false]);
  assertEquals(skipped("/*/x", true), [0, false]);
  assertEquals(skipped("/* a", true), [0, false]);
  assertEquals(skipped("/*a*//*b", true), [5, false]);
  assertEquals(skipped("/**/ /**/\t/**/x", false), [14, false]);
  assertEquals([skipped("/ a */x", true), skipped("x* */", true), skipped("x/ */", true)], [
    ...[[0, false], [0, false], [0, false]],
  ]);
  assertEquals(skipped("# a", true), [3, false]);
  assertEquals(skipped("\u00a0x", true), [0, false]);
});

Deno.test("the end of a line is before its LF or CRLF, and never before the cursor", () => {
  const moved = (text: string, at = 0) => {
    const cursor = openCursor(text);
    cursor.at = at;
    toLineEnd(cursor);
    return cursor.at;
  };
  assertEquals([moved("ab\nc"), moved("ab\r\nc"), moved("ab\r"), moved("ab"), moved("")], [2, 2, 3, 2, 0]);
  assertEquals([moved("a\r\n", 2), moved("a\r\n", 1), moved("\r\n", 1), moved("\n")], [2, 1, 1, 0]);
});

Deno.test("a word is an identifier of HCL, of any letters", () => {
  const taken = (text: string) => {
    const cursor = openCursor(text);
    const word = takeWord(cursor);
    assertEquals(cursor.at, word.length);
    return word;
  };
  assertEquals(["a09-Z_z", "AZaz09", "A@", "a[", "a`", "a{", "a/", "a:"].map(taken), [
    ...["a09-Z_z", "AZaz09", "A", "a", "a", "a", "a", "a"],
  ]);
  assertEquals(["abc d", "a-1_B.x", "_a", "Zz9", "zZ", "-a", "1a", "", "(a"].map(taken), [
    ...["abc", "a-1_B", "_a", "Zz9", "zZ", "", "", "", ""],
  ]);
  assertEquals(["\u00e4b-1 x", "a\u00e4\u0301x y", "\u0301a", "a\u00a0b", "\u{10400}a", "\u{1f600}"].map(taken), [
    ...["\u00e4b-1", "a\u00e4\u0301x", "", "a", "\u{10400}a", ""],
  ]);
});

Deno.test("an item of a list is whole even if its comma or the end of the list is on another line", () => {
  const forms = (text: string) => {
    const value = scanSource(text).items[0]!.entry!.value;
    return value.kind === "list" ? value.items.map((item) => item.kind === "expression" ? item.form : item.kind) : null;
  };
  assertEquals(forms(`x = ["a"\n, 'b' # b\n, [1]\n\n, { c = 1 }\n]\n`), ["quoted", "quoted", "list", "fields"]);
  const [, , next] = scanSource('x = "a"\n\n\n(y\nz = 1\n').items;
  assertEquals(next?.entry?.name, "z");
  assertEquals(itemsOf('x = "a"\n+ 1\n'), ['attribute x = "a"', "stray + 1"]);
});

Deno.test("an expression goes on over line ends inside its brackets, and only there", () => {
  for (
    const value of ["(1 +\n 2)", "f(\n1,\n2\n)", "a[\n0\n].b", "(\n(1\n)\n)", "[(1\n), 2] + [\n3]", "{ a = (\n1) }"]
  ) {
    assertEquals(itemsOf(`x = ${value}\ny = 1\n`), [`attribute x = ${value}`, "attribute y = 1"], value);
  }
  assertEquals(itemsOf("x = (1)\n+ 2\ny = 1\n"), ["attribute x = (1)", "stray + 2", "attribute y = 1"]);
});

Deno.test("each item says on which text it depends: the lines that were looked at, and whether it begins one", () => {
  const taken = (text: string) => {
    const cursor = openCursor(text);
    const found: [at: number, reach: number, isFresh: boolean, count: number, rescanned: number][] = [];
    for (;;) {
      const isFresh = goToItem(cursor, found.length === 0);
      if (isFresh === null) return found;
      const { anchor, reach, count, rescanned, length } = takeItem(cursor, isFresh);
      assertEquals(anchor.at + length, cursor.at);
      found.push([anchor.at, reach, isFresh, count, rescanned]);
    }
  };
  assertEquals(taken("a { } b = 1, c = 2\n\nd = 3\n"), [
    ...[[0, 19, true, 1, 0], [6, 13, false, 2, 0], [13, 6, false, 2, 0], [20, 6, true, 2, 0]],
  ]);
  // The end of a string was looked for in all that follows; the next item depends on its own line only.
  assertEquals(taken('x = "a\ny = 1\nz = 2'), [
    ...[[0, Infinity, true, 2, 32], [7, 6, true, 2, 0], [13, Infinity, true, 2, 0]],
  ]);
  assertEquals(taken('] "a" "b\nc = 1\n'), [[0, 9, true, 1, 0], [9, 6, true, 2, 0]]);
  assertEquals(taken('] "${\n}" z\n')[0], [0, 11, true, 1, 0]);
  assertEquals(taken("x = 1 /* */ y = 2\nz = [\n1"), [
    ...[[0, 18, true, 2, 0], [12, 6, false, 2, 0], [18, Infinity, true, 4, 3]],
  ]);
  assertEquals(taken('x = 1 /* "\ny = 1\n'), [[0, Infinity, true, 2, 9], [11, 6, true, 2, 0]]);
});

Deno.test("all places of an item move with it", () => {
  const text = 'a "b" {\n  c = [1, "${d}"]\n  var "e" = 1\n  "f" = <<E\n${g}\nE\n}\n';
  const places = (part: unknown): number[] => {
    if (part === null || typeof part !== "object") return [];
    if ("start" in part && "end" in part) return [part.start as number, part.end as number];
    return Object.values(part).flatMap(places);
  };
  const { item, anchor } = takeItem(openCursor(text), true);
  const before = places([item.range, item.entry]);
  anchor.at += 100;
  assertEquals(places([item.range, item.entry]), before.map((at) => at + 100));
  assertEquals(before.length, 38);
});
