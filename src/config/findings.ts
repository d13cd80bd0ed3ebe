// Findings about a configuration. The range of a finding moves with its text, so a finding can be remembered with its
// block and reported at the current place. Paths are HCL's: `layer.roads.geometry.srid`.
import {
  type Diagnostic,
  type DiagnosticDetails,
  errorDiagnostic,
  placeOf,
  type Severity,
  warningDiagnostic,
} from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import { isSecretName } from "../diagnostic/secrets.ts";
import type { Fault } from "./expressions.ts";

/** A diagnostic with ranges in place of places, before it is reported. */
export interface Finding extends Omit<Diagnostic, "place" | "other"> {
  /** The text to underline; null for a mistake of the whole file. */
  readonly range: Range | null;
  /** The second place of a mistake that has two, with a label. */
  readonly other: { readonly label: string; readonly range: Range } | null;
  /** How often it is reported if several settings have it; null: each time. */
  readonly once: "in-all" | "at-its-place" | "at-its-place-for-its-path" | null;
}

/** The parts of a finding that may be left out. */
export interface FindingDetails extends Pick<DiagnosticDetails, "why" | "suggestion"> {
  readonly other?: Finding["other"];
}

/** Makes a finding. */
export function finding(
  severity: Severity,
  code: string,
  summary: string,
  path: string | null,
  range: Range | null,
  details: FindingDetails = {},
  once: Finding["once"] = null,
): Finding {
  const { why = null, suggestion = null, other = null } = details;
  return { severity, code, summary, why, suggestion, path, range, other, once };
}

/** Makes an error of a fault: once for each place or for the whole, but of an undefined variable for every setting. */
export function findingOf(path: string, fault: Fault): Finding {
  const { code, summary, range, undefinedVariable, quoting, isOfWhole } = fault;
  const once = isOfWhole ? "in-all" : undefinedVariable === null ? "at-its-place" : "at-its-place-for-its-path";
  const details = quoting === null || path.split(".").some(isSecretName) ? fault : quoting;
  return finding("error", code, summary, path, range, details, once);
}

/** Makes the diagnostic of a finding, with the current place of its text. */
export function diagnosticOf(source: SourceText, one: Finding): Diagnostic {
  const make = one.severity === "error" ? errorDiagnostic : warningDiagnostic;
  const { why, suggestion, path } = one;
  return make(one.code, one.summary, {
    why,
    suggestion,
    path,
    place: one.range === null ? null : placeOf(source, one.range),
    other: one.other === null ? null : { label: one.other.label, place: placeOf(source, one.other.range) },
  });
}

/** A bounded collection of findings of several blocks, without the duplicates that `once` excludes. */
export interface Collection {
  /** Adds findings in the order of the report, and the number of those that were dropped before. */
  add(findings: readonly Finding[], dropped?: number): void;
  /** At most 5,000 errors and 5,000 warnings. */
  readonly kept: readonly Finding[];
  /** The number of findings that are not kept. */
  readonly dropped: number;
}

const MAX_KEPT = 5_000;

/** Opens an empty collection. */
export function openCollection(): Collection {
  const kept: Finding[] = [];
  let dropped = 0;
  const count = { error: 0, warning: 0 };
  const reported = new Set<string>();
  return {
    kept,
    get dropped() {
      return dropped;
    },
    add(findings, more = 0) {
      dropped += more;
      for (const one of findings) {
        if (one.once !== null && wasReported(reported, one)) continue;
        if (count[one.severity]++ >= MAX_KEPT) dropped++;
        else kept.push(one);
      }
    },
  };
}

/** Whether the finding was reported before; marks it as reported. */
function wasReported(reported: Set<string>, { once, code, range, path }: Finding): boolean {
  const where = once === "in-all" || range === null ? "" : `${range.start} ${range.end}`;
  const key = `${code} ${where} ${once === "at-its-place-for-its-path" ? path : ""}`;
  if (reported.has(key)) return true;
  reported.add(key);
  return false;
}

// These ranges are computed from other ranges at each access, so that a remembered range moves with its text.

/** Returns the range from the start of one range to the end of another. */
export function spanOf(first: Range, last: Range): Range {
  return new Span(first, last);
}

/** Returns the part of a range between two offsets from its start, in UTF-16 units. */
export function partOf(whole: Range, from: number, to: number): Range {
  return new Part(whole, from, to);
}

/** A class, since closures for the getters of each range would cost more. */
class Span implements Range {
  constructor(private readonly first: Range, private readonly last: Range) {}

  get start(): number {
    return this.first.start;
  }

  get end(): number {
    return this.last.end;
  }
}

class Part implements Range {
  constructor(private readonly whole: Range, private readonly from: number, private readonly to: number) {}

  get start(): number {
    return this.whole.start + this.from;
  }

  get end(): number {
    return this.whole.start + this.to;
  }
}
