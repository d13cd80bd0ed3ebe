// The entries that a scope keeps of the one before it: all that mean the same, also near the bound on all values.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type Evaluation, plain } from "../../src/config/evaluation.ts";
import { MAX_TOTAL_LENGTH } from "../../src/config/expressions.ts";
import { openScopeMemory, type Scope, type ScopeMemory } from "../../src/config/scope.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import type { Value } from "../../src/document/document.ts";

const SOURCE = sourceText("test.hcl", "");
const nowhere = { start: 0, end: 0 };

function literal(value: string | number | boolean | null): Value {
  return { kind: "literal", value, range: nowhere };
}

function template(text: string): Value {
  return { kind: "template", text, codes: [], range: nowhere };
}

/** The scope that variables and the `enabled` of caches make. */
function open(memory: ScopeMemory, variables: Record<string, Value | null>, caches: Record<string, Value | null> = {}) {
  return memory.open({
    variables: new Map(Object.entries(variables)),
    caches: new Map(Object.entries(caches)),
  }, SOURCE);
}

/** The meaning of a name, in short. */
function outcome(scope: Scope, name: string): unknown {
  const found = scope.outcomeOf(name) as Evaluation | undefined;
  if (found === undefined) return undefined;
  return found.kind === "constant" ? found.value : found.kind === "fault" ? found.code : found.kind;
}

Deno.test("a definition is evaluated again if it, or a definition that it names, is another, and stays the same object if not", () => {
  const memory = openScopeMemory();
  const [a, b, c, d] = [literal("a"), template("x${var.a}"), template("x${var.b}"), template("${cache.r.enabled}")];
  const first = open(memory, { a, b, c, d }, { r: null });
  assertEquals(memory.evaluated, 5);
  assertEquals(["var.a", "var.b", "var.c", "var.d"].map((name) => outcome(first, name)), ["a", "xa", "xxa", true]);

  assertStrictEquals(open(memory, { a, b, c, d }, { r: null }), first);
  assertEquals(memory.evaluated, 0);

  const second = open(memory, { a, b, c: literal("c"), d }, { r: null });
  assertEquals([memory.evaluated, outcome(second, "var.c")], [1, "c"]);
  assertStrictEquals(second.outcomeOf("var.b"), first.outcomeOf("var.b"));

  const third = open(memory, { a: literal("z"), b, c, d }, { r: literal(false) });
  assertEquals([memory.evaluated, outcome(third, "var.c"), outcome(third, "var.d")], [5, "xxz", false]);
});

Deno.test("the same values in another order are another scope, in which nothing is evaluated again", () => {
  const memory = openScopeMemory();
  const [a, b] = [literal("a"), literal("b")];
  const first = open(memory, { a, b });
  const second = open(memory, { b, a });
  assert(second !== first);
  assertEquals([memory.evaluated, second.outcomeOf("var.a") === first.outcomeOf("var.a")], [0, true]);
  assertEquals(outcome(open(memory, { b }), "var.a"), undefined);
  assertEquals(outcome(open(memory, { a: b, b: a }), "var.a"), "b");
});

Deno.test("the names that there are stay the same list for as long as they are the same", () => {
  const memory = openScopeMemory();
  const names = (variables: Record<string, Value>) => open(memory, variables).outcomeOf("var");
  const first = names({ a: literal(1), b: literal(2) });
  assertEquals(first, ["a", "b"]);
  assertStrictEquals(names({ a: literal(1), b: literal(3) }), first);
  assertEquals(names({ a: literal(1), c: literal(3) }), ["a", "c"]);
  assertEquals(names({ a: literal(1) }), ["a"]);
  assertEquals(names({ a: literal(1), b: literal(3) }), ["a", "b"]);
});

Deno.test("a missing value is null for a variable and true for a cache; a name that is not defined is nothing", () => {
  const scope = open(openScopeMemory(), { a: null }, { r: null });
  assertEquals(["var.a", "cache.r.enabled", "var.b", "cache.s.enabled"].map((name) => outcome(scope, name)), [
    ...[null, true, undefined, undefined],
  ]);
});

/** A million of characters, and how many variables that are that come to the bound: each counts 64 beside its text. */
const LONG = 1_000_000;
const FULL = Math.floor(MAX_TOTAL_LENGTH / (LONG + 64));

/** Variables of which each comes to the long one. */
function copies(from: number, count: number): Record<string, Value> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`v${from + at}`, template("${var.long}")]));
}

Deno.test("definitions together have the bound of all values, and those beyond it are not remembered", () => {
  const memory = openScopeMemory();
  const long = literal("x".repeat(LONG));
  const all = copies(1, FULL + 1);
  const last = `var.v${FULL + 1}`;
  const tooMany = open(memory, { long, ...all });
  assertEquals(outcome(tooMany, `var.v${FULL - 1}`), "x".repeat(LONG));
  assertEquals([outcome(tooMany, `var.v${FULL}`), outcome(tooMany, last)], [
    ...["config/values-too-large", "config/values-too-large"],
  ]);

  const { v1: _, v2: __, ...fewer } = all;
  const enough = open(memory, { long, ...fewer });
  assertEquals([memory.evaluated, outcome(enough, last)], [2, "x".repeat(LONG)]);

  // An earlier definition is beyond the bound if a new one has taken its room.
  const again = open(memory, { long, ...copies(1_000, 1), ...fewer });
  assertEquals(outcome(again, last), "config/values-too-large");
});

Deno.test("definitions may come to the bound exactly", () => {
  const room = MAX_TOTAL_LENGTH - (FULL - 1) * (LONG + 64) - (LONG + 64) - 64;
  const filled = (length: number) => {
    const memory = openScopeMemory();
    const [long, rest] = [literal("x".repeat(LONG)), literal("y".repeat(length))];
    const variables = { long, ...copies(1, FULL - 1), rest };
    const found = outcome(open(memory, variables), "var.rest");
    // The entries remembered at the bound are the same again, and leave no room.
    const again = open(memory, { ...variables, more: literal("") });
    assertEquals(outcome(again, "var.rest") === found, true);
    return [(found as string).length, outcome(again, "var.more")];
  };
  assertEquals(filled(room), [room, "config/values-too-large"]);
  assertEquals(filled(room + 1), ["config/values-too-large".length, "config/values-too-large"]);
});

Deno.test("a definition depends on the names inside lists, maps, templates and all parts of a conditional", () => {
  const within = (value: Value): Value[] => [
    value,
    { kind: "list", items: [literal(1), value], range: nowhere },
    {
      kind: "fields",
      form: "object",
      entries: [{ name: "a", nameRange: nowhere, value: literal(1) }, { name: "b", nameRange: nowhere, value }],
      range: nowhere,
    },
  ];
  const naming = [
    ...["${var.a}", "x${var.a}", '${"${var.a}x"}', "${var.a ? 1 : 2}", "${true ? var.a : 2}", "${true ? 1 : var.a}"],
  ].map(template);
  for (const value of naming.flatMap(within)) {
    const scope = open(openScopeMemory(), { a: value });
    assertEquals(scope.mistakes.map(({ path, fault: { code } }) => [path, code]), [
      ["variable.a", "config/variable-cycle"],
    ], JSON.stringify(value));
    assertEquals(outcome(scope, "var.a"), "reported");
  }
  const cache = open(openScopeMemory(), {}, { r: template("${cache.r.enabled}") });
  assertEquals(cache.mistakes.map(({ path }) => path), ["cache.r.enabled"]);
});

Deno.test("each of two cycles is reported, one that is met twice once, and a name that only leads to one is not part of it", () => {
  const reported = (variables: Record<string, string>) => {
    const values = Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, template(text)]));
    const scope = open(openScopeMemory(), values);
    return [scope.mistakes.map(({ fault: { why } }) => why!.split(": ")[1]), outcome(scope, "var.a")];
  };
  assertEquals(reported({ a: "${var.a}", b: "${var.b}" }), [["var.a -> var.a", "var.b -> var.b"], "reported"]);
  assertEquals(reported({ a: "x${var.b}", b: "${var.c}", c: "${var.b}" }), [["var.b -> var.c -> var.b"], "reported"]);
  assertEquals(reported({ a: "${var.b}${var.b}", b: "${var.a}" }), [["var.a -> var.b -> var.a"], "reported"]);
  assertEquals(reported({ a: "${var.b}", b: "${var.a}${var.a}" }), [["var.a -> var.b -> var.a"], "reported"]);
  assertEquals(reported({ a: "${var.b}${var.c}", b: "${var.a}", c: "${var.a}" }), [
    ["var.a -> var.b -> var.a", "var.a -> var.c -> var.a"],
    "reported",
  ]);
  assertEquals(reported({ a: "${var.b}${var.c}", b: "${var.c}", c: "x" }), [[], "xx"]);
  assertEquals(reported({ a: "${var.b}", b: "${var.none}" })[0], []);
});

Deno.test("each lookup of a value is noted, with its result, and with the known names if one is missing", () => {
  const scope = open(openScopeMemory(), { a: literal("x"), b: literal("y") }, { r: null });
  const lookUps = (text: string) => {
    const context = { source: SOURCE, spent: 0, lookUps: new Map<string, unknown>() };
    scope.evaluate(template(text) as Value & { kind: "template" }, plain, context);
    return [...context.lookUps];
  };
  assertEquals(lookUps("${var.a}${cache.r.enabled}"), [
    ["var.a", scope.outcomeOf("var.a")],
    ["cache.r.enabled", scope.outcomeOf("cache.r.enabled")],
  ]);
  assertEquals(lookUps("${cache.none.enabled}"), [["cache.none.enabled", undefined]]);
  assertEquals(lookUps("${var.none}"), [["var.none", undefined], ["var", scope.outcomeOf("var")]]);
  // Only the branch that is taken counts.
  assertEquals(lookUps("${true ? var.a : var.b}").map(([name]) => name), ["var.a"]);
  assertEquals(lookUps("${false ? var.a : var.b}").map(([name]) => name), ["var.b"]);
  assertEquals(lookUps('${env("E") ? var.a : var.b}').map(([name]) => name), ["var.a", "var.b"]);
});
