// The result of an evaluation before the environment is known: a constant, or an expression of only constants and
// references to the environment. The same expression gives the portable text and, with an environment, the value. The
// functions that make expressions limit size and depth, so that a reader of an expression needs no limit.
import { inexactNumber, isExactNumber, quotedInexactNumber } from "../diagnostic/exact_number.ts";
import type { Range } from "../diagnostic/range.ts";
import type { Environment } from "./environment.ts";

/** The longest text that a value may have, also as an expression, in UTF-16 units. */
export const MAX_VALUE_LENGTH = 1 << 20;
/** The largest total size of all values of a configuration, in UTF-16 units. */
export const MAX_TOTAL_LENGTH = 64 * MAX_VALUE_LENGTH;
const MAX_DEPTH = 100;

/** Normalised: it has no condition with a known result, and no two constants in a row. */
export type Expression = Constant | EnvironmentReference | Conditional | Concatenation;

/** A value with nothing left to evaluate. */
export interface Constant {
  readonly kind: "constant";
  /** Null counts as not written. */
  readonly value: null | boolean | number | string;
  /** A number as written (`1.0`), for its use as text; null if it has no spelling of its own. */
  readonly text: string | null;
  /** Its length as text, in UTF-16 units. */
  readonly weight: number;
  readonly depth: 0;
}

/** `env("NAME")` or `env("NAME", "default")`. */
export interface EnvironmentReference {
  readonly kind: "environment";
  /** Case-sensitive. */
  readonly name: string;
  /** The value if the environment has none; null if that is an error. */
  readonly fallback: string | null;
  /** For the error of a missing variable. */
  readonly range: Range;
  /** About its length as portable text, in UTF-16 units. */
  readonly weight: number;
  readonly depth: 0;
}

/** `CONDITION ? YES : NO`, with a condition that depends on the environment. */
export interface Conditional {
  readonly kind: "conditional";
  /** It must result in true or false, or in a text that spells one. */
  readonly condition: Expression;
  readonly yes: Expression;
  readonly no: Expression;
  /** For the error of a condition that is neither true nor false. */
  readonly range: Range;
  /** About its length as portable text, in UTF-16 units. */
  readonly weight: number;
  /** How many levels of expressions are inside. */
  readonly depth: number;
}

/** A string of parts, at least one of which depends on the environment, with never two constants in a row. */
export interface Concatenation {
  readonly kind: "concatenation";
  /** In their order in the string; none is a concatenation itself. */
  readonly parts: readonly Expression[];
  /** For the error of a null inside the string. */
  readonly range: Range;
  /** About its length as portable text, in UTF-16 units. */
  readonly weight: number;
  /** How many levels of expressions are inside. */
  readonly depth: number;
}

/** The reason why an expression has no value; it becomes an error at the path of the current setting. */
export interface Fault {
  readonly kind: "fault";
  /** The code of its diagnostic: `config/value-too-large`. */
  readonly code: string;
  /** One line without a full stop, and without a value. */
  readonly summary: string;
  /** Null if the summary says all. */
  readonly why: string | null;
  /** In the imperative; null if there is none. */
  readonly suggestion: string | null;
  /** The text to underline. */
  readonly range: Range;
  /** The name, if the fault is an undefined variable: then every setting that needs it reports the fault. */
  readonly undefinedVariable: string | null;
  /** Replaces `why` and `suggestion` if the value may be quoted; null if nothing does. */
  readonly quoting: Pick<Fault, "why" | "suggestion"> | null;
  /** Whether it concerns the whole configuration and its place is accidental: then it is reported once. */
  readonly isOfWhole: boolean;
}

export function fault(
  code: string,
  summary: string,
  range: Range,
  details: Partial<Pick<Fault, "why" | "suggestion" | "undefinedVariable" | "quoting" | "isOfWhole">> = {},
): Fault {
  const { why = null, suggestion = null, undefinedVariable = null, quoting = null, isOfWhole = false } = details;
  return { kind: "fault", code, summary, why, suggestion, range, undefinedVariable, quoting, isOfWhole };
}

/** Makes a constant; `text` is a number as written. */
export function constant(value: Constant["value"], text: string | null = null): Constant {
  const weight = typeof value === "string" ? value.length : (text ?? String(value)).length;
  return { kind: "constant", value, text, weight, depth: 0 };
}

/** Makes a constant of a number as written, or a fault if no double equals it. */
export function numberConstant(written: string, range: Range): Constant | Fault {
  if (isExactNumber(written)) return constant(Number(written), written);
  const { summary, why, suggestion } = inexactNumber();
  const quoting = quotedInexactNumber(written);
  return fault("config/inexact-number", summary, range, { why, suggestion, quoting });
}

export function environmentReference(name: string, fallback: string | null, range: Range): EnvironmentReference {
  const weight = name.length + (fallback?.length ?? 0) + 8;
  return { kind: "environment", name, fallback, range, weight, depth: 0 };
}

/** Makes a conditional, or returns the chosen branch if the condition is known. */
export function conditional(
  condition: Expression,
  yes: Expression,
  no: Expression,
  range: Range,
): Expression | Fault {
  if (condition.kind === "constant") {
    const truth = truthOf(condition);
    if (truth === null) return conditionFault(range);
    return truth ? yes : no;
  }
  const weight = condition.weight + yes.weight + no.weight + 8;
  const depth = Math.max(condition.depth, yes.depth, no.depth) + 1;
  return sizeFault(weight, depth, range) ?? { kind: "conditional", condition, yes, no, range, weight, depth };
}

/** Joins parts to a string; a null among them is a fault. */
export function concatenation(parts: readonly Expression[], range: Range): Expression | Fault {
  let weight = 0;
  let depth = 0;
  for (const part of parts) {
    weight += part.weight + (part.kind === "constant" ? 0 : 3);
    depth = Math.max(depth, part.depth + 1);
    if (part.kind === "constant" && part.value === null) return nullFault(range);
  }
  const tooLarge = sizeFault(weight, depth, range);
  if (tooLarge !== null) return tooLarge;
  const merged: Expression[] = [];
  let text = "";
  for (const part of parts.flatMap((one) => one.kind === "concatenation" ? one.parts : [one])) {
    if (part.kind === "constant") {
      text += textOf(part);
      continue;
    }
    if (text !== "") merged.push(constant(text));
    text = "";
    merged.push(part);
  }
  if (merged.length === 0) return constant(text);
  if (text !== "") merged.push(constant(text));
  if (merged.length === 1 && isText(merged[0]!)) return merged[0]!;
  return { kind: "concatenation", parts: merged, range, weight, depth };
}

/** Whether an expression results in a string in every environment. */
function isText(expression: Expression): boolean {
  if (expression.kind === "conditional") return isText(expression.yes) && isText(expression.no);
  return expression.kind !== "constant" || typeof expression.value === "string";
}

/** A constant as text: a number as written, a boolean as `true` or `false`, null as an empty text. */
export function textOf(one: Constant): string {
  if (typeof one.value === "string") return one.value;
  if (one.value === null) return "";
  return one.text ?? String(one.value);
}

/** The boolean that a constant is, or spells as a string in any case; null if it is neither true nor false. */
export function truthOf(one: Constant): boolean | null {
  if (typeof one.value === "boolean") return one.value;
  if (typeof one.value !== "string") return null;
  const spelled = one.value.trim().toLowerCase();
  if (spelled === "true") return true;
  return spelled === "false" ? false : null;
}

/**
 * Resolves an expression in an environment. It never evaluates the values of the environment themselves, and it needs
 * only the variables of the chosen branch of a conditional.
 */
export function resolve(expression: Expression, environment: Environment): Constant | Fault {
  switch (expression.kind) {
    case "constant":
      return expression;
    case "environment": {
      const value = environment(expression.name) ?? expression.fallback;
      if (value === null) return missingFault(expression);
      return value.length > MAX_VALUE_LENGTH ? lengthFault(expression.range) : constant(value);
    }
    case "conditional": {
      const condition = resolve(expression.condition, environment);
      if (condition.kind === "fault") return condition;
      const truth = truthOf(condition);
      if (truth === null) return conditionFault(expression.range);
      return resolve(truth ? expression.yes : expression.no, environment);
    }
    case "concatenation": {
      const texts: string[] = [];
      let length = 0;
      for (const part of expression.parts) {
        const one = resolve(part, environment);
        if (one.kind === "fault") return one;
        if (one.value === null) return nullFault(expression.range);
        const text = textOf(one);
        length += text.length;
        if (length > MAX_VALUE_LENGTH) return lengthFault(expression.range);
        texts.push(text);
      }
      return constant(texts.join(""));
    }
  }
}

/**
 * Writes an expression as portable text: a template that evaluates to the same expression, with only one spelling
 * (`${env("N", "default")}`, `${COND ? A : B}`, a literal `${` as `$${` and `%{` as `%%{`).
 */
export function portableText(expression: Expression): string {
  if (expression.kind === "constant") return escapeTemplate(textOf(expression));
  return expression.kind === "concatenation"
    ? renderParts(expression.parts, escapeTemplate)
    : "${" + code(expression) + "}";
}

/** Escapes a literal text for a template. */
export function escapeTemplate(text: string): string {
  return text.includes("{") ? text.replaceAll("${", "$$${").replaceAll("%{", "%%{") : text;
}

/**
 * Writes the end of a literal as code if it ends in `$` before code, since `$` before `${` would escape it. Adds an
 * empty string after a lone part, which would otherwise not be a string.
 */
function renderParts(parts: readonly Expression[], escape: (text: string) => string): string {
  const text = parts.map((part, at) => {
    if (part.kind !== "constant") return "${" + code(part) + "}";
    const text = textOf(part);
    if (at === parts.length - 1) return escape(text);
    let end = text.length;
    while (text[end - 1] === "$") end--;
    return escape(text.slice(0, end)) + (end === text.length ? "" : '${"' + text.slice(end) + '"}');
  }).join("");
  return parts.length === 1 ? text + '${""}' : text;
}

function code(expression: Expression): string {
  switch (expression.kind) {
    case "constant":
      return typeof expression.value === "string"
        ? quote(expression.value)
        : expression.value === null
        ? "null"
        : textOf(expression);
    case "environment": {
      const { name, fallback } = expression;
      return fallback === null ? `env(${quote(name)})` : `env(${quote(name)}, ${quote(fallback)})`;
    }
    case "conditional": {
      const condition = code(expression.condition);
      const first = expression.condition.kind === "conditional" ? `(${condition})` : condition;
      return `${first} ? ${code(expression.yes)} : ${code(expression.no)}`;
    }
    case "concatenation":
      return `"${renderParts(expression.parts, escapeQuoted)}"`;
  }
}

function quote(text: string): string {
  return `"${escapeQuoted(text)}"`;
}

function escapeQuoted(text: string): string {
  const named: Record<string, string> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  // deno-lint-ignore no-control-regex
  return escapeTemplate(text.replace(/["\\\x00-\x1f\x7f]/g, (one) => {
    return named[one] ?? "\\u" + one.charCodeAt(0).toString(16).padStart(4, "0");
  }));
}

/** The fault that all values together exceed {@linkcode MAX_TOTAL_LENGTH}; `range` is the value that exceeded it. */
export function totalFault(range: Range): Fault {
  return fault("config/values-too-large", "The values of this configuration are more than 64 MiB together", range, {
    why: "Variables that repeat one another can multiply without end, and no reader wants a snapshot so large",
    isOfWhole: true,
  });
}

function sizeFault(weight: number, depth: number, range: Range): Fault | null {
  if (weight > MAX_VALUE_LENGTH) return lengthFault(range);
  if (depth <= MAX_DEPTH) return null;
  return fault("config/expression-too-deep", `This expression is nested more than ${MAX_DEPTH} deep`, range, {
    why: "Variables and conditionals may be built on one another, but not without end",
  });
}

function lengthFault(range: Range): Fault {
  return fault("config/value-too-large", "This value is longer than 1 MiB", range, {
    why: "A value, with everything it refers to put in its place, may have at most 1,048,576 characters",
  });
}

function conditionFault(range: Range): Fault {
  return fault("config/condition-not-boolean", "The condition is neither true nor false", range, {
    why: "The condition before ? decides between the two values, so it has to be true or false",
    suggestion: "Use cache.ID.enabled, a variable that is true or false, or an env() that spells one of them",
  });
}

function nullFault(range: Range): Fault {
  return fault("config/null-in-string", "A null is inside a string", range, {
    why: "Null is the absence of a value and has no text",
    suggestion: 'Give the variable a value, "" for an empty one',
  });
}

function missingFault(reference: EnvironmentReference): Fault {
  const name = reference.name.length > 100 ? reference.name.slice(0, 100) + "…" : reference.name;
  return fault("config/missing-environment-variable", `The environment has no variable ${name}`, reference.range, {
    why: "The setting has no value without it, and no default is given",
    suggestion: `Set ${name}, or write env("${name}", "default")`,
  });
}
