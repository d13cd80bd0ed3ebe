// What the two phases of rules are made of: a rule is a generator of findings over a resolved block and the facts of
// reading it. A setting that could not be read has its error already, so no rule speaks of it again, and a value that
// came from the environment is never quoted.
import { looksSecret } from "../diagnostic/secrets.ts";
import { nearest } from "../diagnostic/suggest.ts";
import { type Facts, hasFailed, isFromEnvironment, rangeAt } from "./facts.ts";
import { type Finding, finding, type FindingDetails } from "./findings.ts";

/** What is known of a block beside its values. */
export interface Matter {
  /** Of each setting; where something could not be read the value is left out or has its default. */
  readonly facts: Facts;
  /** What must not be quoted wherever it turns up. */
  readonly secrets: Secrets;
}

/** The values of variables with a secret's name. */
export interface Secrets {
  /** Whether a value is, or holds, one of them. */
  areIn(value: string): boolean;
}

/** What a rule says of a setting; `at` is the path whose place is shown, where it is not the setting's own. */
export interface Remark extends FindingDetails {
  /** Left out: the setting's own path. */
  readonly at?: string;
}

/** An error at a setting, or nothing where that setting could not be read. */
export function* errorAt(
  { facts }: Matter,
  path: string,
  code: string,
  summary: string,
  { at = path, ...details }: Remark = {},
): Generator<Finding> {
  if (!hasFailed(facts, path)) yield finding("error", code, summary, path, rangeAt(facts, at), details);
}

/** A warning at a setting, or nothing where that setting could not be read. */
export function* warningAt(
  { facts }: Matter,
  path: string,
  code: string,
  summary: string,
  { at = path, ...details }: Remark = {},
): Generator<Finding> {
  if (!hasFailed(facts, path)) yield finding("warning", code, summary, path, rangeAt(facts, at), details);
}

/** A value that may be spoken of aloud; null where it came from the environment or is or looks like a secret. */
export function known({ facts, secrets }: Matter, path: string, value: string): string | null {
  return isFromEnvironment(facts, path) || secrets.areIn(value) || looksSecret(value) ? null : value;
}

/** A value as a summary may show it: a secret or what came from the environment not at all, and nothing at length. */
export function shown(matter: Matter, path: string, value: string): string {
  if (isFromEnvironment(matter.facts, path)) return "from the environment";
  const quotable = known(matter, path, value);
  if (quotable === null) return "(not shown)";
  return quotable.length > 60 ? quotable.slice(0, 60) + "…" : quotable;
}

/** Whether nothing is written in a text; the server counts white space as nothing. */
export function isBlank(text: string): boolean {
  return text.trim() === "";
}

/** "Did you mean" and the first names of those there are; `from` says whether the wanted name may be compared aloud. */
export function suggestNames(what: string, wanted: string | null, names: readonly string[]): string {
  if (names.length === 0) return `Define one; there are no ${what} at all`;
  const near = wanted === null ? null : nearest(wanted, names);
  const listed = names.length > 10 ? [...names.slice(0, 10), `and ${names.length - 10} more`] : names;
  return `${near === null ? "" : `Did you mean ${near}? `}Defined ${what}: ${listed.join(", ")}`;
}

/** Whether two names are the same but for upper and lower case. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Whether one of the names is the same as `name` but for upper and lower case. */
export function hasName(names: readonly string[], name: string): boolean {
  return names.some((one) => sameName(one, name));
}
