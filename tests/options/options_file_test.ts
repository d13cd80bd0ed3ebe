// The forms of an options file, and that no file, however hostile, does more than end in diagnostics.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { sourceText } from "../../src/diagnostic/range.ts";
import { parseOptionsFile, readOptionsFile } from "../../src/options/options_file.ts";
import { temporaryDirectory } from "../support/temporary.ts";

function diagnosticsOf(text: string) {
  return parseOptionsFile(sourceText("options.json", text)).diagnostics;
}

Deno.test("comments and trailing commas are allowed", () => {
  assertEquals(diagnosticsOf('// a\r\n{ /* b */ "Snapshot": { "Path": "/x", }, }\r\n'), []);
});

Deno.test("a mistake of syntax has its line and column", () => {
  const cases: [string, number, number][] = [["", 1, 1], ['{\n  "a": 1\n  "b": 2\n}', 3, 3], ["{ a: 1 }", 1, 3], [
    '{ "a": 1 } x',
    1,
    12,
  ]];
  for (const [text, line, column] of cases) {
    const [first] = diagnosticsOf(text);
    assertEquals([first?.code, first?.place?.line, first?.place?.column], ["options/syntax", line, column]);
    const { start, end } = first!.place!.range;
    assertEquals(text.slice(start, end), ["", '"b"', "a", "x"][cases.findIndex(([one]) => one === text)]);
  }
  for (const text of ["[]", "1", "null", '"x"']) assertEquals(diagnosticsOf(text)[0]?.code, "options/syntax");
});

Deno.test("a setting written twice, in any case and form, is an error with both places", () => {
  const texts = [
    '{ "Snapshot": {\n "Path": "/a",\n "path": "/b" } }',
    '{ "Snapshot:Path":\n "/a",\n "snapshot": { "PATH": "/b" } }',
  ];
  for (const text of texts) {
    const [first] = diagnosticsOf(text);
    assertEquals([first?.code, first?.place?.line, first?.other?.place.line], ["options/duplicate", 3, 2]);
    assertStringIncludes(first!.summary.toLowerCase(), "snapshot:path is written twice");
  }
});

Deno.test("objects of one name, in any case, are one section, and a list or a value beside them is not", () => {
  assertEquals(diagnosticsOf('{ "Snapshot": { "Path": "/a" }, "snapshot": { "Mode": "0600" }, "SNAPSHOT": {} }'), []);
  const lists = '{ "ConfigurationWatcher": { "EnvironmentFiles": ["/a"], "environmentFiles": ["/b"] } }';
  for (const text of [lists, '{ "Snapshot": {}, "snapshot": [] }', '{ "Snapshot": 1, "snapshot": {} }']) {
    assertEquals(diagnosticsOf(text)[0]?.code, "options/duplicate", text);
  }
});

Deno.test("the value of a foreign setting is not examined", () => {
  const odd = '{ "a": 1, "A": 2, "b": 0.12345678901234567890123 }';
  assertEquals(
    diagnosticsOf(`{ "Kestrel": ${odd}, "kestrel": 1, "Honua": { "odata": ${odd} }, "//": 1, "//": 2 }`),
    [],
  );
  assertEquals(diagnosticsOf(`{ "State": ${odd} }`).map((one) => one.code), [
    "options/duplicate",
    "options/inexact-number",
  ]);
});

Deno.test("nesting and long keys are bounded before anything recurses", () => {
  assertEquals(diagnosticsOf(`{"a":${"[".repeat(500_000)}`)[0]?.code, "options/nesting");
  assertEquals(diagnosticsOf(`{"a":${'{"a":'.repeat(65)}1${"}".repeat(65)}}`)[0]?.code, "options/nesting");
  assertEquals(diagnosticsOf(`{"a": "${"[".repeat(1000)}"} // ${"{".repeat(1000)}`), []);
  assertEquals(diagnosticsOf(`{"${"a:".repeat(400_000)}": 1}`), []);
});

Deno.test("64 levels are read, and one deeper is refused at its place", () => {
  for (const [open, innermost, close] of [["[", "[]", "]"], ['{"a":', "{}", "}"]] as const) {
    const text = (levels: number) => `{"a":${open.repeat(levels - 2)}${innermost}${close.repeat(levels - 2)}}`;
    assertEquals(diagnosticsOf(text(64)), [], open);
    const [first, ...others] = diagnosticsOf(text(65));
    assertEquals([first?.code, first?.summary, others.length], ["options/nesting", "Nested deeper than 64 levels", 0]);
    const start = text(65).indexOf(innermost);
    assertEquals([first?.place?.column, first?.place?.range], [start + 1, { start, end: start + 1 }]);
  }
  // A bracket that was closed no longer counts.
  assertEquals(diagnosticsOf(`{ "a": [${"[[]], {}, ".repeat(100)}] }`), []);
});

Deno.test("below sixteen names nothing is kept, and nothing is reported about it", () => {
  const key = (names: number) => `"Admin:${"a:".repeat(names - 2)}a"`;
  const twice = (names: number) => `{ ${key(names)}: { "x": 1, "x": 2, "y": 0.12345678901234567890123 } }`;
  assertEquals(diagnosticsOf(twice(15)).map(({ code }) => code), ["options/duplicate", "options/inexact-number"]);
  assertEquals(diagnosticsOf(twice(16)), []);
});

Deno.test("each mistake of syntax has its own words", () => {
  const reported = (text: string) => diagnosticsOf(text).map(({ summary }) => summary);
  const cases: readonly (readonly [string, string])[] = [
    ["{ 1: 1 }", "Expected a name in double quotes"],
    ['{ "a": }', "Expected a value"],
    ['{ "a" 1 }', "Expected a colon"],
    ['{ "a": 1 "b": 2 }', "Expected a comma"],
    ['{ "a": 1', "Expected a closing brace"],
    ['{ "a": [1', "Expected a closing bracket"],
    ["{} {}", "Expected the end of the file"],
    ["{} /* x", "A comment is not closed"],
    ['{ "a": "x', "A string is not closed"],
    ['{ "a": x }', "Expected a value or a name in double quotes"],
    ['{ "a": "\\u00" }', "A string has an escape that JSON does not know"],
    ['{ "a": "\\x" }', "A string has an escape that JSON does not know"],
    ['{ "a": "\u0001" }', "A string has a control character that must be escaped"],
    ['{ "a": 1. }', "This is not JSON"],
    ["[]", "An options file is one object"],
    ["", "Expected a value"],
  ];
  for (const [text, summary] of cases) assertEquals(reported(text), [summary], text);
});

Deno.test("any text ends in a tree or in diagnostics", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "//",
    "/*",
    "\n",
    "1",
    "null",
    "\\u",
    "\ud800",
    '"a"',
  );
  const text = fc.oneof(fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")), fc.string());
  fc.assert(fc.property(text, (one) => {
    for (const { place } of diagnosticsOf(one)) assert(place !== null && place.line >= 1 && place.column >= 1);
  }));
});

Deno.test("a file is read with its byte order mark dropped", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("options.json");
  await Deno.writeTextFile(path, "\ufeff{}");
  const result = await readOptionsFile(path);
  assert(result.ok);
  assertEquals([result.source.name, result.source.text], [path, "{}"]);
});

Deno.test("a file of a MiB is read, and the fault of another is reported", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("options.json");
  const why = async () => {
    const result = await readOptionsFile(path);
    if (result.ok) return result.source.text.length;
    assertEquals(result.diagnostic.code, "options/unreadable");
    return `${result.diagnostic.summary}: ${result.diagnostic.why}`;
  };
  const unreadable = `The options file ${path} cannot be read`;
  await Deno.writeFile(path, new Uint8Array(1024 * 1024).fill(0x20));
  assertEquals(await why(), 1024 * 1024);
  await Deno.writeFile(path, new Uint8Array(1024 * 1024 + 1).fill(0x20));
  assertEquals(await why(), `${unreadable}: It is larger than 1048576 bytes`);
  await Deno.writeFile(path, new Uint8Array([0x22, 0xff, 0x22]));
  assertEquals(await why(), `${unreadable}: It is not valid UTF-8`);
  await Deno.remove(path);
  assertStringIncludes(String(await why()), `${unreadable}: ENOENT`);
  await Deno.mkdir(path);
  assertEquals(await why(), `${unreadable}: It is a directory, not a file`);
});

Deno.test("a device and a pipe are unreadable", async () => {
  await using directory = await temporaryDirectory();
  const pipe = directory.file("pipe.json");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  for (const path of [pipe, "/dev/zero"]) {
    const result = await readOptionsFile(path);
    assert(!result.ok, path);
    assertEquals(result.diagnostic.code, "options/unreadable");
  }
});
