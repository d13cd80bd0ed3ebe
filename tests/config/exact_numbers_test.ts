import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../src/diagnostic/range.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type BlockParser, openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../src/document/hcl/hcl_document.ts";
import { load } from "./loading.ts";

/** `line:column path` of every number in an HCL text that is refused for not being exact. */
async function refusedIn(parser: BlockParser, text: string): Promise<string[]> {
  const source = sourceText("test.hcl", text);
  const parsed = await openHclReader(parser).read(source);
  const loaded = parsed.ok
    ? loadConfig({ document: parsed.document, environment: () => "true", validate: false })
    : parsed;
  const diagnostics = loaded.ok ? [] : loaded.diagnostics;
  return diagnostics.filter(({ severity }) => severity === "error").map(({ code, place, path }) => {
    assert(/inexact-number|number-as-name/.test(code), `${code} in ${text}`);
    return `${place!.line}:${place!.column} ${path}`;
  });
}

Deno.test("a number anywhere in HCL is refused at its place if it would become another", async () => {
  await using parser = openBlockParser();
  const text = (number: string) =>
    [
      'service "s" {',
      `  tenant_id = ${number}`,
      `  list = [1, ${number}, { deep = -${number} }]`,
      `  object = { a = ${number}, "b" = 1 }`,
      `  lone = "\${${number}}"`,
      `  inside = "x\${${number}}y"`,
      `  choice = env("X") ? 1 : ${number}`,
      `  quoted = "\${env("X") ? ${number} : 1}"`,
      `  fallback = env("X", ${number})`,
      `  nested { deeper { value = ${number} } }`,
      "}",
      `variable "v" = ${number}`,
      `variable "w" { default = [${number}] }`,
      `other = { x = ${number} }`,
    ].join("\n");
  assertEquals(await refusedIn(parser, text("9007199254740992")), []);
  assertEquals(await refusedIn(parser, text("76561197980428157")), [
    "2:15 service.s.tenant_id",
    "3:14 service.s.list",
    "3:42 service.s.list.deep",
    "4:18 service.s.object.a",
    "5:13 service.s.lone",
    "6:16 service.s.inside",
    "7:27 service.s.choice",
    "8:26 service.s.quoted",
    "9:23 service.s.fallback",
    "10:29 service.s.nested.deeper.value",
    "12:16 variable.v",
    "13:27 variable.w",
    "14:15 other.x",
  ]);
});

Deno.test("a number that HCL puts into a heredoc, or makes a name, is refused if its digits would be lost", async () => {
  await using parser = openBlockParser();
  assertEquals(await refusedIn(parser, 'a = <<E\nx${1.50} ${0.1234567890123456789} ${env("X")}\nE\n'), ["2:12 null"]);
  for (
    const code of [
      " N /* c */ ",
      "# c\nN",
      '"${N}"',
      '"a${N}"',
      '"a${1.50} \\" ${"b${N}"}c"',
      "~ N ~",
      '"$${ ${N}"',
      "N /* } */",
      '/* " */ N',
    ]
  ) {
    const text = `a = <<E\n\${${
      code.replace("N", "0.1234567890123456789")
    }} \${env("X", "0.1234567890123456789")}\nE\n`;
    assertEquals(await refusedIn(parser, text), ["2:3 null"], code);
  }
  assertEquals(
    await refusedIn(parser, 'a = <<E\n${"0.1234567890123456789"} ${1 /* 0.1234567890123456789 */}\nE\n'),
    [],
  );
  assertEquals(await refusedIn(parser, "a = { 12345678901234567890 = 1, 15 = 2, 1e3 = 3\n 0.10 = 4 }"), [
    "1:41 null",
    "2:2 null",
  ]);
});

Deno.test("a number in a list or an object inside a string is refused if its digits would be lost", async () => {
  await using parser = openBlockParser();
  for (const code of ["[1, N]", "{ a = [N] }", "{ x1 = -N }", '[{ a = "${N}" }]']) {
    for (const [text, place] of [[`a = "\${${code}}"`, "1:8 null"], [`a = [1, { b = "\${${code}}" }]`, "1:18 null"]]) {
      assertEquals(await refusedIn(parser, text!.replace("N", "9007199254740992")), [], text);
      assertEquals(await refusedIn(parser, text!.replace("N", "76561197980428157")), [place], text);
    }
  }
  assertEquals(await refusedIn(parser, 'a = "${["76561197980428157"]}" # 76561197980428157'), []);
});

Deno.test("a number whose exponent would keep the parser busy for minutes never reaches it", async () => {
  await using parser = openBlockParser();
  for (
    const [text, place] of [
      ["a = 1\nb = 1e9999999", "2:5 null"],
      ["a = [1e-999999999]", "1:6 null"],
      ["a = { 1e9999999 = 1 }", "1:7 null"],
      ['a = "x${b1e9999999 ? 1 : 1e9999999}"', "1:26 null"],
      ["a = <<E\n${1e9999999}\nE\n", "2:3 null"],
    ] as const
  ) assertEquals(await refusedIn(parser, text), [place], text);
  assertEquals(await refusedIn(parser, 'a = "1e9999999" # 1e9999999\nb = "$${1e9999999}"\nc = 0e9999999\n'), []);
});

Deno.test("a number in JSON, also in an expression there, is refused if it would become another", () => {
  const json = (number: string) =>
    `{"services": {"s": {"type": "t", "settings": {"a": ${number}, "b": [${number}], "c": "\${${number}}"}}},\n` +
    `"variables": {"v": ${number}}, "x": {"y": ${number}}}`;
  const refused = (text: string) => {
    const loaded = load(text, {}, false);
    return loaded.ok ? [] : loaded.diagnostics.filter(({ severity }) => severity === "error")
      .map(({ code, place, path }) => `${code} ${place!.line}:${place!.column} ${path}`);
  };
  assertEquals(refused(json("-9007199254740992")), []);
  for (const number of ["76561197980428157", "1e-400", "1e400", "0.1234567890123456789", "1e999999999"]) {
    const columns = [52, 52 + number.length + 8, 52 + 2 * number.length + 19];
    assertEquals(refused(json(number)), [
      `config/inexact-number 1:${columns[0]} service.s.a`,
      `config/inexact-number 1:${columns[1]} service.s.b`,
      `config/inexact-number 1:${columns[2]} service.s.c`,
      "config/inexact-number 2:20 variable.v",
      `config/inexact-number 2:${20 + number.length + 14} x.y`,
    ], number);
  }
});

Deno.test("the number that is refused is quoted, but not under a secret's name", () => {
  const reported = (name: string) => {
    const loaded = load(`{"variables": {"${name}": 76561197980428157}}`);
    assert(!loaded.ok);
    return loaded.diagnostics.map(({ why, suggestion }) => `${why} ${suggestion}`).join();
  };
  assert(reported("tenant").includes('"76561197980428157"'));
  assert(!/76561197/.test(reported("api_token")), reported("api_token"));
});

Deno.test("a number that would be rounded to a whole one is refused as none", () => {
  const loaded = load('{"dataSources": {"a": {"pool": {"timeout": 30.00000000000000000001}}}}', {}, false);
  assert(!loaded.ok);
  assertEquals(loaded.diagnostics.map(({ code, path }) => [code, path]), [
    ["config/wrong-type", "data_source.a.pool.timeout"],
  ]);
});
