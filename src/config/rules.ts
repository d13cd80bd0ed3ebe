// What the two phases of rules are made of: a rule is a generator of diagnostics over a resolved configuration and the
// facts of reading it. A setting that could not be read has its error already, so no rule speaks of it again, and a
// value that came from the environment is never quoted.
import {
  type Diagnostic,
  type DiagnosticDetails,
  errorDiagnostic,
  type Place,
  warningDiagnostic,
} from "../diagnostic/diagnostic.ts";
import { looksSecret } from "../diagnostic/secrets.ts";
import { nearest } from "../diagnostic/suggest.ts";
import type { Facts } from "./findings.ts";
import type { HonuaConfig } from "./honua_config.ts";

/** What a rule looks at, and how it speaks. */
export interface Matter {
  /** The resolved configuration; where something could not be read it is left out or has its default. */
  readonly config: HonuaConfig;
  /** What is known of each setting beside its value. */
  readonly facts: Facts;
}

/** What a rule says of a setting; `at` is the path whose place is shown, where it is not the setting's own. */
export interface Remark extends Omit<DiagnosticDetails, "path" | "place"> {
  /** Left out: the setting's own path. */
  at?: string;
}

/** An error at a setting, or nothing where that setting could not be read. */
export function* errorAt(
  matter: Matter,
  path: string,
  code: string,
  summary: string,
  remark: Remark = {},
): Generator<Diagnostic> {
  if (!matter.facts.hasFailed(path)) yield errorDiagnostic(code, summary, detailsOf(matter, path, remark));
}

/** A warning at a setting, or nothing where that setting could not be read; a null path is the whole file's. */
export function* warningAt(
  matter: Matter,
  path: string | null,
  code: string,
  summary: string,
  remark: Remark = {},
): Generator<Diagnostic> {
  if (path !== null && matter.facts.hasFailed(path)) return;
  yield warningDiagnostic(code, summary, detailsOf(matter, path, remark));
}

function detailsOf({ facts }: Matter, path: string | null, { at, ...details }: Remark): DiagnosticDetails {
  const place: Place | null = path === null ? null : facts.placeAt(at ?? path);
  return { ...details, path, place };
}

/** A value that may be spoken of aloud; null where it came from the environment or is or looks like a secret. */
export function known({ facts }: Matter, path: string, value: string): string | null {
  return facts.isFromEnvironment(path) || facts.isSecret(value) || looksSecret(value) ? null : value;
}

/** A value as a summary may show it: a secret or what came from the environment not at all, and nothing at length. */
export function shown(matter: Matter, path: string, value: string): string {
  if (matter.facts.isFromEnvironment(path)) return "from the environment";
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
