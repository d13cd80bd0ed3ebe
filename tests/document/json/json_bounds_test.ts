// The bounds of the JSON form, each at the bound and one beyond, and the parts that are read again near them.
import { assert, assertEquals } from "@std/assert";
import { type Range, sourceText } from "../../../src/diagnostic/range.ts";
import type { Value } from "../../../src/document/document.ts";
import { openMemberReading, readTree, type Tree } from "../../../src/document/json/json_tree.ts";
import { openJsonReader, parseJsonDocument } from "../../../src/document/json/json_document.ts";
import { openJsonMemory, readJson } from "../../../src/document/json/json_syntax.ts";
import { openPace } from "../../../src/time/pace.ts";
import { atOnce } from "../../../src/time/turns.ts";
import { asText } from "../../support/rereading.ts";

const UNBOUNDED = { maxMistakes: Infinity, maxNesting: Infinity, maxCommas: Infinity };

function read(text: string, bounds: Partial<typeof UNBOUNDED> = {}): Tree {
  return atOnce(readTree(text, { members: openMemberReading(() => null, null), ...UNBOUNDED, ...bounds }));
}

Deno.test("a tree has as many commas and levels as are allowed, and with one more there is none", () => {
  for (const text of ["[1,2,3]", '{"a":1,"b":2,"c":[]}', "[1,2,3,]", '[[1,2],[3,"a,b"]]']) {
    const { commas } = read(text);
    assertEquals(read(text, { maxCommas: commas }).root !== null, true, text);
    assertEquals(read(text, { maxCommas: commas - 1 }).root, null, text);
  }
  assertEquals([read("[1,2,3]").commas, read("[1,2,3,]").commas, read("[]").commas], [2, 3, 0]);
  for (const [text, depth] of [["[[1]]", 2], ['{"a":{"b":[]}}', 3], ["[[],[],[]]", 2], ["1", 0]] as const) {
    assertEquals(read(text, { maxNesting: depth }).root !== null, true, text);
    if (depth > 0) assertEquals(read(text, { maxNesting: depth - 1 }).root, null, text);
  }
});

Deno.test("as many mistakes are reported as are asked for, one for a line, and with one asked for reading ends there", () => {
  const text = "[1 2 3,\n4 5,\n6 7]";
  const lines = (maxMistakes: number) =>
    read(text, { maxMistakes }).mistakes.map(({ range: { start } }) => text.slice(0, start).split("\n").length);
  assertEquals([lines(9), lines(3), lines(2), lines(1)], [[1, 2, 3], [1, 2, 3], [1, 2], [1]]);
  assertEquals(read("[1 2]\n5", { maxMistakes: 1 }).mistakes.map(({ code }) => code), ["CommaExpected"]);
  assertEquals(read("[1]\n5").mistakes.map(({ code }) => code), ["EndOfFileExpected"]);
  assertEquals(read("[1]\n5").root?.kind, "list");
});

Deno.test("the value is the first one, of any kind", () => {
  const value = (text: string) => {
    const { root } = read(text);
    return root?.kind === "literal" ? root.value : root?.kind ?? null;
  };
  assertEquals(['"a"', "1", "true", "false", "null", "[]", "{}", ""].map(value), [
    ...["a", 1, true, false, null, "list", "fields", null],
  ]);
  assertEquals([value("true false"), value('1 {"a":1}'), value("[] {}")], [true, 1, "list"]);
});

/** The place of each entry and value of an object, as text. */
function placesIn(text: string): string[] {
  const { root } = read(text);
  assert(root?.kind === "fields");
  const at = ({ start, end }: Range) => text.slice(start, end);
  return root.entries.map(({ nameRange, value }) => `${at(nameRange)} ${at(value.range)}`);
}

Deno.test("names and values have their own places, of a value that is never closed to the end of the text", () => {
  assertEquals(placesIn('{"a": [1, {"b": 2}], "c": "d", "e": -1.5 , "f": {}}'), [
    ...['"a" [1, {"b": 2}]', '"c" "d"', '"e" -1.5', '"f" {}'],
  ]);
  assertEquals(placesIn('{"a": [1'), ['"a" [1']);
});

/** The code and the place of the mistake in a text; null: none. */
function wrong(text: string): unknown {
  const result = readJson(sourceText("a.json", text));
  return result.ok
    ? null
    : result.diagnostics.map(({ code, place }) => [code.replace("document/", ""), place!.range.start]);
}

Deno.test("a file may nest two hundred deep, and brackets in strings and comments do not count", () => {
  const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
  assertEquals(wrong(nested(200, "[", "]")), null);
  assertEquals(wrong(nested(201, "[", "]")), [["too-deep", 200]]);
  assertEquals(wrong(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`), null);
  assertEquals(wrong(`${'{"a":'.repeat(201)}1${"}".repeat(201)}`), [["too-deep", 1_000]]);
  for (
    const passed of [
      '"[[["',
      '"\\"[["',
      "/* [[[ */",
      "// [[[\n",
      "// [[[\r",
      '"\\\\"',
      "/* [/ */",
      "/**/",
      "/*x*//* [[[ */",
    ]
  ) {
    const isComment = passed.startsWith("/");
    const text = `[${isComment ? `${passed} 1` : passed},${nested(199, "[", "]")}]`;
    assertEquals(wrong(text), null, passed);
    assertEquals(wrong(`[${isComment ? `${passed} 1` : passed},${nested(200, "[", "]")}]`), [
      ["too-deep", text.length - 2 * 199 + 198],
    ], passed);
  }
  assertEquals(wrong(`/**/${nested(201, "[", "]")}`), [["too-deep", 204]]);
  // A comment that is not closed ends with the text, and a string with its line.
  assertEquals(wrong(`/* ${nested(201, "[", "]")}`), [["json-syntax", 0]]);
  assertEquals((wrong(`["a\n${nested(200, "[", "]")}]`) as unknown[][])[0]![0], "too-deep");
  assertEquals((wrong(`["a\r${nested(200, "[", "]")}]`) as unknown[][])[0]![0], "too-deep");
  // A bracket that closes nothing opens nothing either.
  assertEquals((wrong(`]}${nested(201, "[", "]")}`) as unknown[][])[0]![0], "too-deep");
  assertEquals((wrong(`[}${nested(200, "[", "]")}]`) as unknown[][])[0]![0], "too-deep");
  assertEquals((wrong(`[1*${nested(200, "[", "]")}]`) as unknown[][])[0]![0], "too-deep");
  assertEquals((wrong(`[1/${nested(200, "[", "]")}]`) as unknown[][])[0]![0], "too-deep");
  assertEquals((wrong(`[/**//${nested(200, "[", "]")}]`) as unknown[][])[0]![0], "too-deep");
  // Closed values do not count.
  assertEquals(wrong(`[${'{"a":[]},'.repeat(200)}1]`), null);
});

Deno.test("a file may have a million values, and the comma before the next is reported", () => {
  const list = (commas: number) => `[${"1,".repeat(commas)}1]`;
  assertEquals(wrong(list(999_999)), null);
  assertEquals(wrong(list(1_000_000)), [["too-many-values", 2_000_000]]);
});

Deno.test("remembered values count towards the million with the new ones, and beyond it the whole is read again", () => {
  const text = (first: number, second: number) => `{"a":[${"1,".repeat(first)}1],"b":[${"1,".repeat(second)}1]}`;
  // 600,000 commas of the first text are counted on, though some of them are gone.
  for (const [second, scanned] of [[399_897, 1], [399_898, 2]] as const) {
    const memory = openJsonMemory(() => null);
    const read = (text: string) => atOnce(memory.read(sourceText("a.json", text))).ok;
    assertEquals([read(text(600_000, 100)), read(text(600_000, second))], [true, true]);
    assertEquals(memory.work.scanned, scanned);
  }
});

Deno.test("twenty mistakes are reported of a document, and none beyond", () => {
  const reported = (count: number) => {
    const twice = Array.from({ length: count }, (_, at) => `"k${at}":1,"k${at}":2`).join(",");
    const result = parseJsonDocument(sourceText("a.json", `{"x":{${twice}}}`));
    assert(result.ok);
    return result.document.mistakes.length;
  };
  assertEquals([reported(19), reported(20), reported(21), reported(40)], [19, 20, 20, 20]);
  const lines = (count: number) => (wrong(`{\n${"x\n".repeat(count)}}`) as unknown[]).length;
  assertEquals([lines(19), lines(20), lines(21)], [19, 20, 20]);
});

Deno.test("a name of more than 64 characters is cut in a report", () => {
  const reported = (length: number) => {
    const name = "n".repeat(length);
    const result = parseJsonDocument(sourceText("a.json", `{"x":{"${name}":1,"${name}":2}}`));
    assert(result.ok);
    return result.document.mistakes[0]!.summary;
  };
  assertEquals(reported(64), `"${"n".repeat(64)}" occurs twice in the same object`);
  assertEquals(reported(65), `"${"n".repeat(64)}…" occurs twice in the same object`);
});

Deno.test("names inside a list are known by the list's own shape, in any case, and in a nested list too", () => {
  const names = (text: string) => {
    const result = parseJsonDocument(sourceText("a.json", text));
    assert(result.ok);
    const namesOf = (value: Value): unknown => {
      if (value.kind === "list") return value.items.map(namesOf);
      if (value.kind !== "fields") return "";
      return Object.fromEntries(
        value.entries.map((entry) => [`${entry.name} ${entry.role ?? ""}`.trim(), namesOf(entry.value)]),
      );
    };
    return namesOf(result.document.blocks[0]!.body);
  };
  assertEquals(names('{"layers":{"l":{"FIELDS":[{"Name":"a","TYPE":"int","Other":1}]}}}'), {
    fields: [{ name: "", type: "", "Other unknown": "" }],
  });
  assertEquals(names('{"honua":{"CORS":[{"AllowAnyOrigin":true}]}}'), { cors: [{ allow_any_origin: "" }] });
  assertEquals(names('{"rateLimit":{"rules":{"R":{"Requests":1,"x":2}}}}'), {
    rules: { R: { requests: "", "x unknown": "" } },
  });
  assertEquals(names('{"services":{"s":{"Type":"t","settings":{"Type":1,"A":{"Type":2}},"b":3}}}'), {
    type: "",
    "Type setting": "",
    "A setting": { Type: "" },
    "b unknown": "",
  });
});

Deno.test("a number or a word that goes on is another one, and a string or a list that is closed is the same", () => {
  const memory = openJsonMemory((name) => name);
  const read = (value: string, behind = "") => {
    const text = `{"o":{"a":1,"b":${value}${behind}}}`;
    const result = atOnce(memory.read(sourceText("a.json", text)));
    assert(result.ok && result.value.kind === "fields");
    const inner = result.value.entries[0]!.value;
    assert(inner.kind === "fields");
    const last = inner.entries[1]!.value;
    return [memory.work.scanned, text.slice(last.range.start, last.range.end)];
  };
  assertEquals(read("2"), [2, "2"]);
  assertEquals([read("22"), read("22", " "), read("2")], [[1, "22"], [1, "22"], [1, "2"]]);
  assertEquals([read('"x"'), read('"x"', " ")], [[1, '"x"'], [0, '"x"']]);
  assertEquals([read("[1]"), read("[1]", ",")], [[1, "[1]"], [0, "[1]"]]);
});

Deno.test("code in a string ends at its own brace, past strings and escapes in it", () => {
  for (
    const code of [
      'f("$${")',
      'f("%%{")',
      'f("\\\\")',
      'f("\\"}")',
      'f("${g("}")}")',
      "f({})",
      'f("$", "%{ x }")',
      'f("$$")',
      'f("{")',
      'f("a{", "{{")',
    ]
  ) {
    const text = JSON.stringify({ x: `a\${${code}} \${b}` });
    const result = parseJsonDocument(sourceText("a.json", text));
    assert(result.ok);
    const { value } = result.document.attributes[0]!;
    assert(value.kind === "template");
    const written = value.codes.map(({ start, end }) => JSON.parse(`"${text.slice(start, end)}"`));
    assertEquals(written, [code, "b"], code);
  }
});

Deno.test("an empty or too deep file is reported only at its beginning or its bracket", () => {
  const range = (text: string) => {
    const result = readJson(sourceText("a.json", text));
    return result.ok ? null : result.diagnostics.map(({ place }) => place!.range);
  };
  assertEquals(range(""), [{ start: 0, end: 0 }]);
  assertEquals(range("[".repeat(201)), [{ start: 200, end: 201 }]);
});

Deno.test("a search for excess rests behind every 65,536 characters that it looks at", () => {
  const rests = (text: string) => [...openJsonMemory(() => null).read(sourceText("a.json", text))].length;
  const blank = (length: number) => `[${" ".repeat(length - 2)}]`;
  const lengths = [65_536, 65_537, 2 * 65_536, 2 * 65_536 + 1, 3 * 65_536 + 1];
  assertEquals(lengths.map((length) => rests(blank(length))), [0, 1, 1, 2, 3]);
  // Text that is passed over at once counts as well.
  assertEquals(rests(`["${"x".repeat(200_000)}",${" ".repeat(65_534)}]`), 1);
});

Deno.test("a text with a mistake is read once, and the part before its first mistake twice if a text was known", () => {
  const broken = `[${"1,".repeat(640)}x]`;
  const rests = (known: string | null, text: string) => {
    const memory = openJsonMemory(() => null);
    if (known !== null) atOnce(memory.read(sourceText("a.json", known)));
    return [...memory.read(sourceText("a.json", text))].length;
  };
  assertEquals([rests(null, broken), rests('{"a":1}', broken), rests('{"a":1}', `x${broken}`)], [10, 20, 10]);
  assertEquals([rests(null, `[x,\n${broken.slice(1)}`), rests('{"a":1}', `[x,\n${broken.slice(1)}`)], [10, 10]);
});

Deno.test("nothing was read before the first text, and the same text again is the same value", () => {
  assertEquals(openJsonReader().work, { scanned: 0, placed: 0 });
  const memory = openJsonMemory(() => null);
  const read = () => {
    const result = atOnce(memory.read(sourceText("a.json", '{"a":{"b":1}}')));
    return result.ok ? result.value : null;
  };
  const value = read();
  assert(value !== null && value === read());
});

Deno.test("of an object that is known only the members that changed are read, and the commas beside them", () => {
  const divides = (name: string) => name;
  const members = (count: number, changed: number) =>
    Array.from({ length: count }, (_, index) => `"m${index}": ${index === changed ? '"new"' : `{ "x": ${index} }`}`);
  const text = (count: number, changed: number, before = "") =>
    `${before}{"o":{${members(count, changed).join(", ")}}}`;
  for (const count of [1, 2, 3, 5, 8, 13]) {
    const first = openMemberReading(divides, null);
    const before = atOnce(readTree(text(count, -1), { members: first, ...UNBOUNDED }));
    const known = first.settle(text(count, -1), before.root!);
    for (let changed = -1; changed <= count; changed++) {
      const isThere = changed >= 0 && changed < count;
      const beside = isThere ? Number(changed > 0) + Number(changed < count - 1) : 0;
      for (const before of ["", "\n", "// A comment that is longer than all the members are.".repeat(10) + "\n"]) {
        const again = openMemberReading(divides, known);
        const { commas } = atOnce(readTree(text(count, changed, before), { members: again, ...UNBOUNDED }));
        assertEquals([again.read, commas], [isThere ? 1 : 0, beside], `${changed} of ${count}`);
      }
    }
  }
});

Deno.test("text between two known members is read, too", () => {
  const memory = openJsonMemory((name) => name);
  const isRead = (between: string) =>
    atOnce(memory.read(sourceText("a.json", `{"o":{"a":{}${between}"b":{}${between}"c":{}}}`))).ok;
  assertEquals(["/*1*/,", "/*2*/,", "/*3,*/", "  ,   ", "      "].map(isRead), [true, true, false, true, false]);
});

Deno.test("only the next character says whether the text behind a number is known", () => {
  const memory = openJsonMemory((name) => name);
  const scanned = (text: string) => (atOnce(memory.read(sourceText("a.json", text))), memory.work.scanned);
  assertEquals(['{"o":{"a":1}}', '{"o":{"a":1} }', '{"o":{"a":1 }}'].map(scanned), [1, 0, 1]);
});

Deno.test("a known member that occurs twice is reported at both its places", async () => {
  const reader = openJsonReader();
  const pace = openPace();
  await reader.read(sourceText("a.json", '{"layers":{"a":{},"b":{}}}'), pace);
  for (const members of ['"a":{},"a":{}', '"a":{},"b":{},"a":{},"b":{}', '"b":{}, "a":{},"b":{}']) {
    const source = sourceText("a.json", `{"layers":{${members}}}`);
    const again = await reader.read(source, pace);
    assertEquals(asText(again), asText(parseJsonDocument(source)), members);
  }
});
