// The environment that a configuration names: the process's own, and files in systemd's EnvironmentFile syntax that are
// read anew at every load. Values are taken as they are, nothing in them is expanded, and no diagnostic quotes one.
import { type Diagnostic, placeOf, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";

/** The value of a variable of the environment, or undefined; names are case-sensitive. */
export type Environment = (name: string) => string | undefined;

/** What an environment file says: the later of two assignments to a name counts. */
export interface EnvironmentFile {
  /** Values by their names, which are case-sensitive. */
  readonly variables: ReadonlyMap<string, string>;
  /** Warnings in the order of their lines, at most 100: what systemd would pass over in silence. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The environment that a process was started with. */
export function processEnvironment(variables: Readonly<Record<string, string>>): Environment {
  return (name) => Object.hasOwn(variables, name) ? variables[name] : undefined;
}

/** Files beat the process, and a later file beats an earlier one. */
export function environmentOf(process: Environment, files: readonly ReadonlyMap<string, string>[]): Environment {
  return (name) => {
    for (let at = files.length - 1; at >= 0; at--) {
      const value = files[at]!.get(name);
      if (value !== undefined) return value;
    }
    return process(name);
  };
}

/**
 * Reads systemd's EnvironmentFile syntax (systemd.exec(5)), state for state as systemd's own parser does: comments
 * begin with `#` or `;`, a value may be made of several quoted pieces, a backslash at the end of an unquoted or
 * double-quoted line continues it, and quotes after the first unquoted character are text. A name that systemd does not
 * accept (`export X`, `1X`), a line without `=` and a quote that is never closed become warnings.
 *
 * @example
 * ```ts
 * parseEnvironmentFile(sourceText("db.env", "A='x y'\nB=1")).variables.get("A"); // "x y"
 * ```
 */
export function parseEnvironmentFile(source: SourceText): EnvironmentFile {
  const reader = openReader();
  for (let at = 0; at < source.text.length; at++) {
    step(reader, source.text[at]!, at);
  }
  finish(reader, source.text.length);
  const variables = new Map<string, string>();
  const odd: { readonly range: Range; readonly oddity: Oddity }[] = [];
  for (const { name, value, range } of reader.assignments) {
    if (NAME_PATTERN.test(name)) variables.set(name, value);
    else odd.push({ range, oddity: INVALID_NAME });
  }
  for (const range of reader.strays) odd.push({ range, oddity: NO_ASSIGNMENT });
  if (reader.unclosed !== null) {
    odd.push({ range: { start: reader.unclosed, end: reader.unclosed + 1 }, oddity: UNCLOSED_QUOTE });
  }
  odd.sort((one, other) => one.range.start - other.range.start);
  const diagnostics = odd.slice(0, MAX_DIAGNOSTICS).map(({ range, oddity: { code, summary, why } }) =>
    warningDiagnostic(code, summary, { why, place: placeOf(source, range) })
  );
  return { variables, diagnostics };
}

/** What is said of a line that systemd passes over, or takes as nobody means it. */
type Oddity = Readonly<Record<"code" | "summary" | "why", string>>;

const INVALID_NAME: Oddity = {
  code: "environment/invalid-name",
  summary: "This assignment is passed over: its name is not a variable's",
  why: "An environment file holds lines of the form NAME=value, without export",
};
const NO_ASSIGNMENT: Oddity = {
  code: "environment/no-assignment",
  summary: "This line is passed over: it has no =",
  why: "An environment file holds lines of the form NAME=value, without export",
};
const UNCLOSED_QUOTE: Oddity = {
  code: "environment/unclosed-quote",
  summary: "This quote is never closed",
  why: "Everything to the end of the file became part of the value",
};
const MAX_DIAGNOSTICS = 100;
const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const WHITESPACE = " \t\n\r";
const NEWLINE = "\n\r";
/** What a backslash escapes between double quotes, as in a POSIX shell; before anything else it stays. */
const ESCAPED_IN_DOUBLE_QUOTES = '"\\`$';

type State =
  | "before-key"
  | "key"
  | "before-value"
  | "value"
  | "value-escape"
  | "single-quote"
  | "double-quote"
  | "double-quote-escape"
  | "comment"
  | "comment-escape";

interface Reader {
  state: State;
  /** Where the key began, and where the quote that is open did. */
  keyStart: number;
  quoteStart: number;
  key: string[];
  value: string[];
  /** How long the value is without the unquoted white space at its end. */
  valueLength: number;
  readonly assignments: { name: string; value: string; range: Range }[];
  readonly strays: Range[];
  unclosed: number | null;
}

function openReader(): Reader {
  return {
    state: "before-key",
    keyStart: 0,
    quoteStart: 0,
    key: [],
    value: [],
    valueLength: 0,
    assignments: [],
    strays: [],
    unclosed: null,
  };
}

/** One character, as the states of systemd's parse_env_file() take it. */
function step(reader: Reader, character: string, at: number): void {
  switch (reader.state) {
    case "before-key":
      if (character === "#" || character === ";") reader.state = "comment";
      else if (!WHITESPACE.includes(character)) {
        reader.state = "key";
        reader.keyStart = at;
        reader.key = [character];
      }
      return;
    case "key":
      if (NEWLINE.includes(character)) {
        reader.strays.push({ start: reader.keyStart, end: at });
        reader.state = "before-key";
      } else if (character === "=") {
        reader.state = "before-value";
        reader.value = [];
        reader.valueLength = 0;
      } else reader.key.push(character);
      return;
    case "comment":
      if (character === "\\") reader.state = "comment-escape";
      else if (NEWLINE.includes(character)) reader.state = "before-key";
      return;
    case "comment-escape":
      reader.state = NEWLINE.includes(character) ? "before-key" : "comment";
      return;
    default:
      stepInValue(reader, character, at);
  }
}

function stepInValue(reader: Reader, character: string, at: number): void {
  switch (reader.state) {
    case "before-value":
      if (NEWLINE.includes(character)) assign(reader, at);
      else if (character === "'" || character === '"') {
        reader.state = character === "'" ? "single-quote" : "double-quote";
        reader.quoteStart = at;
      } else if (character === "\\") reader.state = "value-escape";
      else if (!WHITESPACE.includes(character)) {
        reader.state = "value";
        append(reader, character);
      }
      return;
    case "value":
      if (NEWLINE.includes(character)) assign(reader, at);
      else if (character === "\\") {
        reader.state = "value-escape";
        reader.valueLength = reader.value.length;
      } else if (WHITESPACE.includes(character)) reader.value.push(character);
      else append(reader, character);
      return;
    case "value-escape":
      reader.state = "value";
      if (!NEWLINE.includes(character)) append(reader, character);
      return;
    case "single-quote":
    case "double-quote": {
      if (character === (reader.state === "single-quote" ? "'" : '"')) reader.state = "before-value";
      else if (character === "\\" && reader.state === "double-quote") reader.state = "double-quote-escape";
      else append(reader, character);
      return;
    }
    case "double-quote-escape":
      reader.state = "double-quote";
      if (ESCAPED_IN_DOUBLE_QUOTES.includes(character)) append(reader, character);
      else if (character !== "\n") append(reader, "\\", character);
      return;
  }
}

function append(reader: Reader, ...characters: string[]): void {
  reader.value.push(...characters);
  reader.valueLength = reader.value.length;
}

function assign(reader: Reader, end: number): void {
  const name = reader.key.join("").replace(/[ \t\r\n]+$/, "");
  const value = reader.value.slice(0, reader.valueLength).join("");
  reader.assignments.push({ name, value, range: { start: reader.keyStart, end } });
  reader.state = "before-key";
}

/** The end of the file ends a value as a line's end does, also inside a quote. */
function finish(reader: Reader, end: number): void {
  if (reader.state === "key") reader.strays.push({ start: reader.keyStart, end });
  if (["before-key", "key", "comment", "comment-escape"].includes(reader.state)) return;
  if (reader.state.includes("quote")) reader.unclosed = reader.quoteStart;
  assign(reader, end);
}
