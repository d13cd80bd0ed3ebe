// What a person is told about a mistake in a source: a value, never thrown. A summary quotes no secret and nothing that
// came from the environment, so a diagnostic may be logged and shown anywhere; source text is shown by render.ts alone.
import { positionAt, type Range, type SourceText } from "./range.ts";

/** An error keeps a configuration from becoming a snapshot; a warning does not. */
export type Severity = "error" | "warning";

/** A stretch of a named text, with the line and column that people are shown for its start. */
export interface Place {
  /** The name of the text. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in code points. */
  readonly column: number;
  /** What to underline. */
  readonly range: Range;
}

/** One mistake: what, where, why it matters, and what to do about it. */
export interface Diagnostic {
  /** How bad it is. */
  readonly severity: Severity;
  /** `room/what-is-wrong`, stable over releases: `config/unknown-reference`. */
  readonly code: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** Why it is a mistake or what follows from it; one sentence or null where the summary says all. */
  readonly why: string | null;
  /** What to do, as an order: `Write log_level = "information"`. */
  readonly suggestion: string | null;
  /** In HCL's words whatever the source was: `layer.roads.services`. */
  readonly path: string | null;
  /** Where it stands; null for a mistake of the whole file. */
  readonly place: Place | null;
  /** The second place of a mistake that has two (the first definition of a duplicate), with what it is. */
  readonly other: { readonly label: string; readonly place: Place } | null;
}

/** The parts of a diagnostic that may be left out. */
export interface DiagnosticDetails {
  /** Default null. */
  why?: string | null;
  /** Default null. */
  suggestion?: string | null;
  /** Default null. */
  path?: string | null;
  /** Where it stands; null for a mistake of the whole file. */
  place?: Place | null;
  /** Default null. */
  other?: Diagnostic["other"];
}

/** Makes an error. */
export function errorDiagnostic(code: string, summary: string, details: DiagnosticDetails = {}): Diagnostic {
  return diagnostic("error", code, summary, details);
}

/** Makes a warning. */
export function warningDiagnostic(code: string, summary: string, details: DiagnosticDetails = {}): Diagnostic {
  return diagnostic("warning", code, summary, details);
}

function diagnostic(severity: Severity, code: string, summary: string, details: DiagnosticDetails): Diagnostic {
  const { why = null, suggestion = null, path = null, place = null, other = null } = details;
  return { severity, code, summary, why, suggestion, path, place, other };
}

/** The place of a range in a text, as it is now: a range that moves with its text does not take the place along. */
export function placeOf(source: SourceText, { start, end }: Range): Place {
  return { file: source.name, ...positionAt(source, start), range: { start, end } };
}

/** Whether one of the diagnostics is an error. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === "error");
}
