// What the names in expressions stand for: variables and whether a cache is enabled, each evaluated once, in the order
// of their dependencies, so that neither a cycle nor a long chain costs a stack. What the whole configuration evaluates
// to is bounded, however small the text is that multiplies it.
import { nearest } from "../diagnostic/suggest.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Fields, List, Literal, Template, Value } from "../document/document.ts";
import {
  concatenation,
  conditional,
  constant,
  type Expression,
  type Fault,
  fault,
  MAX_TOTAL_LENGTH,
  textOf,
  totalFault,
} from "./expressions.ts";
import { parseTemplate, type Syntax } from "./expression_syntax.ts";

/** How a setting is read: `interpolates` puts variables in the place of a bare `var.x` inside its text. */
export interface Reading {
  /** Whether a bare `var.x` inside a text counts. */
  readonly interpolates: boolean;
  /** Any dotted name is a reference here, whatever its first part. */
  readonly refers: boolean;
}

/** How a value is read in which nothing is out of the ordinary. */
export const plain: Reading = { interpolates: false, refers: false };

/** A list or a map that a lone `var.x` stands for; its values are evaluated where it is used. */
export interface Compound {
  /** Marks a list or a map. */
  readonly kind: "compound";
  /** As it is written in the variable. */
  readonly value: List | Fields;
}

/** What has no value because something else has none, which is reported there. */
export interface Reported {
  /** Marks what was reported elsewhere. */
  readonly kind: "reported";
}

/** What evaluating comes to. */
export type Evaluation = Expression | Compound | Fault | Reported;

/** A fault and the setting that it belongs to. */
export interface Finding {
  /** The setting's, in HCL's words: `variable.size`. */
  readonly path: string;
  /** What is wrong with it. */
  readonly fault: Fault;
}

/** What a scope is made of: a variable's value, or a cache's `enabled`; null where it is not written. */
export interface Definitions {
  /** The default of each variable, by name. */
  readonly variables: ReadonlyMap<string, Value | null>;
  /** The `enabled` of each cache, by id. */
  readonly caches: ReadonlyMap<string, Value | null>;
}

/** Evaluates expressions in the light of the configuration's variables. */
export interface Scope {
  /** Cycles, each named once. */
  readonly findings: readonly Finding[];
  /** Evaluates one value; the same value may be asked for again, each time at its cost. */
  evaluate(value: Literal | Template, reading: Reading): Evaluation;
}

/** Evaluates the definitions and returns the scope that they make. */
export function openScope(definitions: Definitions, source: SourceText): Scope {
  const scope: OpenScope = {
    source,
    parsed: new Map(),
    outcomes: new Map(),
    names: [...definitions.variables.keys()],
    spent: 0,
  };
  const written = new Map<string, Value | null>();
  for (const [name, value] of definitions.variables) written.set(`var.${name}`, value);
  for (const [id, value] of definitions.caches) written.set(`cache.${id}.enabled`, value);
  const findings = evaluateInOrder(scope, written);
  scope.spent = 0;
  return { findings, evaluate: (value, reading) => evaluateValue(scope, value, reading) };
}

/** What each value costs beside its text. */
const VALUE_COST = 64;
/** A variable's name where the server looks for one in a text, and what may not stand before it. */
const BARE_VARIABLE = /(?<![\p{L}\p{Mn}\p{Nd}\p{Pc}.-])var\.([\p{L}\p{Mn}\p{Nd}\p{Pc}]+)/gu;
const REPORTED: Reported = { kind: "reported" };

interface OpenScope {
  readonly source: SourceText;
  readonly parsed: Map<Template, Syntax | Fault>;
  readonly outcomes: Map<string, Evaluation>;
  readonly names: readonly string[];
  spent: number;
}

/** Depth first, what is needed before what needs it, with a stack of its own. */
function evaluateInOrder(scope: OpenScope, written: ReadonlyMap<string, Value | null>): Finding[] {
  const findings: Finding[] = [];
  const open = new Map<string, Iterator<string>>();
  for (const root of written.keys()) {
    if (scope.outcomes.has(root)) continue;
    open.set(root, dependencies(scope, written.get(root) ?? null));
    const stack = [root];
    while (stack.length > 0) {
      const name = stack[stack.length - 1]!;
      const next = open.get(name)!.next();
      if (next.done === true) {
        stack.pop();
        open.delete(name);
        if (!scope.outcomes.has(name)) scope.outcomes.set(name, define(scope, name, written.get(name) ?? null));
      } else if (open.has(next.value)) {
        const cycle = stack.slice(stack.indexOf(next.value));
        if (cycle.every((one) => scope.outcomes.has(one))) continue;
        findings.push({ path: pathOf(cycle[0]!), fault: cycleFault(cycle, written.get(cycle[0]!)!) });
        for (const one of cycle) scope.outcomes.set(one, REPORTED);
      } else if (written.has(next.value) && !scope.outcomes.has(next.value)) {
        open.set(next.value, dependencies(scope, written.get(next.value) ?? null));
        stack.push(next.value);
      }
    }
  }
  return findings;
}

/** The HCL path of a definition: `variable.x` or `cache.x.enabled`. */
function pathOf(name: string): string {
  return name.startsWith("var.") ? `variable.${name.slice(4)}` : name;
}

function cycleFault(cycle: readonly string[], value: Value): Fault {
  const shown = cycle.length > 8 ? [...cycle.slice(0, 7), "…"] : cycle;
  return fault("config/variable-cycle", `${cycle[0]} refers to itself`, value.range, {
    why: `Its value needs its own value: ${[...shown, cycle[0]].join(" -> ")}`,
    suggestion: "Give one of them a value of its own",
  });
}

function define(scope: OpenScope, name: string, value: Value | null): Evaluation {
  if (value === null) return constant(name.startsWith("var.") ? null : true);
  if (value.kind === "list" || value.kind === "fields") return { kind: "compound", value };
  return evaluateValue(scope, value, plain);
}

/** The definitions that a value names, in the order in which it does. */
function* dependencies(scope: OpenScope, value: Value | null): Generator<string> {
  if (value === null || value.kind === "literal") return;
  if (value.kind === "list") { for (const item of value.items) yield* dependencies(scope, item); }
  else if (value.kind === "fields") { for (const entry of value.entries) yield* dependencies(scope, entry.value); }
  else yield* namesIn(parsed(scope, value));
}

function* namesIn(syntax: Syntax | Fault): Generator<string> {
  if (syntax.kind === "variable") yield `var.${syntax.name}`;
  else if (syntax.kind === "cache-enabled") yield `cache.${syntax.id}.enabled`;
  else if (syntax.kind === "template") { for (const part of syntax.parts) yield* namesIn(part); }
  else if (syntax.kind === "choice") {
    for (const part of [syntax.condition, syntax.yes, syntax.no]) yield* namesIn(part);
  }
}

function parsed(scope: OpenScope, template: Template): Syntax | Fault {
  let syntax = scope.parsed.get(template);
  if (syntax === undefined) {
    syntax = parseTemplate(template, scope.source);
    scope.parsed.set(template, syntax);
  }
  return syntax;
}

function evaluateValue(scope: OpenScope, value: Literal | Template, reading: Reading): Evaluation {
  let result: Evaluation;
  if (value.kind === "literal") {
    result = reading.interpolates && typeof value.value === "string"
      ? interpolate(scope, value.value, value.range)
      : constant(value.value, value.text ?? null);
  } else {
    const syntax = parsed(scope, value);
    result = syntax.kind === "fault" ? syntax : evaluateSyntax(scope, syntax, reading, value.range);
  }
  scope.spent += VALUE_COST + ("weight" in result ? result.weight : 0);
  return scope.spent > MAX_TOTAL_LENGTH ? totalFault(value.range) : result;
}

function evaluateSyntax(scope: OpenScope, syntax: Syntax, reading: Reading, range: Range): Evaluation {
  switch (syntax.kind) {
    case "constant":
    case "environment":
      return syntax;
    case "text":
      return reading.interpolates ? interpolate(scope, syntax.value, range) : constant(syntax.value);
    case "variable":
    case "cache-enabled":
      return lookUp(scope, syntax);
    case "reference":
      return refer(syntax, reading);
    case "choice":
      return choose(scope, syntax, reading);
    case "template":
      return joinParts(syntax.parts.map((part) => evaluateSyntax(scope, part, reading, range)), syntax.range);
  }
}

type Choice = Extract<Syntax, { kind: "choice" }>;

/** Only the branch that is taken counts where the condition is known; both where the environment decides. */
function choose(scope: OpenScope, syntax: Choice, reading: Reading): Evaluation {
  const { range } = syntax;
  const inner = { ...reading, interpolates: false };
  const condition = evaluateSyntax(scope, syntax.condition, plain, range);
  if (!isExpression(condition)) return condition.kind === "compound" ? compoundFault(range) : condition;
  if (condition.kind === "constant") {
    const taken = conditional(condition, constant(true), constant(false), range);
    if (taken.kind !== "constant") return taken;
    return evaluateSyntax(scope, taken.value === true ? syntax.yes : syntax.no, inner, range);
  }
  const yes = evaluateSyntax(scope, syntax.yes, inner, range);
  if (!isExpression(yes)) return yes.kind === "compound" ? compoundFault(range) : yes;
  const no = evaluateSyntax(scope, syntax.no, inner, range);
  if (!isExpression(no)) return no.kind === "compound" ? compoundFault(range) : no;
  return conditional(condition, yes, no, range);
}

function joinParts(parts: readonly Evaluation[], range: Range): Evaluation {
  const expressions: Expression[] = [];
  for (const part of parts) {
    if (!isExpression(part)) return part.kind === "compound" ? compoundFault(range) : part;
    expressions.push(part);
  }
  return concatenation(expressions, range);
}

function lookUp(scope: OpenScope, syntax: Extract<Syntax, { kind: "variable" | "cache-enabled" }>): Evaluation {
  const { range } = syntax;
  if (syntax.kind === "cache-enabled") {
    const found = scope.outcomes.get(`cache.${syntax.id}.enabled`);
    if (found !== undefined) return use(found, range);
    return fault("config/unknown-cache", `There is no cache ${syntax.id}`, range, {
      why: `cache.${syntax.id}.enabled is neither true nor false without it`,
      suggestion: `Define cache "${syntax.id}", or write the value itself`,
    });
  }
  const found = scope.outcomes.get(`var.${syntax.name}`);
  return found === undefined ? undefinedVariable(scope, syntax.name, range) : use(found, range);
}

/** An undefined variable is said at every place that needs it, any other fault where it is. */
function use(found: Evaluation, range: Range): Evaluation {
  if (found.kind !== "fault") return found;
  return found.undefinedVariable === null ? REPORTED : { ...found, range };
}

function undefinedVariable(scope: OpenScope, name: string, range: Range): Fault {
  const near = nearest(name, scope.names);
  return fault("config/undefined-variable", `Variable ${name} is not defined`, range, {
    why: "The setting has no value without it",
    suggestion: near === null ? `Define it: variable "${name}" { default = … }` : `Did you mean var.${near}?`,
    undefinedVariable: name,
  });
}

const ROOTS = ["service", "data_source", "cache", "layer"];

/** A reference is its last part. */
function refer(syntax: Extract<Syntax, { kind: "reference" }>, reading: Reading): Evaluation {
  const { parts, range } = syntax;
  const last = parts[parts.length - 1]!;
  if (parts.length === 2 ? ROOTS.includes(parts[0]!) || reading.refers : parts.length > 2 && reading.refers) {
    return constant(last);
  }
  if (parts.length === 1) {
    return fault("config/unsupported-expression", "A word without quotes has no meaning here", range, {
      why: "It is a reference to HCL, and a reference has a dot in it",
      suggestion: 'Put it in quotes for a text; a reference is service.NAME and the like, the environment env("NAME")',
    });
  }
  return fault("config/unsupported-expression", "This reference is not supported", range, {
    why: "References are service.x, data_source.x, cache.x, layer.x, var.x and cache.x.enabled",
  });
}

/**
 * Puts variables in the place of each bare `var.x` in a text, as the server does: booleans as `True` and `False`, null
 * as nothing.
 */
function interpolate(scope: OpenScope, text: string, range: Range): Evaluation {
  if (!text.includes("var.")) return constant(text);
  const parts: Evaluation[] = [];
  let end = 0;
  for (const found of text.matchAll(BARE_VARIABLE)) {
    const value = lookUp(scope, { kind: "variable", name: found[1]!, range });
    parts.push(constant(text.slice(end, found.index)), isExpression(value) ? spelledByServer(value) : value);
    end = found.index + found[0].length;
  }
  return parts.length === 0 ? constant(text) : joinParts([...parts, constant(text.slice(end))], range);
}

function spelledByServer(expression: Expression): Expression {
  if (expression.kind === "constant") {
    if (typeof expression.value === "boolean") return constant(expression.value ? "True" : "False");
    return constant(textOf(expression));
  }
  if (expression.kind !== "conditional") return expression;
  return { ...expression, yes: spelledByServer(expression.yes), no: spelledByServer(expression.no) };
}

function isExpression(one: Evaluation): one is Expression {
  return one.kind !== "compound" && one.kind !== "fault" && one.kind !== "reported";
}

function compoundFault(range: Range): Fault {
  return fault("config/list-in-expression", "A list or a map stands inside a string or a conditional", range, {
    why: "There is no text for it; a variable that is a list or a map can only be a whole value",
  });
}
