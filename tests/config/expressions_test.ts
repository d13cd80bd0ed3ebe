import { assert, assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { sourceText } from "../../src/diagnostic/range.ts";
import type { Template } from "../../src/document/document.ts";
import {
  concatenation,
  conditional,
  constant,
  environmentReference,
  type Expression,
  type Fault,
  portableText,
  resolve,
} from "../../src/config/expressions.ts";
import { plain } from "../../src/config/evaluation.ts";
import { openScopeMemory } from "../../src/config/scope.ts";
import { loadValid, remarks } from "./loading.ts";
import { load } from "./loading.ts";

const nowhere = { start: 0, end: 0 };

/** The value of a template without any variable. */
function evaluate(text: string): Expression | Fault {
  const template: Template = { kind: "template", text, codes: [], range: nowhere };
  const source = sourceText("test", "");
  const scope = openScopeMemory().open({ variables: new Map(), caches: new Map() }, source);
  const result = scope.evaluate(template, plain, { source, spent: 0, lookUps: new Map() });
  assert(result.kind !== "compound" && result.kind !== "reported");
  return result;
}

function portable(text: string): string {
  const expression = evaluate(text);
  assert(expression.kind !== "fault", text);
  return portableText(expression);
}

function value(text: string, environment: Record<string, string> = {}): unknown {
  const expression = evaluate(text);
  if (expression.kind === "fault") return expression.code;
  const result = resolve(expression, (name) => environment[name]);
  return result.kind === "fault" ? result.code : result.value;
}

Deno.test("every expression of the subset has its value", () => {
  const cases: [string, Record<string, string>, unknown][] = [
    ["plain", {}, "plain"],
    ['${env("A")}', { A: "x" }, "x"],
    ['a ${env( "A" )} b', { A: "x" }, "a x b"],
    ['${env("A", "d")}', {}, "d"],
    ['${env("A", "d")}', { A: "" }, ""],
    ['${env("A")}', { A: '${env("B")}' }, '${env("B")}'],
    ["${service.odata}", {}, "odata"],
    ["${data_source.my-db}", {}, "my-db"],
    ["${true}", {}, true],
    ["${12.50}", {}, 12.5],
    ["v${12.50}", {}, "v12.50"],
    ['${true ? "a" : "b"}', {}, "a"],
    ['${(env("A")) ? 1 : 2}', { A: "FALSE" }, 2],
    ['${env("A") ? env("B") : env("C")}', { A: "true", B: "b" }, "b"],
    ['${env("A") ? env("B") : env("C")}', { A: "false", B: "b" }, "config/missing-environment-variable"],
    ['${env("A") ? 1 : 2}', { A: "yes" }, "config/condition-not-boolean"],
    ['${env("A") ? "x" : env("B") ? "y" : "z"}', { A: "false", B: "false" }, "z"],
    ['${"q\\n\\"\\u00e4\\\\"}', {}, 'q\n"\u00e4\\'],
    ['${"a${env("A")}b"}', { A: "x" }, "axb"],
    ["$${x} %%{y} $x $", {}, "${x} %{y} $x $"],
    ['${env("A") /* why */ ? 1 # one\n : 2}', { A: "true" }, 1],
    ['${env("A") // why\n ? 1 : 2}', { A: " True\t" }, 1],
    ['${env("A") ? 1 : 2}', { A: " False " }, 2],
    ['${env("A") ? 1 : 2}', { A: "" }, "config/condition-not-boolean"],
    ["${1 ? 1 : 2}", {}, "config/condition-not-boolean"],
    ["${null ? 1 : 2}", {}, "config/condition-not-boolean"],
    ['${"true" ? 1 : 2}', {}, 1],
    ['${"false" ? 1 : 2}', {}, 2],
    ["${null}", {}, null],
    ["x${null}", {}, "config/null-in-string"],
    ['${env("A") ? null : 1}', { A: "true" }, null],
    ['x${env("A") ? null : 1}', { A: "true" }, "config/null-in-string"],
    ['x${env("A") ? null : 1}', { A: "false" }, "x1"],
    ['${env("A")}', {}, "config/missing-environment-variable"],
    ['${env("A", 5,)}', {}, "5"],
    ['${env("A", 1.50)}', {}, "1.50"],
    ['${env("A", true)}', {}, "true"],
    ['${env("A", "")}', {}, ""],
    ['${env ("A")}', { A: "x" }, "x"],
    ["${-1.5e3}", {}, -1500],
    ["v${-1.5E+3}", {}, "v-1.5E+3"],
    ["${1e-2}", {}, 0.01],
    ["${1e10}", {}, 10_000_000_000],
    ['${"a"}', {}, "a"],
    ['${""}', {}, ""],
    ["", {}, ""],
    ['${"\\n\\r\\t\\U0001F600"}', {}, "\n\r\t\u{1f600}"],
    ["${service.\u00e4-1}", {}, "\u00e4-1"],
    ["${service._a}", {}, "_a"],
    ["${cache.x.y}", {}, "config/unsupported-expression"],
    ["${service.x.y}", {}, "config/unsupported-expression"],
    ['a${"b"}${1}${true}c', {}, "ab1truec"],
    // Characters that make neither code nor an escape are text.
    ["$ $$ % %% $$$ {}", {}, "$ $$ % %% $$$ {}"],
    ["$$$${x}", {}, "$$${x}"],
    ['${"$${x}%%{y}$"}', {}, "${x}%{y}$"],
    ["a\\nb", {}, "a\\nb"],
    ['"a"', {}, '"a"'],
  ];
  for (const [text, environment, expected] of cases) assertEquals(value(text, environment), expected, text);
});

Deno.test("anything outside the subset is refused by name", () => {
  const cases: [string, string][] = [
    ["${1 + 2}", "The operator + is not supported"],
    ['${env("A") == "x" ? 1 : 2}', "The operator == is not supported"],
    ["${!cache.x.enabled ? 1 : 2}", "The operator ! is not supported"],
    ['${upper("x")}', "This function is not supported"],
    ["${[1, 2]}", "A list […] inside an expression is not supported"],
    ["${{ a = 1 }}", "A map {…} inside an expression is not supported"],
    ['${var.x["y"]}', "An index […] is not supported"],
    ["${service.x.*}", "A splat (.*) is not supported"],
    ["%{ if true }x%{ endif }", "A directive %{…} is not supported"],
    ["${~ true ~}", "The trim marker ~ is not supported"],
    ["${}", "This expression is not complete"],
    ["${true ? 1}", "This expression is not complete"],
    ["${env()}", "env() takes a name and, if need be, a default"],
    ["${env(var.x)}", "env() takes a name and, if need be, a default"],
    ['${env("A", "b", "c")}', "env() takes a name and, if need be, a default"],
    ["${word}", "A word without quotes has no meaning here"],
    ["${local.word}", "This reference is not supported"],
    ["${var.x.y}", "Parts of a variable are not supported"],
    ["${" + "(".repeat(1000) + "1" + ")".repeat(1000) + "}", "This expression is nested more than 64 deep"],
    ["${" + "(".repeat(64) + "1" + ")".repeat(64) + "}", "This expression is nested more than 64 deep"],
    ["${" + "(".repeat(63) + "1" + ")".repeat(63) + "}", "constant"],
    ["${true ? 1 : 2}".repeat(100), "constant"],
    ['${"' + '${"'.repeat(31) + '"}'.repeat(31) + '"}', "constant"],
    ['${"' + '${"'.repeat(32) + '"}'.repeat(32) + '"}', "This expression is nested more than 64 deep"],
    ['${("' + '${"'.repeat(31) + '"}'.repeat(31) + '")}', "This string is nested too deep"],
    ["${var}", "The name of the variable is missing"],
    ["${service.}", "A name is missing after the dot"],
    ["${service.1}", "A name is missing after the dot"],
    ["${service..x}", "This expression is not supported"],
    ["${service.x...}", "The operator ... is not supported"],
    ['${env("")}', "env() takes a name and, if need be, a default"],
    ['${env("A", null)}', "env() takes a name and, if need be, a default"],
    ['${env("A" "b")}', "This expression is not supported"],
    ['${env("A"', "This expression is not complete"],
    ['${"a}', "This string is never closed"],
    ['${"\\x"}', "This escape is not HCL's"],
    ['${"\\u12"}', "This escape is not HCL's"],
    ['${"\\u12g4"}', "This escape is not HCL's"],
    ['${"\\ug412"}', "This escape is not HCL's"],
    ['${"\\u412g"}', "This escape is not HCL's"],
    ['${"\\x41"}', "This escape is not HCL's"],
    ['${"\\U00110000"}', "This escape is not HCL's"],
    ['${"\\U0010ffff"}', "constant"],
    ["${true ? 1 2}", "This expression is not supported"],
    ["${(true}", "This expression is not complete"],
    ["${true false}", "This expression is not supported"],
    ["${a => b}", "The operator => is not supported"],
    ["${true && false}", "The operator && is not supported"],
    ["${1 <= 2}", "The operator <= is not supported"],
    ["${1 < 2}", "The operator < is not supported"],
    ["${1...}", "The operator ... is not supported"],
    ["${1.}", "This expression is not supported"],
    ["${1e}", "This expression is not supported"],
    ["${1e+}", "This expression is not supported"],
    ["${-}", "The operator - is not supported"],
    ["x %{ if true }", "A directive %{…} is not supported"],
  ];
  for (const [text, expected] of cases) {
    const result = evaluate(text);
    assertEquals(result.kind === "fault" ? result.summary : result.kind, expected, text);
  }
});

Deno.test("the portable text has one spelling", () => {
  const cases: [string, string][] = [
    ['${ env(  "A"  ) }', '${env("A")}'],
    ['${env("A","d" )}', '${env("A", "d")}'],
    ['${(env("A"))?("x"):(2)}', '${env("A") ? "x" : 2}'],
    ['${(env("A") ? true : false) ? "x" : "y"}', '${(env("A") ? true : false) ? "x" : "y"}'],
    ['${"a${"b"}c"}', "abc"],
    ['a$${b}${env("A")}%%{c}', 'a$${b}${env("A")}%%{c}'],
    ['${"$"}${env("A")}', '${"$"}${env("A")}'],
    ['a${"$$"}${env("A")}$$', 'a${"$$"}${env("A")}$$'],
    ['${env("A") ? "$$" : "a${"$"}${env("B")}"}', '${env("A") ? "$$" : "a${"$"}${env("B")}"}'],
    ['${"a${"$"}${env("A")}"}', 'a${"$"}${env("A")}'],
    // A lone conditional in quotes is a text, with any result; a value that is a text already needs no quotes.
    ['${"${env("A") ? 1 : 2}"}', '${env("A") ? 1 : 2}'],
    ['${env("A") ? 1 : 2}${""}', '${env("A") ? 1 : 2}${""}'],
    ['x${"a${env("A")}b"}c', 'xa${env("A")}bc'],
    ['${env("A") ? "x${"a${env("A")}b"}c" : 1}', '${env("A") ? "xa${env("A")}bc" : 1}'],
    ['${env("A") ? "x" : 2}${""}', '${env("A") ? "x" : 2}${""}'],
    ['${env("A") ? 1 : "x"}${""}', '${env("A") ? 1 : "x"}${""}'],
    ['${env("A") ? "x" : "y"}${""}', '${env("A") ? "x" : "y"}'],
    ['${env("A")}${""}', '${env("A")}'],
    ['${env("A") ? (env("B") ? 1 : "x") : "y"}${""}', '${env("A") ? env("B") ? 1 : "x" : "y"}${""}'],
    ['${env("A") ? null : 1.50}', '${env("A") ? null : 1.50}'],
    ['${env("A") ? "a\\"\\\\\\n\\r\\t\\u0001\\u007f" : 1}', '${env("A") ? "a\\"\\\\\\n\\r\\t\\u0001\\u007f" : 1}'],
    ['${true ? env("A") : env("B")}', '${env("A")}'],
  ];
  for (const [text, expected] of cases) assertEquals(portable(text), expected, text);
});

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab $%{}"\\\n~') }),
  fc.string({ unit: anyCharacter }).filter((text) => text.isWellFormed()),
);
const names = fc.string({ minLength: 1 }).filter((text) => text.isWellFormed());

const expressions = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5 },
    texts.map((text) => constant(text)),
    fc.boolean().map((truth) => constant(truth)),
    fc.integer().map((number) => constant(number, String(number))),
    fc.tuple(names, fc.option(texts)).map(([name, fallback]) => environmentReference(name, fallback, nowhere)),
    fc.array(tie("expression"), { maxLength: 4 }).map((parts) => sound(concatenation(parts, nowhere))),
    fc.tuple(names, tie("expression"), tie("expression")).map(([name, yes, no]) =>
      sound(conditional(environmentReference(name, null, nowhere), yes, no, nowhere))
    ),
  ),
})).expression;

function sound(expression: Expression | Fault): Expression {
  assert(expression.kind !== "fault");
  return expression;
}

Deno.test("the portable text evaluates to its original value", () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      const text = portableText(expression);
      assertEquals(portable(text), text);
      const environment = (name: string) => name.length % 2 === 0 ? "true" : "false";
      const again = evaluate(text);
      assert(again.kind !== "fault");
      const one = resolve(expression, environment);
      const other = resolve(again, environment);
      assert(one.kind !== "fault" && other.kind !== "fault");
      // A constant by itself is written as JSON, which has types; as a template it is a text.
      assertEquals(other.value, expression.kind === "constant" ? String(one.value) : one.value);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("any text at all is evaluated or refused, and never thrown at", () => {
  const units = fc.constantFrom(...'ab.$%{}()"\\?: \n,[]~', "${", "env(", "var.", "true");
  fc.assert(fc.property(fc.string({ unit: units }), (text) => void evaluate(text)), { numRuns: 2_000 });
});

Deno.test("a cycle of variables is an error that names it, once", () => {
  const loaded = load({ variables: { a: "${var.b}", b: "x${var.c}", c: "${var.a}", d: "${var.a}" } });
  assertEquals(remarks(loaded).filter((one) => one.startsWith("error")), ["error variable-cycle variable.a"]);
  const cycle = !loaded.ok && loaded.diagnostics.find((one) => one.code === "config/variable-cycle");
  assertEquals(cycle && cycle.why, "Its value needs its own value: var.a -> var.b -> var.c -> var.a");
});

Deno.test("a few variables that multiply one another come to an error and not to the end of memory", () => {
  for (const make of [(name: string) => `\${${name}}\${${name}}`, (name: string) => [`\${${name}}`, `\${${name}}`]]) {
    for (const seed of ["ha", '${env("A")}']) {
      const variables = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`v${at + 1}`, make(`var.v${at}`)]));
      const loaded = load({ variables: { v0: seed, ...variables } }, { A: "ha" });
      assertEquals(loaded.ok, false);
      assert(remarks(loaded).some((one) => /too-large/.test(one)));
    }
  }
});

Deno.test("a long chain of variables costs no stack", () => {
  const chain = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`v${at + 1}`, `\${var.v${at}}`]));
  assertEquals(loadValid({ variables: { ...chain, v0: "end" } }).config.variables.v20000, "end");
});
