import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../src/diagnostic/range.ts";
import type { Document } from "../../src/document/document.ts";
import { parseJsonDocument } from "../../src/document/json/json_document.ts";
import { secretRanges } from "../../src/document/secret_ranges.ts";

function secretsOf(text: string): string[] {
  const result = parseJsonDocument(sourceText("a.json", text));
  assert(result.ok);
  return secretRanges(result.document).map(({ start, end }) => text.slice(start, end));
}

Deno.test("values of secret names are secret, and all that is inside them", () => {
  assertEquals(secretsOf('{"dataSources":{"a":{"connection":"x","provider":"sqlite"}}}'), ['"x"']);
  assertEquals(secretsOf('{"services":{"a":{"settings":{"apiKey":12345,"credentials":{"a":["b",true,null,""]}}}}}'), [
    "12345",
    '"b"',
  ]);
  assertEquals(secretsOf('{"credentials":{"a":"b"}}'), ['"b"']);
});

Deno.test("a variable is secret by its own name", () => {
  assertEquals(secretsOf('{"variables":{"dbPassword":"x","region":"y"}}'), ['"x"']);
});

Deno.test("a value that looks like a credential is secret under any name, and so is a name that looks like one", () => {
  assertEquals(secretsOf('{"layers":{"a":{"title":"redis://:p@h","x":"y"}}}'), ['"redis://:p@h"']);
  assertEquals(secretsOf('{"logging":{"Password=x;":{"a":1}}}'), ['"Password=x;"', "1"]);
});

Deno.test("ids, fields and rules are not judged by their names", () => {
  assertEquals(secretsOf('{"layers":{"token":{"title":"t","fields":{"password":{"type":"string"}}}}}'), []);
  assertEquals(secretsOf('{"rateLimit":{"rules":{"token":{"window":"1m"}}}}'), []);
});

Deno.test("a lone reference stays readable, one with a default or a text beside it does not", () => {
  const connection = (value: string) => secretsOf(`{"dataSources":{"a":{"connection":${value}}}}`);
  assertEquals(connection('"${env:DB}"'), []);
  assertEquals(connection('"${env(\\"DB\\")}"'), []);
  assertEquals(connection('"${var.db}"'), []);
  for (const value of ['"${ env(\\"DB-1.x:y\\") }"', '"${var.db-1}"']) assertEquals(connection(value), [], value);
  const around = [
    '"x${var.db}"',
    '"${var.db}x"',
    '"${var.db.x}"',
    '"${env:DB}${env:DB}"',
    '"${var.db} "',
    '"${service.db}"',
  ];
  for (const value of [...around, '"${env(\\"DB\\", \\"hunter2\\")}"', '"${env(DB)}"', '"${var.db ? 1 : 2}"']) {
    assertEquals(connection(value), [value]);
  }
  for (const value of ['"${env(\\"DB\\", \\"x\\")}"', '"a${env:DB}"', '"${env:DB}b"', '"var.db and more"']) {
    assertEquals(connection(value), [value]);
  }
});

Deno.test("a reference as HCL writes it stays readable, a heredoc does not", () => {
  const text = 'env("DB")  <<E\nhunter2\nE\n';
  const reference = { kind: "template", text: '${env("DB")}', codes: [], range: { start: 0, end: 9 } } as const;
  const heredoc = { kind: "literal", value: "hunter2\n", range: { start: 11, end: 24 } } as const;
  const at = { start: 0, end: 0 };
  const attributes = [reference, heredoc].map((value) => ({ name: "password", nameRange: at, value }));
  const document: Document = { source: sourceText("a.hcl", text), blocks: [], attributes, mistakes: [] };
  assertEquals(secretRanges(document), [heredoc.range]);
});

Deno.test("a reference is looked at up to 256 characters of its name, and up to 8 blanks at each place", () => {
  const connection = (value: string) => secretsOf(`{"dataSources":{"a":{"connection":${value}}}}`).length;
  assertEquals([256, 257].map((length) => connection(`"\${env:${"E".repeat(length)}}"`)), [0, 1]);
  assertEquals([256, 257].map((length) => connection(`"\${var.${"v".repeat(length)}}"`)), [0, 1]);
  assertEquals([256, 257].map((length) => connection(`"\${env(\\"${"E".repeat(length)}\\")}"`)), [0, 1]);
  assertEquals([8, 9].map((blanks) => connection(`"\${${" ".repeat(blanks)}var.v}"`)), [0, 1]);
  assertEquals([8, 9].map((blanks) => connection(`"\${env(${" ".repeat(blanks)}\\"E\\")}"`)), [0, 1]);
  assertEquals([8, 9].map((blanks) => connection(`"\${env(\\"E\\"${" ".repeat(blanks)})}"`)), [0, 1]);
  assertEquals(["env:E", "var.v", 'env(\\"E\\")'].map((one) => connection(`"\${${one}}"`)), [0, 0, 0]);
  assertEquals(["env:", "var.", 'env(\\"\\")'].map((one) => connection(`"\${${one}}"`)), [1, 1, 1]);
  assertEquals([8, 9].map((blanks) => connection(`"\${var.v${" ".repeat(blanks)}}"`)), [0, 1]);
});

Deno.test("all inside a secret setting is secret at every depth, and settings beside it are not", () => {
  const settings = (value: unknown) => secretsOf(JSON.stringify({ services: { s: { settings: value } } }));
  assertEquals(settings({ credentials: { a: { b: ["c", { d: 5 }] } }, e: "f" }), ['"c"', "5"]);
  assertEquals(settings({ list: [{ password: "x", user: "y" }] }), ['"x"']);
  assertEquals(settings({ a: { password: { deep: [["x"]] } } }), ['"x"']);
  assertEquals(settings({ password: true, secret: null, token: "" }), []);
  assertEquals(settings({ password: 0 }), ["0"]);
  assertEquals(settings({ port: 5432, name: "x" }), []);
  assertEquals(secretsOf('{"x":[{"token":"a","b":{"pin":"c"}}]}'), ['"a"', '"c"']);
});

Deno.test("ids are given by people, also of a secret's name; a label of another block is a name", () => {
  for (const key of ["dataSources", "services", "layers", "caches"]) {
    assertEquals(secretsOf(`{"${key}":{"token":{"id":"token"}}}`), [], key);
  }
  assertEquals(secretsOf('{"layers":{"a":{"fields":{"token":{"type":"int","password":"x"}}}}}'), ['"x"']);
  assertEquals(secretsOf('{"layers":{"a":{"other":{"token":{"type":"int"}}}}}'), ['"int"']);
  assertEquals(secretsOf('{"caches":{"a":{"fields":{"token":{"type":"int"}}}}}'), ['"int"']);
  assertEquals(secretsOf('{"rateLimit":{"fields":{"token":{"type":"int"}},"rules":{"pin":{"x":1}}}}'), ['"int"']);
  assertEquals(secretsOf('{"layers":{"Password=x;":{"title":"t"}}}'), ['"Password=x;"']);
});

Deno.test("a text with a reference in it is judged as any other text is", () => {
  const title = (value: string) => secretsOf(`{"layers":{"a":{"title":${value}}}}`);
  assertEquals(title('"${var.x} roads"'), []);
  assertEquals(title('"Password=${var.x}y"'), ['"Password=${var.x}y"']);
  assertEquals(secretsOf('{"region":"eu","title":"${var.x} roads","token":"${var.x} roads"}'), ['"${var.x} roads"']);
});

Deno.test("the ranges are in the order of the source", () => {
  const text = '{"logging":{"password":"a"},"token":"b","variables":{"secret":"c"},"honua":{"apiKey":"d"}}';
  assertEquals(secretsOf(text), ['"a"', '"b"', '"c"', '"d"']);
});

Deno.test("near a place the same values are found, and those of other blocks need not be looked at", () => {
  const text =
    '{"layers":{"a":{"apiKey":"one"},"b":{"apiKey":"two"}},"variables":{"dbPassword":"three"},"password":"four"}';
  const result = parseJsonDocument(sourceText("a.json", text));
  assert(result.ok);
  const { document } = result;
  const all = secretRanges(document);
  assertEquals(all.length, 4);
  for (let start = 0; start < text.length; start++) {
    const window = { start, end: start + 3 };
    const found = secretRanges(document, [window]);
    const touching = all.filter((range) => range.start < window.end && range.end > window.start);
    assertEquals(found.filter((range) => touching.includes(range)), touching, `${start}`);
    assert(found.length <= 2);
  }
  assertEquals(secretRanges(document, []), []);
});
