// Evaluates what is written, layer by layer, into two values at once: the one that holds on this host and the portable
// one that leaves the environment open. How deep and how large the values of one configuration may be is bounded here.
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
import type { Context } from "./evaluation.ts";
import type { Recorder } from "./facts.ts";
import { emptyObject, type Json, type JsonObject } from "./json.ts";
import type { Reading } from "./evaluation.ts";
import type { Scope } from "./scope.ts";

/** What settings are read with, and how much of what is bounded was used up. */
export interface Reader extends Context {
  /** Evaluates what is written. */
  readonly scope: Scope;
  /** Gives the values of this host. */
  readonly environment: Environment;
  /** Takes what is found. */
  readonly findings: Recorder;
  /** How many lists and maps the value that is being read stands in. */
  depth: number;
  /** The length of all texts that were read so far, in UTF-16 units. */
  length: number;
}

/** A value on this host and on every host; undefined where it is absent or could not be read. */
export interface Both<T extends Json = Json> {
  /** With the environment of this host. */
  readonly resolved: T | undefined;
  /** With the environment left open. */
  readonly portable: T | undefined;
}

/** Makes a pair of objects to be filled. */
export function emptyBoth(): { resolved: JsonObject; portable: JsonObject } {
  return { resolved: emptyObject(), portable: emptyObject() };
}

/** Puts a value under a name in both objects, where it is there. */
export function assign(into: Both<JsonObject>, name: string, value: Both): void {
  if (value.resolved !== undefined) into.resolved![name] = value.resolved;
  if (value.portable !== undefined) into.portable![name] = value.portable;
}

/**
 * The same value, in one object where both forms say the same: most of what is written names no environment, and is
 * neither kept twice nor compared later. Whoever calls this changes neither of the two any more.
 */
export function united<T extends Json>(both: Both<T>): Both<T> {
  const { resolved, portable } = both;
  return resolved !== portable && areAlike(resolved, portable) ? { resolved, portable: resolved } : both;
}

/** Whether two objects, or two lists, have the same members in the same order, which are united themselves. */
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

/** Above what a document may nest, since variables put lists and maps into one another. */
const MAX_DEPTH = 250;
/** What stands for a value that is not there. */
export const absent: Both<never> = { resolved: undefined, portable: undefined };

/** A value that is neither a list nor a map. */
export interface Scalar {
  /** Marks a scalar. */
  readonly kind: "scalar";
  /** What it is on this host. */
  readonly constant: Constant;
  /** What it is on every host: the same constant, or an expression of the environment. */
  readonly expression: Expression;
  /** Where it is written. */
  readonly range: Range;
  /** Whether it has no value on this host alone, which is noted; on others it may have one. */
  readonly isRefused: boolean;
}

/** Evaluates a value as far as its outermost layer; null where it has none, which is noted. */
export function settle(reader: Reader, value: Value, path: string, reading: Reading): Scalar | List | Fields | null {
  if (value.kind === "list" || value.kind === "fields") return value;
  const { findings } = reader;
  const expression = reader.scope.evaluate(value, reading, reader);
  if (expression.kind === "compound") return expression.value;
  if (expression.kind === "reported") return findings.fail(path), null;
  if (expression.kind === "fault") return findings.refuse(path, expression), null;
  if (expression.kind !== "constant") findings.taint(path);
  const { range } = value;
  const resolved = resolvedText(reader, resolve(expression, reader.environment), range);
  if (resolved.kind === "constant") return { kind: "scalar", constant: resolved, expression, range, isRefused: false };
  findings.refuse(path, resolved);
  return { kind: "scalar", constant: constant(null), expression, range, isRefused: true };
}

/** A value of this host, where it is not too much and can be written as JSON. */
function resolvedText(reader: Reader, resolved: Constant | Fault, range: Range): Constant | Fault {
  if (resolved.kind === "fault" || typeof resolved.value !== "string") return resolved;
  reader.length += resolved.value.length;
  if (reader.length > MAX_TOTAL_LENGTH) return totalFault(range);
  return resolved.value.isWellFormed() ? resolved : notUnicode("This text", range);
}

/** A name with which a JSON object can have a member; a lone surrogate has no place in JSON text. */
export function isName(reader: Reader, name: string, path: string, range: Range): boolean {
  if (name.isWellFormed()) return true;
  reader.findings.refuse(path, notUnicode("This name", range));
  return false;
}

/** A list of what is there. */
export function listOf(items: readonly Both[]): Both {
  const isThere = (one: Json | undefined): one is Json => one !== undefined;
  return {
    resolved: items.map((item) => item.resolved).filter(isThere),
    portable: items.map((item) => item.portable).filter(isThere),
  };
}

/** Whether what a value comes to depends on the environment. */
export function isOpen({ expression }: Scalar): boolean {
  return expression.kind !== "constant";
}

/** Whether null is what is written, which counts as nothing. */
export function isNull(settled: Scalar | List | Fields): boolean {
  return settled.kind === "scalar" && settled.constant.value === null;
}

/** A setting that is absent on this host, and may be there on others. */
export function absentHere(scalar: Scalar): Both<string> {
  return { resolved: undefined, portable: isOpen(scalar) ? portableText(scalar.expression) : undefined };
}

/** The portable form of a value that was resolved. */
export function portableOf(scalar: Scalar, resolved: Json): Json {
  if (isOpen(scalar)) return portableText(scalar.expression);
  return typeof resolved === "string" ? escapeTemplate(resolved) : resolved;
}

/** Reads one level deeper, where that is not too deep. */
export function deeper(reader: Reader, path: string, range: Range, read: () => Both): Both {
  if (reader.depth >= MAX_DEPTH) {
    reader.findings.refuse(
      path,
      fault("config/value-too-deep", `This value is nested more than ${MAX_DEPTH} deep`, range),
    );
    return absent;
  }
  reader.depth++;
  const both = united(read());
  reader.depth--;
  return both;
}

/** Notes that a setting is of the wrong type: `what` it has to be. */
export function refuse(reader: Reader, path: string, range: Range, what: string): Both<never> {
  const name = clip(path.slice(path.lastIndexOf(".") + 1));
  reader.findings.refuse(path, fault("config/wrong-type", `${name} ${what}`, range));
  return absent;
}

/** A name as a summary shows it. */
export function clip(name: string): string {
  return name.length > 100 ? name.slice(0, 100) + "…" : name;
}

function notUnicode(what: string, range: Range): ReturnType<typeof fault> {
  return fault("config/not-unicode", `${what} has half a character in it`, range, {
    why: "A surrogate that stands alone cannot be written as UTF-8",
  });
}
