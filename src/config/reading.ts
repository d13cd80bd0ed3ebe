// Evaluates written values, one layer at a time, into two forms at once: the value on this host, and the portable form,
// in which references to the environment remain. This file limits the depth and total size of a configuration's values.
import type { Range } from "../diagnostic/range.ts";
import type { Fields, List, Value } from "../document/document.ts";
import type { Environment } from "./environment.ts";
import {
  type Constant,
  constant,
  escapeTemplate,
  type Expression,
  type Fault,
  fault,
  MAX_TOTAL_LENGTH,
  portableText,
  resolve,
  totalFault,
} from "./expressions.ts";
import type { EvaluationContext } from "./evaluation.ts";
import type { Recorder } from "./facts.ts";
import { emptyObject, type Json, type JsonObject } from "./json.ts";
import type { EvaluationMode } from "./evaluation.ts";
import type { Scope } from "./scope.ts";

/** The tools that read settings, and how much of each limit is used up. */
export interface Reader extends EvaluationContext {
  readonly scope: Scope;
  readonly environment: Environment;
  readonly findings: Recorder;
  /** How many lists and maps contain the current value. */
  depth: number;
  /** The length of all texts so far, in UTF-16 units. */
  length: number;
}

/** A value on this host and on every host; undefined if it is absent or could not be read. */
export interface PortablePair<T extends Json = Json> {
  /** With the environment of this host. */
  readonly resolved: T | undefined;
  /** With the environment left open. */
  readonly portable: T | undefined;
}

export function emptyPair(): { resolved: JsonObject; portable: JsonObject } {
  return { resolved: emptyObject(), portable: emptyObject() };
}

/** Sets a member of both objects, except to undefined. */
export function assign(into: PortablePair<JsonObject>, name: string, value: PortablePair): void {
  if (value.resolved !== undefined) into.resolved![name] = value.resolved;
  if (value.portable !== undefined) into.portable![name] = value.portable;
}

/**
 * Makes equal forms one object, to save memory and later comparisons: most values do not refer to the environment. The
 * caller must not change either form afterwards.
 */
export function shareEqualForms<T extends Json>(pair: PortablePair<T>): PortablePair<T> {
  const { resolved, portable } = pair;
  return resolved !== portable && areAlike(resolved, portable) ? { resolved, portable: resolved } : pair;
}

/** Whether two objects, or two lists, have identical members in the same order; nested forms are shared already. */
function areAlike(one: Json | undefined, other: Json | undefined): boolean {
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && one.length === other.length &&
      one.every((item, at) => item === other[at]);
  }
  const names = Object.keys(one);
  const others = Object.keys(other);
  return names.length === others.length &&
    names.every((name, at) => name === others[at] && one[name] === other[name]);
}

/** More than the nesting limit of a document, since variables insert lists and maps into one another. */
const MAX_DEPTH = 250;
export const absent: PortablePair<never> = { resolved: undefined, portable: undefined };

/** A value that is neither a list nor a map. */
export interface Scalar {
  readonly kind: "scalar";
  /** The value on this host. */
  readonly constant: Constant;
  /** The value on every host: the same constant, or an expression of the environment. */
  readonly expression: Expression;
  readonly range: Range;
  /** Whether it has no value on this host, which was reported; it may have one on other hosts. */
  readonly isRefused: boolean;
}

/** Evaluates the outermost layer of a value, not its items or entries; null, after a report, if it has no value. */
export function evaluateOuter(
  reader: Reader,
  value: Value,
  path: string,
  mode: EvaluationMode,
): Scalar | List | Fields | null {
  if (value.kind === "list" || value.kind === "fields") return value;
  const { findings } = reader;
  const expression = reader.scope.evaluate(value, mode, reader);
  if (expression.kind === "compound") return expression.value;
  if (expression.kind === "reported") return findings.fail(path), null;
  if (expression.kind === "fault") return findings.refuse(path, expression), null;
  if (expression.kind !== "constant") findings.taint(path);
  const { range } = value;
  const resolved = resolvedText(reader, resolve(expression, reader.environment), range);
  if (resolved.kind === "constant") return { kind: "scalar", constant: resolved, expression, range, isRefused: false };
  if (expression.kind === "constant") findings.refuse(path, resolved);
  else findings.refuseHere(path, resolved);
  return { kind: "scalar", constant: constant(null), expression, range, isRefused: true };
}

/** A value of this host, or a fault if it exceeds the total size or cannot be written as JSON. */
function resolvedText(reader: Reader, resolved: Constant | Fault, range: Range): Constant | Fault {
  if (resolved.kind === "fault" || typeof resolved.value !== "string") return resolved;
  reader.length += resolved.value.length;
  if (reader.length > MAX_TOTAL_LENGTH) return totalFault(range);
  return resolved.value.isWellFormed() ? resolved : notUnicode("This text", range);
}

/** Whether a JSON object can have a member of this name; reports a lone surrogate, which JSON text cannot contain. */
export function checkName(reader: Reader, name: string, path: string, range: Range): boolean {
  if (name.isWellFormed()) return true;
  reader.findings.refuse(path, notUnicode("This name", range));
  return false;
}

/** A list of the items that have a value, in each form. */
export function listOf(items: readonly PortablePair[]): PortablePair {
  const isThere = (one: Json | undefined): one is Json => one !== undefined;
  return {
    resolved: items.map((item) => item.resolved).filter(isThere),
    portable: items.map((item) => item.portable).filter(isThere),
  };
}

export function dependsOnEnvironment({ expression }: Scalar): boolean {
  return expression.kind !== "constant";
}

/** Whether a value is null, which counts as not written. */
export function isNull(outer: Scalar | List | Fields): boolean {
  return outer.kind === "scalar" && outer.constant.value === null;
}

/** A setting that is absent on this host, and may be present on others. */
export function absentHere(scalar: Scalar): PortablePair<string> {
  return { resolved: undefined, portable: dependsOnEnvironment(scalar) ? portableText(scalar.expression) : undefined };
}

export function portableOf(scalar: Scalar, resolved: Json): Json {
  if (dependsOnEnvironment(scalar)) return portableText(scalar.expression);
  return typeof resolved === "string" ? escapeTemplate(resolved) : resolved;
}

/** Reads one level deeper, or refuses a value that is nested too deep. */
export function readDeeper(reader: Reader, path: string, range: Range, read: () => PortablePair): PortablePair {
  if (reader.depth >= MAX_DEPTH) {
    reader.findings.refuse(
      path,
      fault("config/value-too-deep", `This value is nested more than ${MAX_DEPTH} deep`, range),
    );
    return absent;
  }
  reader.depth++;
  const pair = shareEqualForms(read());
  reader.depth--;
  return pair;
}

/** Reports a setting of the wrong type; the requirement completes the sentence: `has to be …`. */
export function refuse(reader: Reader, path: string, range: Range, requirement: string): PortablePair<never> {
  reader.findings.refuse(path, wrongType(path, range, requirement));
  return absent;
}

/**
 * Reports a scalar of the wrong type, as {@linkcode refuse} does; the environment of other hosts may give a right one.
 */
export function refuseScalar(reader: Reader, path: string, scalar: Scalar, requirement: string): PortablePair<string> {
  if (!dependsOnEnvironment(scalar)) return refuse(reader, path, scalar.range, requirement);
  reader.findings.refuseHere(path, wrongType(path, scalar.range, requirement));
  return absentHere(scalar);
}

function wrongType(path: string, range: Range, requirement: string): Fault {
  return fault("config/wrong-type", `${clip(path.slice(path.lastIndexOf(".") + 1))} ${requirement}`, range);
}

/** Shortens a name to 100 UTF-16 units for a summary. */
export function clip(name: string): string {
  return name.length > 100 ? name.slice(0, 100) + "…" : name;
}

function notUnicode(subject: string, range: Range): ReturnType<typeof fault> {
  return fault("config/not-unicode", `${subject} has half a character in it`, range, {
    why: "A surrogate without its other half cannot be written as UTF-8",
  });
}
