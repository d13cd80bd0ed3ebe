// What a setting evaluates to while the environment is still open: a constant, or an expression of which nothing is
// left but constants and the environment. The same expression gives the portable text and, with an environment, the
// value. Sizes and depth are bounded where expressions are made, so nothing that reads one can be made to run away.
import { inexactNumber, isExactNumber, quotedInexactNumber } from "../diagnostic/exact_number.ts";
import type { Range } from "../diagnostic/range.ts";
import type { Environment } from "./environment.ts";

/** The longest text that a value may have, also as an expression, in UTF-16 units. */
export const MAX_VALUE_LENGTH = 1 << 20;
/** The most that all values of a configuration together may come to, in UTF-16 units. */
export const MAX_TOTAL_LENGTH = 64 * MAX_VALUE_LENGTH;
const MAX_DEPTH = 100;

/** Normalised: conditions that are known are decided, neighbouring constants are one. */
export type Expression = Constant | EnvironmentReference | Conditional | Concatenation;

/** A value with nothing left to evaluate. */
export interface Constant {
  /** Marks a constant. */
  readonly kind: "constant";
  /** What it is; null counts as nothing written. */
  readonly value: null | boolean | number | string;
  /** A number's own spelling (`1.0`): what it is as text. Null where there is none to keep. */
  readonly text: string | null;
  /** Its length as text, in UTF-16 units. */
  readonly weight: number;
  /** It has nothing inside. */
  readonly depth: 0;
}

/** `env("NAME")` or `env("NAME", "default")`. */
export interface EnvironmentReference {
  /** Marks a reference to the environment. */
  readonly kind: "environment";
  /** The variable of the environment; case-sensitive. */
  readonly name: string;
  /** The value where the environment has none; null where that is an error. */
  readonly fallback: string | null;
  /** Where it stands, for the error of a missing variable. */
  readonly range: Range;
  /** About its length as portable text, in UTF-16 units. */
  readonly weight: number;
  /** It has nothing inside. */
  readonly depth: 0;
}

/** `CONDITION ? YES : NO`, its condition dependent on the environment. */
export interface Conditional {
  /** Marks a conditional. */
  readonly kind: "conditional";
  /** Decides: it has to come to true or false, or to a text that spells one. */
  readonly condition: Expression;
  /** The value where the condition is true. */
  readonly yes: Expression;
  /** The value where the condition is false. */
  readonly no: Expression;
  /** Where it stands, for the error of a condition that is neither true nor false. */
  readonly range: Range;
  /** About its length as portable text, in UTF-16 units. */
  readonly weight: number;
  /** How many levels of expressions are inside. */
  readonly depth: number;
}

/** A string of several parts, at least one of them dependent on the environment, and never two constants in a row. */
export interface Concatenation {
  /** Marks a string of parts. */
  readonly kind: "concatenation";
  /** In the order in which they stand; none is a concatenation itself. */
  readonly parts: readonly Expression[];
  /** Where the string stands, for the error of a null inside it. */
  readonly range: Range;
  /** About its length as portable text, in UTF-16 units. */
  readonly weight: number;
  /** How many levels of expressions are inside. */
  readonly depth: number;
}

/** Why something has no value, and where; it becomes an error at the path of the setting that is read. */
export interface Fault {
  /** Marks a fault. */
  readonly kind: "fault";
  /** The code of its diagnostic: `config/value-too-large`. */
  readonly code: string;
  /** One line without a full stop, and without a value. */
  readonly summary: string;
  /** Why it is a mistake; null where the summary says all. */
  readonly why: string | null;
  /** What to do, as an order; null where nothing can be proposed. */
  readonly suggestion: string | null;
  /** What to underline. */
  readonly range: Range;
  /** The variable that is undefined, where that is the fault: then every setting that needs it says so. */
  readonly undefinedVariable: string | null;
  /** Replaces `why` and `suggestion` if the value may be quoted; null if nothing does. */
  readonly quoting: Pick<Fault, "why" | "suggestion"> | null;
  /** Whether it is the whole configuration's, met at this place by chance: then it is said once. */
  readonly isOfWhole: boolean;
}

/** Makes a fault. */
export function fault(
  code: string,
  summary: string,
  range: Range,
  details: Partial<Pick<Fault, "why" | "suggestion" | "undefinedVariable" | "quoting" | "isOfWhole">> = {},
): Fault {
  const { why = null, suggestion = null, undefinedVariable = null, quoting = null, isOfWhole = false } = details;
  return { kind: "fault", code, summary, why, suggestion, range, undefinedVariable, quoting, isOfWhole };
}

/** Makes a constant; `text` is a number's own spelling. */
export function constant(value: Constant["value"], text: string | null = null): Constant {
  const weight = typeof value === "string" ? value.length : (text ?? String(value)).length;
  return { kind: "constant", value, text, weight, depth: 0 };
}

/** Makes the constant of a number as it is written, or the fault that it would become another number. */
export function numberConstant(written: string, range: Range): Constant | Fault {
  if (isExactNumber(written)) return constant(Number(written), written);
  const { summary, why, suggestion } = inexactNumber();
  const quoting = quotedInexactNumber(written);
  return fault("config/inexact-number", summary, range, { why, suggestion, quoting });
}

/** Makes a reference to the environment. */
export function environmentReference(name: string, fallback: string | null, range: Range): EnvironmentReference {
  const weight = name.length + (fallback?.length ?? 0) + 8;
  return { kind: "environment", name, fallback, range, weight, depth: 0 };
}

/** Makes a conditional, or the branch that is taken where the condition is known. */
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

/** Makes the string of its parts; a null among them is a fault. */
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

/** Whether an expression comes to a string whatever the environment is. */
function isText(expression: Expression): boolean {
  if (expression.kind === "conditional") return isText(expression.yes) && isText(expression.no);
  return expression.kind !== "constant" || typeof expression.value === "string";
}

/** A constant as text: a number as it was written, a boolean as `true` or `false`, null as nothing. */
export function textOf(one: Constant): string {
  if (typeof one.value === "string") return one.value;
  if (one.value === null) return "";
  return one.text ?? String(one.value);
}

/** Whether a constant is true or false, also as a string that spells it in any case; null where it is neither. */
export function truthOf(one: Constant): boolean | null {
  if (typeof one.value === "boolean") return one.value;
  if (typeof one.value !== "string") return null;
  const spelled = one.value.trim().toLowerCase();
  if (spelled === "true") return true;
  return spelled === "false" ? false : null;
}

/**
 * The value in an environment. Values of the environment are taken as they are and never evaluated again; of a
 * conditional only the branch that is taken needs its variables.
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
 * The portable text: a template that evaluates to the same expression again, spelled in one way only
 * (`${env("N", "default")}`, `${COND ? A : B}`, a literal `${` as `$${` and `%{` as `%%{`).
 */
export function portableText(expression: Expression): string {
  if (expression.kind === "constant") return escapeTemplate(textOf(expression));
  return expression.kind === "concatenation"
    ? renderParts(expression.parts, escapeTemplate)
    : "${" + code(expression) + "}";
}

/** A literal as a template spells it. */
export function escapeTemplate(text: string): string {
  return text.includes("{") ? text.replaceAll("${", "$$${").replaceAll("%{", "%%{") : text;
}

/**
 * `$` before `${` would escape it, so a literal that ends in `$` before code has its end written as code. A lone part
 * is a string of its own only beside another, empty one.
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

/** All values together are more than {@linkcode MAX_TOTAL_LENGTH}; `range` is where that was noticed. */
export function totalFault(range: Range): Fault {
  return fault("config/values-too-large", "The values of this configuration come to more than 64 MiB", range, {
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
    why: "What stands before ? decides between the two values, so it has to be true or false",
    suggestion: "Use cache.ID.enabled, a variable that is true or false, or an env() that spells one of them",
  });
}

function nullFault(range: Range): Fault {
  return fault("config/null-in-string", "A null stands inside a string", range, {
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
