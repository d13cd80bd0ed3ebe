// The forms that the server's own reader has and HCL has not: each has the same meaning here, and the text behind it is
// still at its place.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { documentOf, mistakesOf, placesIn, plain } from "../../support/hcl.ts";

const FORMS: readonly (readonly [what: string, written: string, meaning: unknown])[] = [
  ["single quotes", `'a "b" \\'c\\' \\\\ \\t'`, `a "b" 'c' \\ \t`],
  ["code in single quotes", `'a "\${env:N}" \${var.x}\\'s'`, 'a "${env("N")}" ${var.x}\'s'],
  ["an escaped interpolation in single quotes", `'$\${"x"}'`, '$${"x"}'],
  ["a call with a name in single quotes", "env('N')", '${env("N")}'],
  ["a string over lines", '"a\n  # b\r\n"', "a\n  # b\r\n"],
  ["code in a string over lines", '"a\n${env:N}\n\\n$${"', 'a\n${env("N")}\n\n$${'],
  ["single quotes over lines", `'a "b"\nc'`, 'a "b"\nc'],
  ["a list without commas", `["a" 'b' service.c-d, "e"\n"f" // g\nservice.g]`, [
    ...["a", "b", "${service.c-d}", "e", "f", "${service.g}"],
  ]],
];

Deno.test("each form has its meaning, and its place and that of the text behind it are those of the source", async () => {
  await using parser = openBlockParser();
  for (const [what, written, meaning] of FORMS) {
    const mistakes = await mistakesOf(`a {\n  x = ${written}\n}\n`, parser);
    assertEquals(mistakes.filter(({ code }) => code !== "document/carriage-return"), [], what);
    const text = `a {\n  x = { y = ${written.replaceAll("\r", "")}, z = 5 }\n}\n`;
    const document = await documentOf(text, parser);
    const { body } = document.blocks[0]!;
    const expected = typeof meaning === "string" ? meaning.replaceAll("\r", "") : meaning;
    assertEquals(plain(body), { x: { y: expected, z: 5 } }, what);
    const places = placesIn(document, body);
    assertEquals(places["x.y"]?.slice(places["x.y"].indexOf(" ") + 1), written.replaceAll("\r", ""), what);
    assertEquals(places["x.z"]?.endsWith(" 5"), true, what);
    const [wrong] = await mistakesOf(text.replace("z = 5", "z = §"), parser);
    const before = text.slice(0, text.indexOf("5 }\n}")).split("\n");
    assertEquals([wrong?.place?.line, wrong?.place?.column], [before.length, before.at(-1)!.length + 1], what);
  }
});

Deno.test("text that is inserted behind a value, or before it, is no part of the value", async () => {
  await using parser = openBlockParser();
  const written = ['variable "x" = env("N")', "x = { a = var.a b = var.b }", 'x = ["a"service.b service.c]'];
  const bodies = written.map(async (text) => {
    const { blocks, attributes } = await documentOf(text + "\n", parser);
    return plain(blocks[0]?.body ?? attributes[0]!.value);
  });
  assertEquals(await Promise.all(bodies), [
    { default: '${env("N")}' },
    { a: "${var.a}", b: "${var.b}" },
    ["a", "${service.b}", "${service.c}"],
  ]);
});

Deno.test("a variable may be declared by its short name, and is one in every respect", async () => {
  await using parser = openBlockParser();
  const [long, short] = await Promise.all(
    ["variable", "var"].map((name) => documentOf(`${name} "x" = ['a' "b"]\n`, parser)),
  );
  assertEquals(short!.blocks.map(({ type, body }) => [type, plain(body)]), [["variable", { default: ["a", "b"] }]]);
  assertEquals(plain(short!.blocks[0]!.body), plain(long!.blocks[0]!.body));
  const { typeRange } = short!.blocks[0]!;
  assertEquals([typeRange.start, typeRange.end], [0, 3]);
});

Deno.test("line ends in a string are part of its value, and CRLF among them is warned about", async () => {
  await using parser = openBlockParser();
  const [found] = await mistakesOf('a {\n  x = "b\r\nc"\n}\n', parser);
  assertEquals([found?.severity, found?.code, found?.place?.line], ["warning", "document/carriage-return", 2]);
  assertEquals(await mistakesOf('a {\r\n  x = "b\\r\\nc"\r\n}\r\n', parser), []);
});

/** Without characters that have another meaning to HCL, or that HCL normalises. */
const CHARACTERS = [..."ab \t\n'\"\\#/*{}[]=,", "\r\n", "é", "😀", "//", "/*", "env(", "var.x", "<<E\n"];

Deno.test("a random text means itself in either quotes, with the quote and the backslash escaped", async () => {
  await using parser = openBlockParser();
  const texts = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 12 }).map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(texts, fc.constantFrom("'", '"')), { minLength: 1, maxLength: 20 }),
      async (all) => {
        const written = all.map(([text, quote]) =>
          quote + text.replaceAll(/[\\"']/g, (one) => one === "\\" || one === quote ? "\\" + one : one) + quote
        );
        const lines = written.map((one, at) => `  x${at} = ${at % 2 === 0 ? one : `[ ${one}, ]`}\n`);
        const source = `a {\n${lines.join("")}}\n`;
        const mistakes = (await mistakesOf(source, parser)).filter(({ severity }) => severity === "error");
        assertEquals(mistakes, []);
        const { blocks } = await documentOf(source.replaceAll("\r\n", "\n"), parser);
        const expected = all.map(([text], at) => {
          const meaning = text.replaceAll("\r\n", "\n");
          return [`x${at}`, at % 2 === 0 ? meaning : [meaning]];
        });
        assertEquals(plain(blocks[0]!.body), Object.fromEntries(expected));
      },
    ),
    { numRuns: 100 },
  );
});
