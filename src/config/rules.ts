// The building blocks of rules: a rule is a generator that takes a resolved block and the facts of its reading, and
// yields findings. A setting that could not be read already has its error, so no rule reports it again. Findings never
// quote a value that came from the environment.
import { looksSecret } from "../diagnostic/secrets.ts";
import { nearest } from "../diagnostic/suggest.ts";
import { type Facts, hasFailed, isFromEnvironment, rangeAt } from "./facts.ts";
import { type Finding, finding, type FindingDetails } from "./findings.ts";

/** A rule's input besides the block. */
export interface RuleContext {
  /** The value of a setting that could not be read is missing, or the default. */
  readonly facts: Facts;
  readonly secrets: Secrets;
}

/** The values of variables with a secret's name; no finding may quote them. */
export interface Secrets {
  /** Whether a value is or contains one of them. */
  areIn(value: string): boolean;
}

/** The details of a finding, and the place that it shows. */
export interface PlacedDetails extends FindingDetails {
  /** The path of that place; by default the setting's own. */
  readonly at?: string;
}

/** Yields an error at a setting, or nothing if that setting could not be read. */
export function* errorAt(
  { facts }: RuleContext,
  path: string,
  code: string,
  summary: string,
  { at = path, ...details }: PlacedDetails = {},
): Generator<Finding> {
  if (!hasFailed(facts, path)) yield finding("error", code, summary, path, rangeAt(facts, at), details);
}

/** Yields a warning at a setting, or nothing if that setting could not be read. */
export function* warningAt(
  { facts }: RuleContext,
  path: string,
  code: string,
  summary: string,
  { at = path, ...details }: PlacedDetails = {},
): Generator<Finding> {
  if (!hasFailed(facts, path)) yield finding("warning", code, summary, path, rangeAt(facts, at), details);
}

/** The value if a finding may quote it; null if it came from the environment, or is or looks like a secret. */
export function quotableValue({ facts, secrets }: RuleContext, path: string, value: string): string | null {
  return isFromEnvironment(facts, path) || secrets.areIn(value) || looksSecret(value) ? null : value;
}

/** A value for a summary, cut at 60 UTF-16 units; a placeholder for a secret or a value of the environment. */
export function shown(context: RuleContext, path: string, value: string): string {
  if (isFromEnvironment(context.facts, path)) return "from the environment";
  const quotable = quotableValue(context, path, value);
  if (quotable === null) return "(not shown)";
  return quotable.length > 60 ? quotable.slice(0, 60) + "…" : quotable;
}

/** Whether a text is empty; the server counts white space as empty. */
export function isBlank(text: string): boolean {
  return text.trim() === "";
}

/**
 * "Did you mean" and the first ten of the defined names. `wanted` is null if it must not be quoted: the nearest name
 * would reveal it.
 */
export function suggestNames(what: string, wanted: string | null, names: readonly string[]): string {
  if (names.length === 0) return `Define one; there are no ${what} at all`;
  const near = wanted === null ? null : nearest(wanted, names);
  const listed = names.length > 10 ? [...names.slice(0, 10), `and ${names.length - 10} more`] : names;
  return `${near === null ? "" : `Did you mean ${near}? `}Defined ${what}: ${listed.join(", ")}`;
}

/** Compares two names without regard to case. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Looks for a name without regard to case. */
export function hasName(names: readonly string[], name: string): boolean {
  return names.some((one) => sameName(one, name));
}
