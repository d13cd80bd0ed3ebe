import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Diagnostic } from "../../../src/diagnostic/diagnostic.ts";
import { type Range, sourceText } from "../../../src/diagnostic/range.ts";
import type { Document, Value } from "../../../src/document/document.ts";
import { parseJsonDocument } from "../../../src/document/json/json_document.ts";

function parsed(text: string): Document {
  const result = parseJsonDocument(sourceText("a.json", text));
  const mistakes = result.ok ? result.document.mistakes : result.diagnostics;
  assert(result.ok && mistakes.length === 0, mistakes.map((one) => one.summary).join("; "));
  return result.document;
}

function rejected(text: string): readonly Diagnostic[] {
  const result = parseJsonDocument(sourceText("a.json", text));
  const mistakes = result.ok ? result.document.mistakes : result.diagnostics;
  assert(mistakes.length > 0, "the text was accepted");
  return mistakes;
}

/** A value without places: literals as themselves, a number as written, a template as `t:` and its text. */
function bare(value: Value): unknown {
  if (value.kind === "literal") return value.text ?? value.value;
  if (value.kind === "template") return `t:${value.text}`;
  if (value.kind === "list") return value.items.map(bare);
  return value.entries.map((entry) => [entry.name, bare(entry.value)]);
}

function bareBlocks(document: Document): unknown {
  return document.blocks.map((block) => [block.type, ...block.labels.map((label) => label.text), bare(block.body)]);
}

function slice(document: Document, range: Range): string {
  return document.source.text.slice(range.start, range.end);
}

const complete = `{
  // A snapshot, edited by hand.
  "$snapshot": { "format": 1, "hash": "x" },
  "Honua": { "LogLevel": "debug", "cors": { "allowAnyOrigin": true }, "high_Availability": { "A": null } },
  "dataSources": { "Db": { "id": "Db", "healthCheck": null, "pool": { "MINSIZE": 1.0, "maxSize": 12345678901234567890 } } },
  "services": { "odata": { "type": "odata", "settings": { "max_page_size": 10, "Type2": null } } },
  "layers": { "roads": { "idField": "ID", "fields": { "Name": { "Type": "string" } }, "services": ["odata",] } },
  "caches": { "redis": { "requiredIn": ["production"] } },
  "rateLimit": { "rules": { "Default": { "Requests": 5 } } },
  "variables": { "region": "kona", "gone": null },
  "logging": { "Level": "x" }, /* unknown */ "answer": 42,
}`;

Deno.test("every block of the JSON form becomes the block that HCL has, with HCL's names for those that are known", () => {
  const document = parsed(complete);
  assertEquals(bareBlocks(document), [
    ["honua", [["log_level", "debug"], ["cors", [["allow_any_origin", true]]], ["high_Availability", [["A", null]]]]],
    ["data_source", "Db", [["pool", [["min_size", "1.0"], ["max_size", "12345678901234567890"]]]]],
    ["service", "odata", [["type", "odata"], ["max_page_size", "10"], ["Type2", null]]],
    ["layer", "roads", [["id_field", "ID"], ["fields", [["Name", [["type", "string"]]]]], ["services", ["odata"]]]],
    ["cache", "redis", [["required_in", ["production"]]]],
    ["rate_limit", [["rules", [["Default", [["requests", "5"]]]]]]],
    ["variable", "region", [["default", "kona"]]],
    ["variable", "gone", []],
    ["logging", [["Level", "x"]]],
  ]);
  assertEquals(document.attributes.map((entry) => [entry.name, bare(entry.value)]), [["answer", "42"]]);
});

Deno.test("every place is that of the value in the JSON", () => {
  const document = parsed(complete);
  const layer = document.blocks.find((block) => block.type === "layer")!;
  assert(slice(document, layer.range).startsWith('"roads": { "idField"'));
  assert(slice(document, layer.range).endsWith('["odata",] }'));
  assertEquals(slice(document, layer.labels[0]!.range), '"roads"');
  assertEquals(slice(document, layer.typeRange), '"roads"');
  assertEquals(slice(document, layer.body.entries[0]!.nameRange), '"idField"');
  assertEquals(slice(document, layer.body.entries[0]!.value.range), '"ID"');
  assertEquals(slice(document, layer.body.entries[2]!.value.range), '["odata",]');
});

/** The value of the only variable of a JSON file, given as its JSON string. */
function stringOf(quoted: string): { document: Document; value: Value } {
  const document = parsed(`{"variables":{"x":${quoted}}}`);
  return { document, value: document.blocks[0]!.body.entries[0]!.value };
}

Deno.test("a string with code is a template, and Honua's env form becomes a call", () => {
  const cases: [quoted: string, expected: string, codes: string[]][] = [
    ['"${env:DB}"', 't:${env("DB")}', ["env:DB"]],
    ['"a ${env:A}/${var.b} $${c}"', 't:a ${env("A")}/${var.b} $${c}', ["env:A", "var.b"]],
    ['"\\n${env(\\"X\\")} \\u0041${var.y}"', 't:\n${env("X")} A${var.y}', ['env(\\"X\\")', "var.y"]],
    ['"${a ? \\"}${b}\\" : {}} ${c}"', 't:${a ? "}${b}" : {}} ${c}', ['a ? \\"}${b}\\" : {}', "c"]],
    ['"${env:A{} ${b}${c}"', 't:${env("A{")} ${b}${c}', ["env:A{", "b", "c"]],
    ['"%{ if x }y"', "t:%{ if x }y", []],
    ['"${open"', "t:${open", []],
  ];
  for (const [quoted, expected, codes] of cases) {
    const { document, value } = stringOf(quoted);
    assertEquals(bare(value), expected);
    assert(value.kind === "template");
    assertEquals(value.codes.map((range) => slice(document, range)), codes);
  }
});

Deno.test("a string without code is a literal, its escaped braces resolved", () => {
  for (
    const [quoted, expected] of [['"$${env:X} %%{x}"', "${env:X} %{x}"], ['"$x %y {z}"', "$x %y {z}"], ['"😀"', "😀"]]
  ) {
    const { value } = stringOf(quoted!);
    assertEquals([value.kind, bare(value)], ["literal", expected]);
  }
});

Deno.test("names that are special to JavaScript are names", () => {
  const document = parsed('{"layers":{"__proto__":{"constructor":1,"__proto__":{"a":2}}},"__proto__":{"b":3}}');
  assertEquals(bareBlocks(document), [
    ["layer", "__proto__", [["constructor", "1"], ["__proto__", [["a", "2"]]]]],
    ["__proto__", [["b", "3"]]],
  ]);
});

Deno.test("a name that occurs twice is an error with both places, for a known name in any case", () => {
  for (
    const [text, path, column, first] of [
      ['{"honua":{},"HONUA":{}}', "honua", 13, 2],
      ['{"layers":{"a":{},"a":{}}}', "layer.a", 19, 12],
      ['{"layers":{"a":{"idField":1,"idfield":2}}}', "layer.a.id_field", 29, 17],
      ['{"services":{"a":{"settings":{"x":1,"x":2}}}}', "service.a.settings.x", 37, 31],
      ['{"x":{"y":[{"z":1,"z":2}]}}', "x.y.z", 19, 13],
    ] as const
  ) {
    const [one, ...more] = rejected(text);
    assertEquals(more, []);
    assertEquals([one!.code, one!.path, one!.place?.column], ["document/duplicate-key", path, column]);
    assertEquals(one!.other?.place.column, first);
  }
});

Deno.test("a member that is null is not there, as far as its name is known, and settings are those of services only", () => {
  const text = '{"layers":{"a":null,"b":{"title":null,"settings":{"x":1}}},"honua":null,"services":null,"x":null}';
  const document = parsed(text);
  assertEquals(bareBlocks(document), [["layer", "b", [["settings", [["x", "1"]]]]]]);
  assertEquals(document.attributes.map(({ name, value }) => [name, bare(value)]), [["x", null]]);
});

Deno.test("ids and names that differ only in case are two", () => {
  assertEquals(bareBlocks(parsed('{"layers":{"a":{},"A":{"x":1,"X":2}}}')), [
    ["layer", "a", []],
    ["layer", "A", [["x", "1"], ["X", "2"]]],
  ]);
});

Deno.test("a member that the JSON form does not allow is an error at its place", () => {
  for (
    const [text, code, path, column] of [
      ['{"layers":{"a":{"Id":"b"}}}', "document/id-mismatch", "layer.a.id", 22],
      ['{"layers":[]}', "document/json-shape", "layer", 11],
      ['{"honua":"x"}', "document/json-shape", "honua", 10],
      ['{"layers":{"a":5}}', "document/json-shape", "layer.a", 16],
      ['{"services":{"a":{"settings":[1]}}}', "document/json-shape", "service.a", 30],
      ["[]", "document/json-shape", null, 1],
      [" \n", "document/empty", null, 1],
      ['{"a":"\\ud800"}', "document/lone-surrogate", null, 6],
      ['{"a" 1}', "document/json-syntax", null, 6],
    ] as const
  ) {
    const [one, ...more] = rejected(text);
    assertEquals(more, []);
    assertEquals([one!.code, one!.path, one!.place?.column], [code, path, column]);
  }
});

Deno.test("a value that must be an object is reported by its kind", () => {
  const reported = (text: string) => rejected(text).map(({ summary }) => summary);
  assertEquals(reported('{"layers":[]}'), ['"layers" must be an object of entries by their id or name']);
  assertEquals(reported('{"honua":"x"}'), ['"honua" must be an object']);
  assertEquals(reported('{"layers":{"a":5}}'), ['"a" must be an object']);
});

Deno.test("the first syntax error of each line is reported, twenty at most", () => {
  assertEquals(rejected('{"a": 1 "b": 2,\n"c" 3,\n"d": "x\n}').map((one) => [one.place?.line, one.summary]), [
    [1, "A comma is missing before this"],
    [2, "A colon is missing after the member's name"],
    [3, "The string is not closed on its line"],
  ]);
  assertEquals(rejected(`{${"x\n".repeat(100)}}`).length, 20);
});

Deno.test("nesting of 200 is read, deeper is refused before the parser recurses", () => {
  const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  assertEquals(parsed(nested(200)).attributes.length, 1);
  for (
    const text of [
      nested(201),
      "[},".repeat(100_000),
      '"\\\n" '.concat("[".repeat(100_000)),
      "// \r".concat("{".repeat(300)),
    ]
  ) {
    assertEquals(rejected(text).map((one) => one.code), ["document/too-deep"]);
  }
  assertEquals(parsed(`{"a":"${"[".repeat(300)}" /* ${"[".repeat(300)} */}`).attributes.length, 1);
});

Deno.test("any text is a document or has diagnostics with a place, and any JSON object is a document", () => {
  const token = fc.constantFrom(
    ...'{}[]:,"\\/*\n1 a'.split(""),
    "//",
    "/*",
    "*/",
    '"layers":',
    '"id"',
    "${",
    "null",
    "\ud800",
  );
  fc.assert(fc.property(fc.array(token), (parts) => {
    const result = parseJsonDocument(sourceText("a.json", parts.join("")));
    assert(result.ok || result.diagnostics.every((one) => one.place !== null));
  }));
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
    parsed(JSON.stringify({ unknown: object }));
  }));
});

Deno.test("names and texts are NFC-normalised, as HCL's are, so that both forms have one hash", () => {
  const parsed = parseJsonDocument(
    sourceText("c.json", '{ "caches": { "cafe\u0301": { "connection": "e\u0301${env:N}" } } }'),
  );
  assert(parsed.ok);
  const [cache] = parsed.document.blocks;
  assertEquals(cache!.labels[0]!.text, "caf\u00e9");
  const [connection] = cache!.body.entries;
  assertEquals(connection!.value.kind === "template" && connection!.value.text, '\u00e9${env("N")}');
});

Deno.test("more values than any configuration has are refused before they are made, and 100,000 entries are read", () => {
  assertEquals(rejected(`{"a":[${"1,".repeat(1_000_000)}1]}`).map((one) => one.code), ["document/too-many-values"]);
  const layers = Array.from({ length: 130_000 }, (_, index) => `"l${index}":{}`).join(",");
  assertEquals(parsed(`{"layers":{${layers}}}`).blocks.length, 130_000);
});
