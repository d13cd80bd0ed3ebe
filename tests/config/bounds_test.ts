// The bounds of a configuration, each at the bound and one beyond it.
import { assert, assertEquals } from "@std/assert";
import {
  concatenation,
  conditional,
  constant,
  environmentReference,
  type Expression,
  type Fault,
  MAX_TOTAL_LENGTH,
  MAX_VALUE_LENGTH,
  resolve,
} from "../../src/config/expressions.ts";
import { loadConfig } from "../../src/config/load.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { load, remarks } from "./loading.ts";

const nowhere = { start: 0, end: 0 };
const none = constant("");
const environmental = environmentReference("A", null, nowhere);

/** The result of parts: its kind, or the code of the fault. */
function kindOf(made: Expression | Fault): string {
  return made.kind === "fault" ? made.code : made.kind;
}

function textOf(length: number): Expression {
  return constant("x".repeat(length));
}

Deno.test("the bounds are those that are documented", () => {
  assertEquals([MAX_VALUE_LENGTH, MAX_TOTAL_LENGTH], [1_048_576, 64 * 1_048_576]);
});

Deno.test("all parts of an expression count towards the longest that one may be", () => {
  const room = MAX_VALUE_LENGTH - conditionalWeight(none, none);
  const made = (condition: Expression, yes: Expression, no: Expression) =>
    kindOf(conditional(condition, yes, no, nowhere));
  assertEquals(made(environmental, textOf(room), none), "conditional");
  assertEquals(made(environmental, textOf(room + 1), none), "config/value-too-large");
  assertEquals(made(environmental, none, textOf(room)), "conditional");
  assertEquals(made(environmental, none, textOf(room + 1)), "config/value-too-large");
  assertEquals([environmental.weight, conditionalWeight(none, none)], [1 + 8, 1 + 8 + 8]);
  const named = (length: number) => environmentReference("A".repeat(length), null, nowhere);
  assertEquals(made(named(room + 1), none, none), "conditional");
  assertEquals(made(named(room + 2), none, none), "config/value-too-large");
  const defaulted = (length: number) => environmentReference("A", "x".repeat(length), nowhere);
  assertEquals(made(defaulted(room), none, none), "conditional");
  assertEquals(made(defaulted(room + 1), none, none), "config/value-too-large");
  const joined = (...parts: Expression[]) => kindOf(concatenation(parts, nowhere));
  const [half, more] = [textOf(MAX_VALUE_LENGTH / 2), textOf(MAX_VALUE_LENGTH / 2 + 1)];
  assertEquals([joined(half, half), joined(half, more)], ["constant", "config/value-too-large"]);
  const beside = MAX_VALUE_LENGTH - environmental.weight - 3;
  assertEquals(joined(environmental, textOf(beside)), "concatenation");
  assertEquals(joined(environmental, textOf(beside + 1)), "config/value-too-large");
});

function conditionalWeight(yes: Expression, no: Expression): number {
  const made = conditional(environmental, yes, no, nowhere);
  assert(made.kind === "conditional");
  return made.weight;
}

Deno.test("an expression may be nested a hundred deep, in each of its parts, and no deeper", () => {
  const nesters: ((inner: Expression) => Expression | Fault)[] = [
    (inner) => conditional(inner, none, none, nowhere),
    (inner) => conditional(environmental, inner, none, nowhere),
    (inner) => conditional(environmental, none, inner, nowhere),
  ];
  for (const nest of nesters) {
    let made: Expression = environmental;
    for (let depth = 0; depth < 100; depth++) {
      const next = nest(made);
      assert(next.kind !== "fault", `${depth}`);
      made = next;
    }
    assertEquals(kindOf(nest(made)), "config/expression-too-deep");
    assertEquals(kindOf(concatenation([none, made], nowhere)), "config/expression-too-deep");
  }
});

Deno.test("a value of the environment counts towards the longest value, by itself and with the text beside it", () => {
  const value = (expression: Expression | Fault, length: number) => {
    assert(expression.kind !== "fault");
    const resolved = resolve(expression, () => "x".repeat(length));
    return resolved.kind === "fault" ? resolved.code : (resolved.value as string).length;
  };
  assertEquals(value(environmental, MAX_VALUE_LENGTH), MAX_VALUE_LENGTH);
  assertEquals(value(environmental, MAX_VALUE_LENGTH + 1), "config/value-too-large");
  const twice = concatenation([environmental, environmental], nowhere);
  assertEquals(value(twice, MAX_VALUE_LENGTH / 2), MAX_VALUE_LENGTH);
  assertEquals(value(twice, MAX_VALUE_LENGTH / 2 + 1), "config/value-too-large");
  const beside = concatenation([environmental, constant("y")], nowhere);
  assertEquals(value(beside, MAX_VALUE_LENGTH - 1), MAX_VALUE_LENGTH);
  assertEquals(value(beside, MAX_VALUE_LENGTH), "config/value-too-large");
});

/** The errors of a configuration. */
function errors(source: unknown, environment: Record<string, string> = {}): string[] {
  return remarks(load(source, environment, false)).filter((one) => one.startsWith("error"));
}

Deno.test("a text in which a server looks for names may be as long as any other if it has none", () => {
  assertEquals(errors({ dataSources: { d: { connection: "env(".padEnd(MAX_VALUE_LENGTH + 1, "x") } } }), []);
});

Deno.test("all texts of a host together may be 64 MiB long, and that they are longer is reported once", () => {
  const settings = (count: number, rest: object) => {
    const each = Array.from({ length: count }, (_, at): [string, string] => [`s${at}`, "${env:LONG}"]);
    return { services: { s: { settings: { ...Object.fromEntries(each), ...rest } } } };
  };
  const environment = { LONG: "x".repeat(MAX_VALUE_LENGTH) };
  assertEquals(errors(settings(64, {}), environment), []);
  assertEquals(errors(settings(64, { more: "y" }), environment), ["error values-too-large service.s.more"]);
  assertEquals(errors(settings(64, { more: "y", most: "z" }), environment), ["error values-too-large service.s.more"]);
});

Deno.test("all that is evaluated together may come to 64 MiB, for each value something beside its text", () => {
  // Beside the variable's text a setting counts 64, 10 for the condition and its yes, and 8 for the conditional.
  const long = "x".repeat(MAX_VALUE_LENGTH - 64 - environmental.weight - 1 - 8);
  const source = (count: number, rest: number) => {
    const each = Array.from({ length: count }, (_, at): [string, string] => [`s${at}`, '${env("A") ? 1 : var.long}']);
    return {
      variables: { long },
      services: { s: { settings: { ...Object.fromEntries(each), rest: "y".repeat(rest) } } },
    };
  };
  const found = (count: number, rest: number) => errors(source(count, rest), { A: "true" });
  // The variable is its own value, which is read first.
  const room = 2 * MAX_VALUE_LENGTH - (64 + long.length) - 64;
  assertEquals(found(62, room), []);
  assertEquals(found(62, room + 1), ["error values-too-large service.s.rest"]);
  assertEquals(found(64, 0), ["error values-too-large service.s.s63"]);
});

/** A value inside this many lists. */
function nested(depth: number, inner: unknown): unknown {
  let value = inner;
  for (let at = 0; at < depth; at++) value = [value];
  return value;
}

Deno.test("values may be nested 250 deep, including variables in one another, and no deeper", () => {
  const source = (depth: number, kind: "list" | "map") => ({
    variables: { inner: nested(150, 1) },
    services: {
      s: { settings: { deep: kind === "map" ? maps(depth, "${var.inner}") : nested(depth, "${var.inner}") } },
    },
  });
  const maps = (depth: number, inner: unknown) => {
    let value = inner;
    for (let at = 0; at < depth; at++) value = { a: value };
    return value;
  };
  for (const kind of ["list", "map"] as const) {
    assertEquals(errors(source(100, kind)), []);
    assertEquals(errors(source(101, kind)).map((one) => one.split(" ")[1]), ["value-too-deep"]);
  }
  const many = Array.from({ length: 300 }, () => [{ a: [] }]);
  assertEquals(errors({ services: { s: { settings: { many } } } }), []);
});

Deno.test("an unknown block may have fifty names, and no more", () => {
  const found = (count: number) => {
    const source = sourceText("test.hcl", "x");
    const labels = Array.from({ length: count }, (_, at) => ({ text: `l${at}`, range: nowhere }));
    const body = { kind: "fields", form: "block", entries: [], range: nowhere } as const;
    const blocks = [{ type: "x", typeRange: nowhere, labels, body, range: nowhere }];
    const document = { source, blocks, attributes: [], mistakes: [] };
    return remarks(loadConfig({ document, environment: () => undefined, validate: false }));
  };
  assertEquals(found(50).filter((one) => one.startsWith("error")), []);
  assertEquals(found(51).filter((one) => one.startsWith("error")), ["error wrong-labels x"]);
});

Deno.test("names and numbers of a summary are cut if they are long", () => {
  const name = (length: number) => {
    const loaded = load({ honua: { ["n".repeat(length)]: 1 } }, {}, false);
    assert(loaded.ok);
    return loaded.warnings.find(({ path }) => path !== null)!.summary;
  };
  assertEquals(name(100), `Unknown setting ${"n".repeat(100)}`);
  assertEquals(name(101), `Unknown setting ${"n".repeat(100)}…`);
  const missing = (length: number) => {
    const loaded = load({ honua: { version: `\${env:${"E".repeat(length)}}` } }, {}, false);
    assert(!loaded.ok);
    return loaded.diagnostics[0]!.summary;
  };
  assertEquals(missing(100), `The environment has no variable ${"E".repeat(100)}`);
  assertEquals(missing(101), `The environment has no variable ${"E".repeat(100)}…`);
});

Deno.test("a cycle of more than eight names is reported with its first seven", () => {
  const cycle = (length: number) => {
    const variables = Object.fromEntries(
      Array.from({ length }, (_, at) => [`v${at}`, `\${var.v${(at + 1) % length}}`]),
    );
    const loaded = load({ variables }, {}, false);
    return loaded.ok ? null : loaded.diagnostics.find(({ code }) => code === "config/variable-cycle")!.why;
  };
  const names = (count: number) => Array.from({ length: count }, (_, at) => `var.v${at}`);
  assertEquals(cycle(8), `Its value needs its own value: ${[...names(8), "var.v0"].join(" -> ")}`);
  assertEquals(cycle(9), `Its value needs its own value: ${[...names(7), "…", "var.v0"].join(" -> ")}`);
});

Deno.test("a value of the environment is a secret from four characters on", () => {
  const { secrets } = load({ honua: { version: "1.0", allowedHosts: ["${env:A}", "${env:B}", "${env:A}"] } }, {
    A: "abcd",
    B: "abc",
  });
  assertEquals(secrets, ["abcd"]);
});

Deno.test("a thousand diagnostics are all kept, and if there is one more the last says so", () => {
  const reported = (count: number) => {
    const unknown = Object.fromEntries(Array.from({ length: count }, (_, at) => [`u${at}`, at]));
    const loaded = load({ honua: unknown }, {}, false);
    assert(loaded.ok);
    return [loaded.warnings.length, loaded.warnings.at(-1)!.summary];
  };
  assertEquals(reported(1_000), [1_000, "Unknown setting u999"]);
  assertEquals(reported(1_001), [1_001, "1 further diagnostics are not shown"]);
});
