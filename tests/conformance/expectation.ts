// Reads a directory of texts with their expected outcomes (`index.tsv`, `cases.json`) and lists the differences of
// ours.
import type { Diagnostic, Severity } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Loaded } from "../../src/config/load.ts";
import type { BlockParser } from "../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../src/document/hcl/hcl_document.ts";
import { parseJsonDocument } from "../../src/document/json/json_document.ts";

/** One text of `index.tsv`. */
export interface Expectation {
  readonly file: string;
  readonly outcome: "valid" | "valid+warnings" | "invalid:syntax" | "invalid:load" | "invalid:validation";
  /** `severity path` of every diagnostic that has a path; sorted. */
  readonly remarks: readonly string[];
  /** The line of the first error, if it is one of syntax. */
  readonly line: number | null;
}

/** Parses `index.tsv`; its remarks are `[path] words` or, for syntax, `line:column words`, joined by ` | `. */
export function readIndex(text: string): Expectation[] {
  return text.trimEnd().split("\n").slice(1).map((row) => {
    const [file, outcome, errors = "", warnings = ""] = row.split("\t");
    const line = outcome === "invalid:syntax" ? Number.parseInt(errors, 10) : null;
    const remarks = [
      ...(line === null ? pathsIn(errors).map((path) => `error ${path}`) : []),
      ...pathsIn(warnings).map((path) => `warning ${path}`),
    ].sort();
    return { file: file!, outcome: outcome as Expectation["outcome"], remarks, line };
  });
}

function pathsIn(joined: string): string[] {
  return joined.split(" | ").map((one) => /^\[([^\]]*)\]/.exec(one)?.[1]).filter((path) =>
    path !== undefined && path !== "-"
  )
    .map((path) => path!);
}

/** The outcome of a text. */
export type Outcome =
  | { readonly parsed: false; readonly diagnostics: readonly Diagnostic[] }
  | { readonly parsed: true; readonly loaded: Loaded; readonly diagnostics: readonly Diagnostic[] };

/** Parses and loads a text; the name decides whether it is JSON. */
export async function outcomeOf(
  name: string,
  text: string,
  parser: BlockParser,
  options: { environment: (name: string) => string | undefined; validate: boolean },
): Promise<Outcome> {
  const source = sourceText(name, text.replace(/^\ufeff/, ""));
  const document = name.endsWith(".json") ? parseJsonDocument(source) : await openHclReader(parser).read(source);
  if (!document.ok) return { parsed: false, diagnostics: document.diagnostics };
  const loaded = loadConfig({ document: document.document, ...options });
  return { parsed: true, loaded, diagnostics: loaded.ok ? loaded.warnings : loaded.diagnostics };
}

/** The differences of an outcome from the expected one, in words; empty if there are none. */
export function differences(expected: Expectation, outcome: Outcome): string[] {
  const found: string[] = [];
  const ours = outcomeName(outcome, expected.remarks);
  const loading = new Set(["invalid:load", "invalid:validation"]);
  if (ours !== expected.outcome && !(loading.has(ours) && loading.has(expected.outcome))) {
    found.push(`it is ${ours} and not ${expected.outcome}`);
  }
  if (expected.line !== null) {
    const first = Math.min(...outcome.diagnostics.map((one) => one.place?.line ?? Infinity));
    if (first !== expected.line) found.push(`the first error is in line ${first} and not ${expected.line}`);
    return found;
  }
  return [...found, ...compareRemarks(expected.remarks, remarksOf(outcome.diagnostics, expected.remarks))];
}

/** Compares sorted remarks, each as often as it occurs. */
export function compareRemarks(expected: readonly string[], actual: readonly string[]): string[] {
  const left = [...actual];
  const missing = expected.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [...missing.map((one) => `${one} is not said`), ...left.map((one) => `${one} is said and not expected`)];
}

/**
 * `severity path` of every diagnostic that has a path. A cache with a connection and no type, a variable without a
 * default, and an enabled service without any data source are warned about beyond the list of the server's. So are
 * settings that its own reader cannot read, if the list does not have them anyway as unknown: the list is about the
 * written text, not about a file that is made of it.
 */
export function remarksOf(diagnostics: readonly Diagnostic[], expected: readonly string[]): string[] {
  const remarkOf = ({ severity, path }: Diagnostic) => `${severity satisfies Severity} ${path}`;
  const isOnTop = (one: Diagnostic) =>
    one.severity === "warning" && (OWN_WARNINGS.includes(one.code) ||
      (SERVER_WARNINGS.includes(one.code) && !expected.includes(remarkOf(one))));
  return diagnostics.filter((one) => one.path !== null && !isOnTop(one)).map(remarkOf).sort();
}

const OWN_WARNINGS = ["config/cache-without-type", "config/variable-without-value", "server/no-data-source"];
const SERVER_WARNINGS = ["server/not-supported", "server/wrong-type"];

function outcomeName(outcome: Outcome, expected: readonly string[]): Expectation["outcome"] {
  if (!outcome.parsed) return "invalid:syntax";
  if (!outcome.loaded.ok) return "invalid:validation";
  const warnings = remarksOf(outcome.diagnostics, expected).length;
  return warnings + outcome.diagnostics.filter((one) => one.path === null).length > 0 ? "valid+warnings" : "valid";
}

/** One of `cases.json`: a text, and the expected result of loading it. */
export interface Case {
  readonly id: string;
  readonly kind: "validator" | "parser" | "loader" | "processor";
  readonly file: string;
  readonly env?: Record<string, string>;
  readonly assert: { readonly throws?: string; readonly values?: Record<string, unknown> };
  readonly expected: {
    readonly errors?: readonly { readonly location: string }[];
    readonly warnings?: readonly { readonly location: string }[];
  };
}

/** The differences of the outcome of a case from its assertions. */
export function caseDifferences(one: Case, outcome: Outcome): string[] {
  if (one.kind === "validator") {
    if (!outcome.parsed) return ["it does not parse"];
    const expected = [
      ...one.expected.errors!.map(({ location }) => `error ${location}`),
      ...one.expected.warnings!.map(({ location }) => `warning ${location}`),
    ].filter((remark) => !remark.endsWith(" undefined")).sort();
    return compareRemarks(expected, remarksOf(outcome.diagnostics, expected));
  }
  const config = outcome.parsed && outcome.loaded.ok ? outcome.loaded.config : null;
  if (one.assert.throws !== undefined) return config === null ? [] : ["it loads, which it should not"];
  if (config === null) return ["it does not load"];
  return Object.entries(one.assert.values ?? {}).flatMap(([path, value]) => {
    const actual = valueAt(config, path.split("."));
    return JSON.stringify(actual) === JSON.stringify(value) ? [] : [`${path} is ${JSON.stringify(actual)}`];
  });
}

/**
 * The value at a path of the server's names: PascalCase for our camelCase, `#` for a count, null for an absent value.
 */
function valueAt(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value ?? null;
  if (typeof value !== "object" || value === null) return null;
  if (name === "#") return Array.isArray(value) ? value.length : Object.keys(value).length;
  const members = value as Record<string, unknown>;
  const camel = name[0]!.toLowerCase() + name.slice(1);
  return valueAt(Object.hasOwn(members, name) ? members[name] : members[camel], rest);
}
