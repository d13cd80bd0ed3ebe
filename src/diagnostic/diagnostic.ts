// The message about a user's mistake in a source: a value, never thrown. A summary quotes no secret and no value of the
// environment, so a diagnostic may be logged and shown anywhere; only render.ts shows text of the source, without
// secrets.
import { positionAt, type Range, type SourceText } from "./range.ts";

/** An error keeps a configuration from becoming a snapshot; a warning does not. */
export type Severity = "error" | "warning";

/** A range of a named text, with the line and column of its start. */
export interface Place {
  /** The name of the text: a path as given, or `-`. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in code points. */
  readonly column: number;
  /** The part to underline. */
  readonly range: Range;
}

/** One mistake: its summary, its place, why it matters, and how to mend it. */
export interface Diagnostic {
  readonly severity: Severity;
  /** `room/what-is-wrong`, stable over releases: `config/unknown-reference`. */
  readonly code: string;
  /** One line without a full stop. */
  readonly summary: string;
  /** The reason or the consequence, one sentence; null: the summary is enough. */
  readonly why: string | null;
  /** The advice, in the imperative: `Write log_level = "information"`. */
  readonly suggestion: string | null;
  /** The path of the setting by HCL's names, also for a JSON source: `layer.roads.services`. */
  readonly path: string | null;
  /** Null: the mistake is one of the whole file. */
  readonly place: Place | null;
  /** The second place of a mistake that has two (the first definition of a duplicate), with a label. */
  readonly other: { readonly label: string; readonly place: Place } | null;
  /** The lines of its code frame, with secrets hidden, if it was rendered while the source was in memory. */
  readonly frame?: readonly string[];
}

/** The optional parts of a diagnostic; each is null by default. */
export interface DiagnosticDetails {
  why?: string | null;
  suggestion?: string | null;
  path?: string | null;
  place?: Place | null;
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

/** Returns the present place of a range in a text; it does not move with the text, even if the range does. */
export function placeOf(source: SourceText, { start, end }: Range): Place {
  return { file: source.name, ...positionAt(source, start), range: { start, end } };
}

/** Whether one of the diagnostics is an error. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === "error");
}
