// Evaluates a value with the values of the names in it. It records each name that it looks up, so that a caller that
// remembers a result can tell if it is still valid. It counts the size of the results, since a small text can multiply
// without end.
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

/** How to evaluate a setting. */
export interface EvaluationMode {
  /** Whether the value replaces a bare `var.x`, `env("X")` or `env('X')` inside a text. */
  readonly interpolates: boolean;
  /** Whether any name is a reference, with or without dots. */
  readonly refers: boolean;
}

/** The mode for every value that the schema gives no other. */
export const plain: EvaluationMode = { interpolates: false, refers: false };

/** The list or map of a variable, as the result of a lone `var.x`; the place of use evaluates the values in it. */
export interface Compound {
  readonly kind: "compound";
  /** As written in the variable. */
  readonly value: List | Fields;
}

/** No value, because a definition that it needs has none; the error is reported at that definition. */
export interface Reported {
  readonly kind: "reported";
}

/** The result of an evaluation. */
export type Evaluation = Expression | Compound | Fault | Reported;

/** Input and records of evaluations. */
export interface EvaluationContext {
  readonly source: SourceText;
  /** The cost so far, in UTF-16 units; {@linkcode MAX_TOTAL_LENGTH} limits it for the whole configuration. */
  spent: number;
  /** The names that were looked up, with their values; under {@linkcode ALL_NAMES} the list of all names. */
  readonly lookUps: Map<string, unknown>;
}

/** The values of the names in expressions. */
export interface Names {
  /** Keys are `var.x` and `cache.x.enabled`. */
  readonly outcomes: ReadonlyMap<string, Evaluation>;
  /** The names of all variables; the same object as long as they are the same. */
  readonly variables: readonly string[];
  /** The syntax of the templates in definitions. */
  readonly parsed: Pick<WeakMap<Template, Syntax | Fault>, "get">;
}

/** The key of a look-up of all variable names, from which the error of an undefined variable suggests one. */
export const ALL_NAMES = "var";

/** The cost of each value besides its text, in UTF-16 units. */
const VALUE_COST = 64;
/** `var.x`, `env("X")` or `env('X')` as a separate word in a text; a server looks for them. */
const BARE_NAME =
  /(?<![\p{L}\p{Mn}\p{Nd}\p{Pc}.-])var\.([\p{L}\p{Mn}\p{Nd}\p{Pc}]+)|(?<![\p{L}\p{Mn}\p{Nd}\p{Pc}])env\(["']([^"']+)["']\)/gu;
export const REPORTED: Reported = { kind: "reported" };

interface Evaluator {
  readonly names: Names;
  readonly context: EvaluationContext;
}

/** Evaluates one value; each evaluation of the same value adds its cost again. */
export function evaluate(
  names: Names,
  value: Literal | Template,
  mode: EvaluationMode,
  context: EvaluationContext,
): Evaluation {
  const evaluator: Evaluator = { names, context };
  let result: Evaluation;
  if (value.kind === "literal") {
    if (value.text !== undefined) result = numberConstant(value.text, value.range);
    else if (mode.interpolates && typeof value.value === "string") {
      result = interpolate(evaluator, value.value, value.range);
    } else result = constant(value.value);
  } else {
    const syntax = names.parsed.get(value) ?? parseTemplate(value, context.source);
    result = syntax.kind === "fault" ? syntax : evaluateSyntax(evaluator, syntax, mode, value.range);
  }
  context.spent += VALUE_COST + ("weight" in result ? result.weight : 0);
  return context.spent > MAX_TOTAL_LENGTH ? totalFault(value.range) : result;
}

function evaluateSyntax(evaluator: Evaluator, syntax: Syntax, mode: EvaluationMode, range: Range): Evaluation {
  switch (syntax.kind) {
    case "constant":
    case "environment":
      return syntax;
    case "text":
      return mode.interpolates ? interpolate(evaluator, syntax.value, range) : constant(syntax.value);
    case "variable":
    case "cache-enabled":
      return lookUp(evaluator, syntax);
    case "reference":
      return refer(syntax, mode);
    case "choice":
      return choose(evaluator, syntax, mode);
    case "template":
      return joinParts(syntax.parts.map((part) => evaluateSyntax(evaluator, part, mode, range)), syntax.range);
  }
}

type Choice = Extract<Syntax, { kind: "choice" }>;

/** Evaluates only the chosen branch if the condition is known, and both if it depends on the environment. */
function choose(evaluator: Evaluator, syntax: Choice, mode: EvaluationMode): Evaluation {
  const { range } = syntax;
  const inner = { ...mode, interpolates: false };
  const condition = evaluateSyntax(evaluator, syntax.condition, plain, range);
  if (!isExpression(condition)) return condition.kind === "compound" ? compoundFault(range) : condition;
  if (condition.kind === "constant") {
    const taken = conditional(condition, constant(true), constant(false), range);
    if (taken.kind !== "constant") return taken;
    return evaluateSyntax(evaluator, taken.value === true ? syntax.yes : syntax.no, inner, range);
  }
  const yes = evaluateSyntax(evaluator, syntax.yes, inner, range);
  if (!isExpression(yes)) return yes.kind === "compound" ? compoundFault(range) : yes;
  const no = evaluateSyntax(evaluator, syntax.no, inner, range);
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

function lookUp(evaluator: Evaluator, syntax: Extract<Syntax, { kind: "variable" | "cache-enabled" }>): Evaluation {
  const { range } = syntax;
  if (syntax.kind === "cache-enabled") {
    const found = find(evaluator, `cache.${syntax.id}.enabled`);
    if (found !== undefined) return use(found, range);
    return fault("config/unknown-cache", `There is no cache ${syntax.id}`, range, {
      why: `cache.${syntax.id}.enabled is neither true nor false without it`,
      suggestion: `Define cache "${syntax.id}", or write the value itself`,
    });
  }
  const found = find(evaluator, `var.${syntax.name}`);
  return found === undefined ? undefinedVariable(evaluator, syntax.name, range) : use(found, range);
}

function find({ names, context }: Evaluator, name: string): Evaluation | undefined {
  const found = names.outcomes.get(name);
  context.lookUps.set(name, found);
  return found;
}

/** Every place that needs an undefined variable reports it; any other fault is reported at its definition. */
function use(found: Evaluation, range: Range): Evaluation {
  if (found.kind !== "fault") return found;
  return found.undefinedVariable === null ? REPORTED : { ...found, range };
}

function undefinedVariable(evaluator: Evaluator, name: string, range: Range): Fault {
  const { names, context } = evaluator;
  context.lookUps.set(ALL_NAMES, names.variables);
  const near = nearest(name, names.variables);
  return fault("config/undefined-variable", `Variable ${name} is not defined`, range, {
    why: "The setting has no value without it",
    suggestion: near === null ? `Define it: variable "${name}" { default = … }` : `Did you mean var.${near}?`,
    undefinedVariable: name,
  });
}

const ROOTS = ["service", "data_source", "cache", "layer"];

/** A reference is its last part. `TRUE` is a boolean: the server reads `true` and `false` in any case. */
function refer(syntax: Extract<Syntax, { kind: "reference" }>, mode: EvaluationMode): Evaluation {
  const { parts, range } = syntax;
  if (mode.refers || (parts.length === 2 && ROOTS.includes(parts[0]!))) return constant(parts[parts.length - 1]!);
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
 * Replaces each bare `var.x` and `env("X")` in a text by its value, as the server does: booleans of variables become
 * `True` and `False`, null becomes an empty text.
 */
function interpolate(evaluator: Evaluator, text: string, range: Range): Evaluation {
  if (!text.includes("var.") && !text.includes("env(")) return constant(text);
  const parts: Evaluation[] = [];
  let end = 0;
  for (const found of text.matchAll(BARE_NAME)) {
    const [, variable, name] = found;
    const value = variable === undefined
      ? environmentReference(name!, null, range)
      : lookUp(evaluator, { kind: "variable", name: variable, range });
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
  return fault("config/list-in-expression", "A list or a map is inside a string or a conditional", range, {
    why: "There is no text for it; a variable that is a list or a map can only be a whole value",
  });
}
