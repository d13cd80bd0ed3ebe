// The values of variables in each kind of setting, and the diagnostics if they cannot be used.
import { assert, assertEquals } from "@std/assert";
import { readVariable, secretOf, valueOf } from "../../src/config/blocks.ts";
import { openRecorder } from "../../src/config/facts.ts";
import type { Reader } from "../../src/config/reading.ts";
import { openScopeMemory } from "../../src/config/scope.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import type { Block, Value } from "../../src/document/document.ts";
import { load, loadValid, plain, remarks } from "./loading.ts";

/** The value of a bare `var.x` in a setting of a service, for a variable of that value. */
function bare(value: unknown, environment: Record<string, string> = {}, text = "<var.x>"): [unknown, unknown] {
  const { config, portable } = loadValid(
    { variables: { x: value }, services: { s: { settings: { text } } } },
    environment,
  );
  const settings = (portable as unknown as typeof config).services.s!.settings;
  return [config.services.s!.settings.text, settings.text];
}

Deno.test("a bare variable is spelled as the server spells it, even if the environment decides", () => {
  assertEquals(bare("b"), ["<b>", "<b>"]);
  assertEquals([bare(true), bare(false)], [["<True>", "<True>"], ["<False>", "<False>"]]);
  assertEquals([bare(1.5), bare(null), bare("")], [["<1.5>", "<1.5>"], ["<>", "<>"], ["<>", "<>"]]);
  assertEquals(bare("${env:E}", { E: "true" }), ["<true>", '<${env("E")}>']);
  assertEquals(bare("a${env:E}", { E: "b" }), ["<ab>", '<a${env("E")}>']);
  const choice = '${env("E") ? true : false}';
  assertEquals(bare(choice, { E: "true" }), ["<True>", '<${env("E") ? "True" : "False"}>']);
  assertEquals(bare(choice, { E: "false" })[0], "<False>");
  assertEquals(bare('${env("E") ? (env("E") ? 1 : null) : true}', { E: "true" })[0], "<1>");
});

Deno.test("a bare variable begins and ends at the bounds of its word", () => {
  const value = (text: string) => bare("b", {}, text)[0];
  assertEquals(value("var.x"), "b");
  assertEquals(value("var.x var.x"), "b b");
  assertEquals(["avar.x", "1var.x", "_var.x", ".var.x", "-var.x", "\u00e4var.x", "q\u0301var.x"].map(value), [
    ...["avar.x", "1var.x", "_var.x", ".var.x", "-var.x", "\u00e4var.x", "q\u0301var.x"],
  ]);
  assertEquals(["/var.x", "(var.x)", "=var.x;", "var.x.y", "var.x-y", "\u{1f600}var.x"].map(value), [
    ...["/b", "(b)", "=b;", "b.y", "b-y", "\u{1f600}b"],
  ]);
  assertEquals([value("var."), value("var .x"), value("Var.x"), value("var.-")], ["var.", "var .x", "Var.x", "var.-"]);
  assert(
    remarks(load({ services: { s: { settings: { a: "var.x1" } } }, variables: { x: 1 } })).includes(
      "error undefined-variable service.s.a",
    ),
  );
});

Deno.test("a bare variable beside code counts in the text of the setting, and not in a string inside code", () => {
  const variables = { x: "b" };
  const settings = (text: string) => {
    const { config } = loadValid({ variables, services: { s: { settings: { text } } } }, { E: "true" });
    return config.services.s!.settings.text;
  };
  assertEquals(settings("var.x${env:E}"), "btrue");
  assertEquals(settings('${env("E") ? "var.x" : "c"}'), "var.x");
  assertEquals(settings('a${true ? "var.x" : "c"}var.x'), "avar.xb");
  assertEquals(settings('${"var.x"}'), "var.x");
  const { config } = loadValid({
    variables,
    layers: { l: { title: "var.x${env:E}", description: "var.x" } },
    dataSources: { d: { connection: "var.x${env:E}" } },
  }, { E: "e" });
  assertEquals([config.layers.l!.title, config.layers.l!.description], ["var.xe", "var.x"]);
  assertEquals(config.dataSources.d!.connection, "be");
});

/** The errors of one setting of a service. */
function errorsOf(setting: string, variables: Record<string, unknown> = {}): unknown[] {
  const loaded = load({ variables, services: { s: { settings: { setting } } } }, { E: "true" }, false);
  return loaded.ok ? [] : loaded.diagnostics.filter(({ severity }) => severity === "error")
    .map(({ code, suggestion }) => [code.replace("config/", ""), suggestion]);
}

Deno.test("a list or a map has no place inside a text or any part of a conditional", () => {
  const variables = { list: [1], map: { a: 1 } };
  const inside = [
    ...["x${var.list}", "${var.map}x", "x var.list", "${var.list ? 1 : 2}", '${env("E") ? var.list : 1}'],
    ...['${env("E") ? 1 : var.map}', '${"${var.list}x"}'],
  ];
  for (const setting of inside) assertEquals(errorsOf(setting, variables), [["list-in-expression", null]], setting);
  for (const whole of ["${var.list}", "${true ? var.list : 1}", "${false ? 1 : var.map}", '${"${var.list}"}']) {
    assertEquals(errorsOf(whole, variables), [], whole);
  }
});

Deno.test("a variable without a value is reported at its place, and an undefined one at every setting that needs it", () => {
  const faulty = { bad: "${1 + 1}" };
  assertEquals(errorsOf("${var.bad}", faulty), [["unsupported-expression", null]]);
  assertEquals(errorsOf('${env("E") ? var.bad : 1}', faulty).length, 1);
  assertEquals(errorsOf('${env("E") ? 1 : var.bad}', faulty).length, 1);
  assertEquals(errorsOf("${var.bad ? 1 : 2}", faulty).length, 1);
  assertEquals(errorsOf("${var.none}"), [["undefined-variable", 'Define it: variable "none" { default = … }']]);
  assertEquals(errorsOf("${var.siez}", { size: 1 }), [["undefined-variable", "Did you mean var.size?"]]);
  const through = errorsOf("${var.a}", { a: "${var.none}" });
  assertEquals(through.map((one) => (one as string[])[0]), ["undefined-variable", "undefined-variable"]);
  assertEquals(errorsOf("${cache.none.enabled}"), [[
    "unknown-cache",
    'Define cache "none", or write the value itself',
  ]]);
});

Deno.test("a dotted name is a reference if one is wanted, and in other settings only if its root is one", () => {
  for (const root of ["service", "data_source", "cache", "layer"]) {
    assertEquals(loadValid({ layers: { l: { title: `\${${root}.x}` } } }).config.layers.l!.title, "x");
  }
  const title = (text: string) => remarks(load({ layers: { l: { title: text } } }, {}, false));
  for (const text of ["${local.x}", "${service.x.y}", "${x.y.z}", "${word}"]) {
    assertEquals(title(text), ["error unsupported-expression layer.l.title"], text);
  }
  const { config } = loadValid({ layers: { l: { dataSource: "${x.y}", services: ["${x.y.z}", "${service.a}"] } } });
  assertEquals([config.layers.l!.dataSource, config.layers.l!.services], ["y", ["z", "a"]]);
  assertEquals(errorsOf("${local.x}").length, 1);
  assertEquals(loadValid({ layers: { l: { dataSource: "${word}" } } }).config.layers.l!.dataSource, "word");
});

const nowhere = { start: 0, end: 0 };

function block(entries: Record<string, Value>): Block {
  const each = Object.entries(entries).map(([name, value]) => ({ name, nameRange: nowhere, value }));
  const body = { kind: "fields", form: "block", entries: each, range: nowhere } as const;
  return { type: "variable", typeRange: nowhere, labels: [{ text: "x", range: nowhere }], body, range: nowhere };
}

function literal(value: null | boolean | number | string): Value {
  return { kind: "literal", value, range: nowhere };
}

/** The result of reading a variable's block, and its diagnostics. */
function variable(entries: Record<string, Value>): unknown[] {
  const findings = openRecorder();
  const source = sourceText("t.hcl", "");
  const scope = openScopeMemory().open({ variables: new Map(), caches: new Map() }, source);
  const counts = { depth: 0, length: 0, spent: 0, lookUps: new Map() };
  const reader: Reader = { source, scope, environment: () => undefined, findings, ...counts };
  const { resolved } = readVariable(reader, "x", block(entries));
  return [resolved, ...findings.take().findings.map(({ code, path, suggestion }) => [code, path, suggestion])];
}

Deno.test("a variable's default is its value, null is none, and any other setting of it is reported", () => {
  assertEquals(variable({ default: literal(5) }), [5]);
  assertEquals(variable({ default: literal(false) }), [false]);
  const without = (suggestion: string) => [null, ["config/variable-without-value", "variable.x", suggestion]];
  assertEquals(variable({}), without("Give it one: default = …"));
  assertEquals(variable({ type: literal("x") }), without("Give it one: default = …"));
  assertEquals(
    variable({ type: literal("x"), defualt: literal(1) }),
    without("Did you mean default in place of defualt?"),
  );
  assertEquals(variable({ type: literal("x"), default: literal(5) }), [5, [
    "server/not-supported",
    "variable.x.type",
    null,
  ]]);
  assertEquals(variable({ default: literal(5), defaults: literal(6) }), [
    ...[5, ["server/not-supported", "variable.x.defaults", "Did you mean default?"]],
  ]);
});

Deno.test("a null that is written is no value, and every other literal is", () => {
  const found = (value: Value) => valueOf(block({ a: literal(1), default: value }), "default") === value;
  assertEquals([literal(null), literal(false), literal(0), literal("")].map(found), [false, true, true, true]);
  assertEquals(valueOf(block({ a: literal(1) }), "default"), null);
});

Deno.test("a text of a variable with a secret's name is a secret, and nothing else of it is", () => {
  const secret = (name: string, resolved: unknown) => secretOf(name, { resolved, portable: null } as never);
  assertEquals([secret("db_password", "x"), secret("db_password", ""), secret("db_password", 5)], ["x", null, null]);
  assertEquals([secret("size", "x"), secret("db_password", undefined)], [null, null]);
});

Deno.test("an id and a type are in both forms, in the portable one as a template spells them", () => {
  const { config, portable } = loadValid({ services: { "a${b": {}, c: { type: "${env:T}" } }, caches: { "%{x": {} } }, {
    T: "t",
  });
  const open = plain(portable) as typeof config;
  assertEquals([config.services["a${b"]!.id, config.services["a${b"]!.type], ["a${b", "a${b"]);
  assertEquals([open.services["a${b"]!.id, open.services["a${b"]!.type], ["a$${b", "a$${b"]);
  assertEquals([config.services.c!.type, open.services.c!.type, open.services.c!.id], ["t", '${env("T")}', "c"]);
  assertEquals([config.caches["%{x"]!.id, open.caches["%{x"]!.id, open.caches["%{x"]!.type], ["%{x", "%%{x", "memory"]);
});
