// What a value evaluates to in the light of what the names in it stand for, which is noted: whoever remembers the outcome
// knows by it when it would be another. What evaluating comes to is counted, since a small text can multiply without end.
import { nearest } from "../diagnostic/suggest.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Fields, List, Literal, Template } from "../document/document.ts";
import {
  concatenation,
  conditional,
  constant,
  environmentReference,
  type Expression,
  type Fault,
  fault,
  MAX_TOTAL_LENGTH,
  numberConstant,
  textOf,
  totalFault,
} from "./expressions.ts";
import { parseTemplate, type Syntax } from "./expression_syntax.ts";

/** How a setting is read. */
export interface Reading {
  /** Whether the value replaces a bare `var.x`, `env("X")` or `env('X')` inside a text. */
  readonly interpolates: boolean;
  /** Any name is a reference here, with dots in it or without. */
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

/** What evaluating goes by, and what it leaves behind. */
export interface Context {
  /** The text that the values come from. */
  readonly source: SourceText;
  /** What was spent so far of the bound on the whole configuration, in UTF-16 units. */
  spent: number;
  /** The names that were looked up and what they stood for; under {@linkcode ALL_NAMES} the names that there were. */
  readonly lookUps: Map<string, unknown>;
}

/** What the names in expressions stand for. */
export interface Names {
  /** By `var.x` and `cache.x.enabled`. */
  readonly outcomes: ReadonlyMap<string, Evaluation>;
  /** The names of all variables; the same object for as long as they are the same. */
  readonly variables: readonly string[];
  /** The syntax of the templates among the definitions. */
  readonly parsed: Pick<WeakMap<Template, Syntax | Fault>, "get">;
}

/** Stands among the names for all of them: an undefined variable is told which others there are. */
export const ALL_NAMES = "var";

/** What each value costs beside its text. */
const VALUE_COST = 64;
/** A variable's name in a text, or one of the environment's, as a word of its own; a server looks for them. */
const BARE_NAME =
  /(?<![\p{L}\p{Mn}\p{Nd}\p{Pc}.-])var\.([\p{L}\p{Mn}\p{Nd}\p{Pc}]+)|(?<![\p{L}\p{Mn}\p{Nd}\p{Pc}])env\(["']([^"']+)["']\)/gu;
/** The one value of its kind. */
export const REPORTED: Reported = { kind: "reported" };

/** Names, and who asks for them. */
interface Asking {
  readonly names: Names;
  readonly context: Context;
}

/** Evaluates one value; the same value may be asked for again, each time at its cost. */
export function evaluate(names: Names, value: Literal | Template, reading: Reading, context: Context): Evaluation {
  const scope: Asking = { names, context };
  let result: Evaluation;
  if (value.kind === "literal") {
    if (value.text !== undefined) result = numberConstant(value.text, value.range);
    else if (reading.interpolates && typeof value.value === "string") {
      result = interpolate(scope, value.value, value.range);
    } else result = constant(value.value);
  } else {
    const syntax = names.parsed.get(value) ?? parseTemplate(value, context.source);
    result = syntax.kind === "fault" ? syntax : evaluateSyntax(scope, syntax, reading, value.range);
  }
  context.spent += VALUE_COST + ("weight" in result ? result.weight : 0);
  return context.spent > MAX_TOTAL_LENGTH ? totalFault(value.range) : result;
}

function evaluateSyntax(scope: Asking, syntax: Syntax, reading: Reading, range: Range): Evaluation {
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
function choose(scope: Asking, syntax: Choice, reading: Reading): Evaluation {
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

function lookUp(scope: Asking, syntax: Extract<Syntax, { kind: "variable" | "cache-enabled" }>): Evaluation {
  const { range } = syntax;
  if (syntax.kind === "cache-enabled") {
    const found = find(scope, `cache.${syntax.id}.enabled`);
    if (found !== undefined) return use(found, range);
    return fault("config/unknown-cache", `There is no cache ${syntax.id}`, range, {
      why: `cache.${syntax.id}.enabled is neither true nor false without it`,
      suggestion: `Define cache "${syntax.id}", or write the value itself`,
    });
  }
  const found = find(scope, `var.${syntax.name}`);
  return found === undefined ? undefinedVariable(scope, syntax.name, range) : use(found, range);
}

function find({ names, context }: Asking, name: string): Evaluation | undefined {
  const found = names.outcomes.get(name);
  context.lookUps.set(name, found);
  return found;
}

/** An undefined variable is said at every place that needs it, any other fault where it is. */
function use(found: Evaluation, range: Range): Evaluation {
  if (found.kind !== "fault") return found;
  return found.undefinedVariable === null ? REPORTED : { ...found, range };
}

function undefinedVariable(scope: Asking, name: string, range: Range): Fault {
  const { names, context } = scope;
  context.lookUps.set(ALL_NAMES, names.variables);
  const near = nearest(name, names.variables);
  return fault("config/undefined-variable", `Variable ${name} is not defined`, range, {
    why: "The setting has no value without it",
    suggestion: near === null ? `Define it: variable "${name}" { default = … }` : `Did you mean var.${near}?`,
    undefinedVariable: name,
  });
}

const ROOTS = ["service", "data_source", "cache", "layer"];

/** A reference is its last part; `TRUE` is none, as the server takes `true` and `false` in any case of letters. */
function refer(syntax: Extract<Syntax, { kind: "reference" }>, reading: Reading): Evaluation {
  const { parts, range } = syntax;
  if (reading.refers || (parts.length === 2 && ROOTS.includes(parts[0]!))) return constant(parts[parts.length - 1]!);
  if (parts.length === 1) {
    if (/^(?:true|false)$/i.test(parts[0]!)) return constant(parts[0]!.toLowerCase() === "true");
    return fault("config/unsupported-expression", "A word without quotes has no meaning here", range, {
      why: "It is a reference to HCL, and a reference has a dot in it",
      suggestion:
        "Put it in quotes for a text, or write $${ for a literal ${; a reference is service.NAME and the like",
    });
  }
  return fault("config/unsupported-expression", "This reference is not supported", range, {
    why: "References are service.x, data_source.x, cache.x, layer.x, var.x and cache.x.enabled",
  });
}

/**
 * Puts values in the place of each bare `var.x` and `env("X")` in a text, as the server does: booleans of variables as
 * `True` and `False`, null as nothing.
 */
function interpolate(scope: Asking, text: string, range: Range): Evaluation {
  if (!text.includes("var.") && !text.includes("env(")) return constant(text);
  const parts: Evaluation[] = [];
  let end = 0;
  for (const found of text.matchAll(BARE_NAME)) {
    const [, variable, name] = found;
    const value = variable === undefined
      ? environmentReference(name!, null, range)
      : lookUp(scope, { kind: "variable", name: variable, range });
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
