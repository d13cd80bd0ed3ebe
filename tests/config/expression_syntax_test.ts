// The place of a mistake inside code in the source, as near as the places of a template's codes allow.
import { assert, assertEquals } from "@std/assert";
import { parseTemplate } from "../../src/config/expression_syntax.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import type { Template } from "../../src/document/document.ts";

/**
 * The underlined part of a source that holds one quoted template, whose codes are the texts between its outermost `${`
 * and `}`; `decoded` is the template's text if it differs from the written one.
 */
function underlined(
  written: string,
  codes: readonly string[],
  decoded = written.slice(1, -1),
  before = "x = ",
): string {
  const source = sourceText("t.hcl", before + written + "\n");
  let from = before.length;
  const places = codes.map((code) => {
    const start = source.text.indexOf(code, from);
    from = start + code.length;
    return { start, end: from };
  });
  const range = { start: before.length, end: before.length + written.length };
  const template: Template = { kind: "template", text: decoded, codes: places, range };
  const result = parseTemplate(template, source);
  assert(result.kind === "fault", written);
  return `${result.range.start - before.length} ${source.text.slice(result.range.start, result.range.end)}`;
}

Deno.test("a mistake inside code is underlined at its own place", () => {
  assertEquals(underlined('"${upper(1)}"', ["upper(1)"]), "3 upper");
  assertEquals(underlined('"a ${true ? 1 : upper(1)}"', ["true ? 1 : upper(1)"]), "16 upper");
  assertEquals(underlined('"${1 + 2}"', ["1 + 2"]), "5 +");
  assertEquals(underlined('"${1 == 2}"', ["1 == 2"]), "5 ==");
  assertEquals(underlined('"${env("A", var.x)}"', ['env("A", var.x)']), "3 env");
  assertEquals(underlined('"${service.x[0]}"', ["service.x[0]"]), "12 [");
  assertEquals(underlined('"${service.x.*}"', ["service.x.*"]), "13 *");
  assertEquals(underlined('"${service.}"', ["service."]), "11 ");
  assertEquals(underlined('"${true 1}"', ["true 1"]), "8 1");
  const deep = `${"(".repeat(64)}1${")".repeat(64)}`;
  assertEquals(underlined(`"\${${deep}}"`, [deep]), "67 1");
  const strings = `("${'${"'.repeat(31)}${'"}'.repeat(31)}")`;
  assertEquals(underlined(`"\${${strings}}"`, [strings]), '97 "');
  assertEquals(underlined('"${var.x.y}"', ["var.x.y"]), "3 var.x.y");
  assertEquals(underlined('"${76561197980428157}"', ["76561197980428157"]), "3 76561197980428157");
});

Deno.test("each code is counted by itself, also behind one that holds strings with code", () => {
  assertEquals(underlined('"${true}${upper(1)}"', ["true", "upper(1)"]), "10 upper");
  const inner = '"a${true}b${"c${true}"}"';
  assertEquals(underlined(`"\${${inner}}\${upper(1)}"`, [inner, "upper(1)"]), "30 upper");
  assertEquals(underlined('"${"a${upper(1)}"}"', ['"a${upper(1)}"']), "7 upper");
});

Deno.test("if the code is not written as it is read, or has no place, all of it is underlined", () => {
  // In JSON the quotes are escaped.
  assertEquals(
    underlined('"${env(\\"A\\") ? 1 : up(1)}"', ['env(\\"A\\") ? 1 : up(1)'], '${env("A") ? 1 : up(1)}'),
    '3 env(\\"A\\") ? 1 : up(1)',
  );
  assertEquals(underlined('"${upper(1)}"', []), '0 "${upper(1)}"');
  assertEquals(underlined('"${true}${upper(1)}"', ["true"]), '0 "${true}${upper(1)}"');
});

Deno.test("a directive is underlined at its beginning in its own template, and an escaped one is not", () => {
  assertEquals(underlined('"a %{if b}"', []), "3 %{");
  assertEquals(underlined('"%%{a} %{if b}"', []), "7 %{");
  assertEquals(underlined('"a %{if b}"', [], undefined, 'y = "%{c}" x = '), "3 %{");
});

Deno.test("white space and comments are allowed anywhere between the parts of code, and nothing else is", () => {
  const kind = (text: string) => {
    const template: Template = { kind: "template", text, codes: [], range: { start: 0, end: 0 } };
    return parseTemplate(template, sourceText("t.hcl", "")).kind;
  };
  for (
    const code of [
      "/*a*/true",
      "true/*a*/",
      "true//a\n",
      "true#a\n",
      "#a\ntrue",
      "//a\ntrue",
      "#\ntrue",
      "//\ntrue",
      "\ttrue\r\n",
      "/*\n*//**/true",
    ]
  ) {
    assertEquals(kind(`\${${code}}`), "constant", code);
  }
  const choices = ["true/*a*/?/*b*/1/*c*/:/*d*/2", "true?1:2", "(true)?(1):(2)", "true\n?\n1\n:\n2"];
  for (const code of choices) assertEquals(kind(`\${${code}}`), "choice", code);
  for (const code of ['env/*a*/(/*b*/"A"/*c*/,/*d*/"B"/*e*/)', 'env("A"\n)', 'env\n("A",)']) {
    assertEquals(kind(`\${${code}}`), "environment", code);
  }
  for (const code of ["true!", "true/", "true/*a", "/true", "true\u00a0", "service. x", "service /*a*/.x"]) {
    assertEquals(kind(`\${${code}}`), "fault", code);
  }
  assertEquals([kind("${var.x}"), kind("${cache.x.enabled}"), kind("${service.x}"), kind("a")], [
    ...["variable", "cache-enabled", "reference", "template"],
  ]);
});
