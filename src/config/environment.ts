// The environment that a configuration refers to: that of the process, and files in systemd's EnvironmentFile syntax,
// which every load reads again. Values remain unchanged: nothing in them is expanded, and no diagnostic quotes one.
import { type Diagnostic, placeOf, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";

/** The value of a variable of the environment, or undefined; names are case-sensitive. */
export type Environment = (name: string) => string | undefined;

/** The contents of an environment file. */
export interface EnvironmentFile {
  /** Of two assignments to a name the later counts. Names are case-sensitive. */
  readonly variables: ReadonlyMap<string, string>;
  /** At most 100 warnings in the order of their lines, about lines that systemd ignores or reads unexpectedly. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes an environment of the variables that a process was started with. */
export function processEnvironment(variables: Readonly<Record<string, string>>): Environment {
  return (name) => Object.hasOwn(variables, name) ? variables[name] : undefined;
}

/** Combines environments: files take precedence over the process, and a later file over an earlier one. */
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
 * Reads systemd's EnvironmentFile syntax (systemd.exec(5)), with the same states as systemd's own parser. Comments
 * begin with `#` or `;`. A value may consist of several quoted pieces. A backslash at the end of an unquoted or
 * double-quoted line continues it. Quotes after the first unquoted character are text. A name that systemd does not
 * accept (`export X`, `1X`), a line without `=` and a quote that is never closed become warnings. So do parts of a
 * value that are probably a mistake: a comment after it, text after a closing quote, a carriage return in quotes.
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
    reader.previous = source.text[at]!;
  }
  finish(reader, source.text.length);
  const variables = new Map<string, string>();
  const warnings: LineWarning[] = [];
  for (const { name, value, range, lineWarning } of reader.assignments) {
    if (NAME_PATTERN.test(name)) {
      variables.set(name, value);
      if (lineWarning) warnings.push(lineWarning);
    } else warnings.push({ range, warning: INVALID_NAME });
  }
  for (const range of reader.strays) warnings.push({ range, warning: NO_ASSIGNMENT });
  if (reader.unclosed !== null) {
    warnings.push({ range: { start: reader.unclosed, end: reader.unclosed + 1 }, warning: UNCLOSED_QUOTE });
  }
  warnings.sort((one, other) => one.range.start - other.range.start);
  const diagnostics = warnings.slice(0, MAX_DIAGNOSTICS).map((
    { range, warning: { code, summary, why, suggestion = null } },
  ) => warningDiagnostic(code, summary, { why, suggestion, place: placeOf(source, range) }));
  return { variables, diagnostics };
}

/** The texts of a warning about a line that systemd ignores or reads unexpectedly. */
type WarningText = Readonly<Record<"code" | "summary" | "why", string> & { suggestion?: string }>;

interface LineWarning {
  readonly range: Range;
  readonly warning: WarningText;
}

const INVALID_NAME: WarningText = {
  code: "environment/invalid-name",
  summary: "This assignment is ignored: its name is not a variable's",
  why: "An environment file holds lines of the form NAME=value, without export",
};
const NO_ASSIGNMENT: WarningText = {
  code: "environment/no-assignment",
  summary: "This line is ignored: it has no =",
  why: "An environment file holds lines of the form NAME=value, without export",
};
const UNCLOSED_QUOTE: WarningText = {
  code: "environment/unclosed-quote",
  summary: "This quote is never closed",
  why: "Everything to the end of the file became part of the value",
};
const COMMENT_IN_VALUE: WarningText = {
  code: "environment/comment-in-value",
  summary: "An apparent comment is part of the value",
  why: "A # begins a comment only at the beginning of a line",
  suggestion: "Put the comment on its own line; if it belongs to the value, put the whole value in quotes",
};
const TEXT_BEHIND_QUOTE: WarningText = {
  code: "environment/text-behind-quote",
  summary: "Text behind a closing quote is part of the value",
  why: "A quote ends at the next one of its kind, and the text after it is added to the value",
  suggestion: "Put the whole value in one pair of quotes, or remove the text",
};
const CARRIAGE_RETURN: WarningText = {
  code: "environment/carriage-return",
  summary: "A carriage return in quotes is part of the value",
  why: "The file has CRLF line ends, and a value in quotes that goes on over a line end has them too",
  suggestion: "Save the file with LF line ends",
};
const MAX_DIAGNOSTICS = 100;
const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const WHITESPACE = " \t\n\r";
const NEWLINE = "\n\r";
/** The characters that a backslash escapes in double quotes, as in a POSIX shell; before any other it remains. */
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
  keyStart: number;
  /** The start of the last opened quote. */
  quoteStart: number;
  key: string[];
  value: string[];
  /** The length of the value without unquoted white space at its end. */
  valueLength: number;
  /** Whether a quoted piece of the value was closed. */
  hasQuoted: boolean;
  /** The character before, in any state. */
  previous: string;
  /** The first warning of the current value, and its start. */
  warning: { readonly start: number; readonly warning: WarningText } | null;
  readonly assignments: { name: string; value: string; range: Range; lineWarning: LineWarning | null }[];
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
    hasQuoted: false,
    previous: "",
    warning: null,
    assignments: [],
    strays: [],
    unclosed: null,
  };
}

/** Processes one character as systemd's parse_env_file() does in the same state. */
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
        reader.hasQuoted = false;
        reader.warning = null;
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
        if (isApart(reader) && reader.hasQuoted) note(reader, at, TEXT_BEHIND_QUOTE);
        reader.state = character === "'" ? "single-quote" : "double-quote";
        reader.quoteStart = at;
      } else if (character === "\\") reader.state = "value-escape";
      else if (!WHITESPACE.includes(character)) {
        if (character === "#" && (isApart(reader) || reader.hasQuoted)) note(reader, at, COMMENT_IN_VALUE);
        else if (reader.hasQuoted) note(reader, at, TEXT_BEHIND_QUOTE);
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
      else {
        if (character === "#" && isApart(reader)) note(reader, at, COMMENT_IN_VALUE);
        append(reader, character);
      }
      return;
    case "value-escape":
      reader.state = "value";
      if (!NEWLINE.includes(character)) append(reader, character);
      return;
    case "single-quote":
    case "double-quote": {
      if (character === "\r") note(reader, at, CARRIAGE_RETURN);
      if (character === (reader.state === "single-quote" ? "'" : '"')) {
        reader.state = "before-value";
        reader.hasQuoted = true;
      } else if (character === "\\" && reader.state === "double-quote") reader.state = "double-quote-escape";
      else append(reader, character);
      return;
    }
    case "double-quote-escape":
      reader.state = "double-quote";
      if (character === "\r") note(reader, at, CARRIAGE_RETURN);
      if (ESCAPED_IN_DOUBLE_QUOTES.includes(character)) append(reader, character);
      else if (character !== "\n") append(reader, "\\", character);
      return;
  }
}

/** Whether a space or a tab is before the current character. */
function isApart({ previous }: Reader): boolean {
  return previous === " " || previous === "\t";
}

/** Notes only the first warning of a value: later ones usually result from it. */
function note(reader: Reader, start: number, warning: WarningText): void {
  reader.warning ??= { start, warning };
}

function append(reader: Reader, ...characters: string[]): void {
  reader.value.push(...characters);
  reader.valueLength = reader.value.length;
}

function assign(reader: Reader, end: number): void {
  const name = reader.key.join("").replace(/[ \t\r\n]+$/, "");
  const value = reader.value.slice(0, reader.valueLength).join("");
  const lineWarning = reader.warning &&
    { range: { start: reader.warning.start, end }, warning: reader.warning.warning };
  reader.assignments.push({ name, value, range: { start: reader.keyStart, end }, lineWarning });
  reader.state = "before-key";
}

/** The end of the file ends a value like the end of a line, also inside a quote. */
function finish(reader: Reader, end: number): void {
  if (reader.state === "key") reader.strays.push({ start: reader.keyStart, end });
  if (["before-key", "key", "comment", "comment-escape"].includes(reader.state)) return;
  if (reader.state.includes("quote")) reader.unclosed = reader.quoteStart;
  assign(reader, end);
}
