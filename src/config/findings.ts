// What reading a configuration finds, and what the rules have to know about it beside its values: where each setting
// stands, which could not be read (they have their error already), and which came from the environment (they are never
// quoted). Paths are HCL's: `layer.roads.geometry.srid`.
import {
  type Diagnostic,
  type DiagnosticDetails,
  errorDiagnostic,
  type Place,
  placeOf,
  warningDiagnostic,
} from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Fault } from "./expressions.ts";

/** What the rules may ask about a setting that was read. */
export interface Facts {
  /** The place of a setting or, where it is not written, of the nearest thing around it; null for a missing block. */
  placeAt(path: string): Place | null;
  /** Whether the setting stands in the source, and is not a default. */
  isWritten(path: string): boolean;
  /** Whether the setting, or what it stands in, could not be read. */
  hasFailed(path: string): boolean;
  /** Whether the setting itself came from the environment, so that its value must not be quoted. */
  isFromEnvironment(path: string): boolean;
  /** Whether a value is, or holds, the value of a variable with a secret's name. */
  isSecret(value: string): boolean;
}

/** Facts in the making, and the diagnostics of reading. */
export interface Findings extends Facts {
  /** Notes where a setting stands. */
  note(path: string, range: Range): void;
  /** Notes that a setting came from the environment, also through a variable. */
  taint(path: string): void;
  /** Notes that a setting could not be read. */
  fail(path: string): void;
  /** Notes a value that must not be quoted wherever it turns up. */
  keepSecret(value: string): void;
  /** Adds an error; its place is the range's, where the details have none. */
  error(code: string, summary: string, path: string, range: Range, details?: DiagnosticDetails): void;
  /** Adds a warning; its place is the range's, where the details have none. */
  warning(code: string, summary: string, path: string, range: Range, details?: DiagnosticDetails): void;
  /** Makes an error of a fault, once for each place or for the whole, and notes that the setting could not be read. */
  refuse(path: string, fault: Fault): void;
  /** All that was found, at most 5,000 errors and 5,000 warnings. */
  readonly diagnostics: readonly Diagnostic[];
  /** How many more there were. */
  readonly dropped: number;
}

const MAX_KEPT = 5_000;

/** Opens a collection of findings about one source. */
export function openFindings(source: SourceText): Findings {
  const ranges = new Map<string, Range>();
  const failed = new Set<string>();
  const tainted = new Set<string>();
  const refused = new Set<string>();
  const secrets = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  const kept = { error: 0, warning: 0 };
  let dropped = 0;

  function keep(make: typeof errorDiagnostic, severity: "error" | "warning"): Findings["error"] {
    return (code, summary, path, range, details = {}) => {
      if (kept[severity]++ >= MAX_KEPT) dropped++;
      else diagnostics.push(make(code, summary, { path, place: placeOf(source, range), ...details }));
    };
  }
  const error = keep(errorDiagnostic, "error");

  return {
    diagnostics,
    get dropped() {
      return dropped;
    },
    note: (path, range) => void ranges.set(path, range),
    taint: (path) => void tainted.add(path),
    fail: (path) => void failed.add(path),
    error,
    warning: keep(warningDiagnostic, "warning"),
    refuse(path, { code, summary, why, suggestion, range, undefinedVariable, isOfWhole }) {
      failed.add(path);
      const where = isOfWhole ? "" : `${range.start} ${range.end}`;
      const key = `${code} ${where} ${undefinedVariable === null ? "" : path}`;
      if (refused.has(key)) return;
      refused.add(key);
      error(code, summary, path, range, { why, suggestion });
    },
    placeAt(path) {
      for (const one of enclosing(path)) {
        const range = ranges.get(one);
        if (range !== undefined) return placeOf(source, range);
      }
      return null;
    },
    isWritten: (path) => ranges.has(path),
    hasFailed: (path) => failed.size > 0 && [...enclosing(path)].some((one) => failed.has(one)),
    isFromEnvironment: (path) => tainted.has(path),
    keepSecret: (value) => void (value !== "" && secrets.add(value)),
    isSecret: (value) => [...secrets].some((secret) => value.includes(secret)),
  };
}

/** A path and all it stands in, from the inside out. */
function* enclosing(path: string): Generator<string> {
  yield path;
  for (let at = path.lastIndexOf("."); at > 0; at = path.lastIndexOf(".", at - 1)) yield path.slice(0, at);
}
