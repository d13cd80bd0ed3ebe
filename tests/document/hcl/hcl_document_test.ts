import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../../src/document/hcl/hcl_document.ts";
import { complaintsOf, documentOf, mistakesOf, placesIn, plain } from "../../support/hcl.ts";

Deno.test("a document holds all that was written, in its order", async () => {
  await using parser = openBlockParser();
  const document = await documentOf(
    [
      'layer "roads" {',
      '  title = "Roads", srid = 4326',
      '  services = [service.odata, "wfs"]',
      '  geometry = { column = "geom" type = "Point" }',
      '  permissions "read" { roles = ["a"] }',
      '  permissions "write" { roles = ["b"] }',
      '  "Honua.Log" = 1.50',
      "}",
      'variable "x" = "v"',
      'connection = "${env:DB}"',
    ].join("\n"),
    parser,
  );
  assertEquals(document.blocks.map(({ type, labels, body }) => [type, labels.map((l) => l.text), plain(body)]), [
    ["layer", ["roads"], {
      title: "Roads",
      srid: 4326,
      services: ["${service.odata}", "wfs"],
      geometry: { column: "geom", type: "Point" },
      permissions: { read: { roles: ["a"] }, write: { roles: ["b"] } },
      "Honua.Log": 1.5,
    }],
    ["variable", ["x"], { default: "v" }],
  ]);
  assertEquals(document.attributes.map(({ name, value }) => [name, plain(value)]), [["connection", '${env("DB")}']]);
  assertEquals(document.blocks[0]!.body.entries.map((entry) => entry.name), [
    ...["title", "srid", "services", "geometry", "permissions", "Honua.Log"],
  ]);
});

Deno.test("places are those of the source as written: tabs, CRLF, emoji, and rewritten text before them", async () => {
  await using parser = openBlockParser();
  const text =
    'a {\r\n\t"q.n" = "😀${env:N}", x = { k = 1 l = [true, "${var.v}"] }\r\n\tb { c = "é" d = 2.0 }\r\n}\r\n';
  const document = await documentOf(text, parser);
  assertEquals(placesIn(document, document.blocks[0]!.body), {
    "q.n": '2:10 "😀${env:N}"',
    "q.n$0": "2:14 env:N",
    x: '2:27 { k = 1 l = [true, "${var.v}"] }',
    "x.k": "2:33 1",
    "x.l": '2:39 [true, "${var.v}"]',
    "x.l[0]": "2:40 true",
    "x.l[1]": '2:46 "${var.v}"',
    "x.l[1]$0": "2:49 var.v",
    b: '3:4 { c = "é" d = 2.0 }',
    "b.c": '3:10 "é"',
    "b.d": "3:18 2.0",
  });
});

Deno.test("a byte order mark left in front is refused at its place, and nothing else is reported", async () => {
  await using parser = openBlockParser();
  assertEquals(await complaintsOf("a {\n  x = 1\n  y = \n}\n", parser), ["document/syntax 3:7"]);
});

const MISTAKES: [string, string, string[]][] = [
  ["a block that is never closed", "a {\n  x = 1\n", ["document/syntax 1:3"]],
  ["a string that is never closed", 'a {\n  x = "1\n}\n', ["document/syntax 2:9"]],
  ["a single word", "a {\n  word\n}\n", ["document/syntax 2:3"]],
  ["a value missing", "a {\n  x =\n}\n", ["document/syntax 2:6"]],
  ["an error behind rewritten text", 'a { "q.n" = "${env:LONG_NAME}", y = 5 5 }', ["document/syntax 1:39"]],
  ["an error behind wide characters", 'a {\n x = "日本😀" ]\n}', ["document/syntax 2:12"]],
  ["an attribute twice", "a {\n  x = 1\n  x = 2\n}\n", ["document/syntax 3:3"]],
  ["an attribute twice outside blocks", "x = 1\nx = 2\n", ["document/duplicate 2:1"]],
  ["a key twice in an object", 'x = {\n a = 1\n "a" = 2\n}\n', ["document/duplicate 3:2"]],
  ["a key twice in an object in a list in a block", "b {\n x = [{ a = 1, a = 2 }]\n}\n", ["document/duplicate 2:16"]],
  ["a block with an attribute's name", "x = 1\nx {\n}\n", ["document/duplicate 2:1"]],
  ["a nested block with an attribute's name", "b {\n x = 1\n x {\n }\n}\n", ["document/duplicate 3:2"]],
  ["blocks with and without a label", 'c {\n}\nc "a" {\n}\n', ["document/mixed-labels 3:1"]],
  ["a number as a key twice", 'x = { 404 = "a", 404 = "b" }\n', ["document/duplicate 1:18"]],
  ["a key that is computed", "x = { (a) = 1, b = 2 }\n", ["document/computed-name 1:7"]],
  ["a key with an expression", 'x = { "${env:K}" = 1 }\n', ["document/computed-name 1:7"]],
  ["an error behind attributes without commas", "c = {\n a = 1 b = 2\n d = ]\n}\n", [
    "document/syntax 3:6",
    "document/syntax 4:1",
  ]],
  ["an empty source", "", ["document/empty 1:1"]],
  ["a source of only comments", "# later\n\n/* more */\n", ["document/empty 1:1"]],
  ["nesting beyond the bound", "x = " + "[".repeat(300), ["document/too-deep 1:205"]],
  ["a block that is never closed, before a variable", 'a { x = 1\nvariable "v" = "w"\n', ["document/syntax 1:3"]],
  ["a mistake on one line with its block's end", 'a { x = }\nvariable "v" = "w"\n', ["document/syntax 1:9"]],
  ["words in a block on one line", 'a { x y z }\nvariable "v" = "w"\n', ["document/syntax 1:11"]],
  ["mistakes in the order of their places", 'a { b = "\\q y }\n', ["document/syntax 1:10", "document/syntax 1:16"]],
  ["a comment that is never closed", "a {\n}\n/* open\n", ["document/syntax 3:1"]],
  ["two mistakes in two blocks", "a {\n x\n}\nb {\n y\n}\n", ["document/syntax 2:2", "document/syntax 5:2"]],
];

Deno.test("says the place of a mistake", async (t) => {
  // One process judges them all: each start of one takes longer than the rest.
  await using parser = openBlockParser();
  for (const [what, text, expected] of MISTAKES) {
    await t.step(what, async () => assertEquals(await complaintsOf(text, parser), expected));
  }
});

Deno.test("a heredoc with CRLF line ends is one warning for a file, and none if its value has no line end", async () => {
  await using parser = openBlockParser();
  const warnings = async (text: string) =>
    (await mistakesOf(text, parser)).map(({ severity, code, place }) =>
      `${severity} ${code} ${place!.line}:${place!.column}`
    );
  const text = 'a {\n  x = <<-EOF\n    b\n    EOF\n}\ny = [<<E\n${env("X")}\nE\n]\n';
  assertEquals(await warnings(text), []);
  assertEquals(await warnings(text.replaceAll("\n", "\r\n")), ["warning document/carriage-return 2:7"]);
  assertEquals(await warnings('a = "\\r\\n"\r\nb = <<E\r\nE\r\n'), []);
});

Deno.test("a duplicate names both places", async () => {
  await using parser = openBlockParser();
  for (const text of ["x = 1\nx = 2\n", "a {\n x = 1\n x = 2\n}\n", "y = {\n x = 1\n x = 2\n}\n"]) {
    const [mistake] = await mistakesOf(text, parser);
    assertEquals(mistake!.other!.place.line, mistake!.place!.line - 1);
  }
});

Deno.test("no diagnostic of a source that does not parse quotes it", async () => {
  await using parser = openBlockParser();
  const secret = "hunter2hunter2";
  for (
    const text of [
      `x = "${secret}`,
      `x = "a" ${secret} b`,
      `${secret} ${secret}`,
      `x = "\\${secret}"`,
      `x = { ${secret} }`,
    ]
  ) {
    const parsed = await openHclReader(parser).read(sourceText("t.hcl", `a {\n  ${text}\n}\n`));
    assert(!parsed.ok, text);
    for (const { summary, why, suggestion } of parsed.diagnostics) {
      assertEquals([summary, why, suggestion].join(" ").includes(secret), false, text);
    }
  }
});

Deno.test("hostile names are names like any other", async () => {
  await using parser = openBlockParser();
  const document = await documentOf('a "__proto__" {\n __proto__ = 1\n "constructor" = { toString = 2 }\n}\n', parser);
  const [block] = document.blocks;
  assertEquals(block!.labels[0]!.text, "__proto__");
  assertEquals(block!.body.entries.map((entry) => entry.name), ["__proto__", "constructor"]);
});

Deno.test("a comment in code may hold quotes and braces, and the text behind it is read as ever", async () => {
  await using parser = openBlockParser();
  for (const comment of ['/* " */', "/* } */", '# " }\n', "// {\n"]) {
    const document = await documentOf(`a = "\${env("A") ${comment}}"\nb = { c = 1 d = 2 }\n`, parser);
    assertEquals(document.attributes.map(({ name, value }) => [name, value.kind]), [["a", "template"], [
      "b",
      "fields",
    ]]);
  }
});

Deno.test("expressions are those of the source, however hcl2json would spell them", async () => {
  await using parser = openBlockParser();
  const text = [
    'a = "x-${cache.r.enabled ? "a" : "b"}-$${y}"',
    'b = "${"$"}${env:X}"',
    'c = "${1.50}x\\n\\u00e9e\u0301"',
    "d = <<E\n${env:H}\nE",
    "e = (var.a)",
    "f = 1e400",
  ].join("\n");
  const document = await documentOf(text + "\n", parser);
  assertEquals(document.attributes.map(({ value }) => plain(value)), [
    'x-${cache.r.enabled ? "a" : "b"}-$${y}',
    '${"$"}${env("X")}',
    "${1.50}x\n\u00e9\u00e9",
    '${env("H")}\n',
    "${(var.a)}",
    Infinity,
  ]);
});
