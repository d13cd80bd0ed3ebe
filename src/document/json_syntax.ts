// JSON with comments and trailing commas as values with their places. Depth is bounded before anything recurses, and
// every mistake is a diagnostic in plain words: the first of each line, for the others follow from it, and at most 20.
import { type ParseErrorCode, printParseErrorCode, visit } from "jsonc-parser";
import { type Diagnostic, errorDiagnostic, placeOf } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import { MAX_NESTING, MAX_VALUES } from "./cursor.ts";
import type { Entry, Value } from "./document.ts";

const MAX_ERRORS = 20;

/** A JSON value with its place, or what is wrong with the text. Strings are literals; a name may stand twice. */
export type JsonSyntax =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads a text as JSON (RFC 8259) with comments and trailing commas. Never throws for what the text holds. */
export function readJson(source: SourceText): JsonSyntax {
  if (source.text.trim() === "") {
    const details = { place: placeOf(source, { start: 0, end: 0 }), suggestion: "Write an object: { … }" };
    return { ok: false, diagnostics: [errorDiagnostic("document/empty", "The file is empty", details)] };
  }
  const excess = findExcess(source);
  return excess ? { ok: false, diagnostics: [excess] } : build(source);
}

/**
 * The first bracket that nests too deep or the first value that is one too many, or null. What strings and comments
 * hold does not count, and a bracket that closes nothing is passed over, as the parser does: its recursion is never
 * deeper than what is counted.
 */
function findExcess(source: SourceText): Diagnostic | null {
  const { text } = source;
  const excess = (code: string, at: number, summary: string, suggestion: string) =>
    errorDiagnostic(code, summary, { suggestion, place: placeOf(source, { start: at, end: at + 1 }) });
  const closers: string[] = [];
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '"') at = endOfString(text, at);
    else if (c === "/" && text[at + 1] === "/") at = endOfLine(text, at);
    else if (c === "/" && text[at + 1] === "*") at = endOfComment(text, at);
    else if (c === "," && ++values > MAX_VALUES) {
      const summary = `The file has more than ${MAX_VALUES} values`;
      return excess("document/too-many-values", at, summary, "Look for a list of very many items");
    } else if (c === "{" || c === "[") {
      if (closers.length === MAX_NESTING) {
        const summary = `Objects and lists are nested more than ${MAX_NESTING} deep`;
        return excess("document/too-deep", at, summary, "Take objects and lists out of each other");
      }
      closers.push(c === "{" ? "}" : "]");
    } else if (c === closers.at(-1)) closers.pop();
  }
  return null;
}

/** The offset of a string's closing quote, or of its line's end: for the parser too an unclosed string ends there. */
function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const c = text[at];
    if (c === "\\") at++;
    else if (c === '"' || c === "\n" || c === "\r") return at;
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

function endOfComment(text: string, from: number): number {
  const end = text.indexOf("*/", from + 2);
  return end < 0 ? text.length : end + 1;
}

/** An object or list whose end has not been met. */
interface Open {
  readonly start: number;
  readonly entries: Entry[] | null;
  readonly items: Value[];
  name: { text: string; range: Range } | null;
}

/** Takes the first mistake of a line, by the parser's count; `make` is called for one that is kept alone. */
type Report = (line: number, make: () => Diagnostic) => void;

function build(source: SourceText): JsonSyntax {
  const diagnostics: Diagnostic[] = [];
  let lastLine = -1;
  const report: Report = (line, make) => {
    if (line === lastLine || diagnostics.length === MAX_ERRORS) return;
    lastLine = line;
    diagnostics.push(make());
  };
  const open: Open[] = [];
  let root: Value | null = null;
  const put = (value: Value) => {
    const parent = open.at(-1);
    if (!parent) root ??= value;
    else if (!parent.entries) parent.items.push(value);
    else if (parent.name) {
      parent.entries.push({ name: parent.name.text, nameRange: parent.name.range, value });
      parent.name = null;
    }
  };
  const end = (offset: number, length: number) => {
    const { start, entries, items } = open.pop()!;
    const range = { start, end: offset + length };
    put(entries ? { kind: "fields", form: "object", entries, range } : { kind: "list", items, range });
  };
  visit(source.text, {
    onObjectBegin: (start) => void open.push({ start, entries: [], items: [], name: null }),
    onArrayBegin: (start) => void open.push({ start, entries: null, items: [], name: null }),
    onObjectEnd: end,
    onArrayEnd: end,
    onObjectProperty: (text, offset, length, line) => {
      const range = { start: offset, end: offset + length };
      if (!text.isWellFormed()) report(line, () => loneSurrogate(source, range));
      open.at(-1)!.name = { text: text.normalize("NFC"), range };
    },
    onLiteralValue: (value: null | boolean | number | string, offset, length, line) => {
      const range = { start: offset, end: offset + length };
      const mistake = mistakeIn(source, value, range);
      if (mistake) report(line, mistake);
      const text = typeof value === "number" ? { text: source.text.slice(range.start, range.end) } : {};
      put({ kind: "literal", value, ...text, range });
    },
    onError: (code, start, length, line) => {
      report(line, () => syntaxError(source, code, { start, end: start + length }));
    },
  }, { allowTrailingComma: true });
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  if (root === null) throw new Error("read JSON: the parser found neither a value nor a mistake");
  return { ok: true, value: root };
}

/** What is wrong with a value that the parser took, or null. */
function mistakeIn(source: SourceText, value: unknown, range: Range): (() => Diagnostic) | null {
  if (typeof value === "string" && !value.isWellFormed()) return () => loneSurrogate(source, range);
  if (typeof value !== "number" || Number.isFinite(value)) return null;
  const why = "It is beyond the range of a double-precision number";
  return () =>
    errorDiagnostic("document/number-out-of-range", "The number is too large", { place: placeOf(source, range), why });
}

function loneSurrogate(source: SourceText, range: Range): Diagnostic {
  return errorDiagnostic("document/lone-surrogate", "The string holds half of a surrogate pair", {
    place: placeOf(source, range),
    why: "Half of a pair is no character and cannot be written as UTF-8",
    suggestion: "Write both halves, as in \\ud83d\\ude00, or the character itself",
  });
}

/** What to tell people for each of the parser's codes: what is wrong, and what to do. */
const MESSAGES = new Map<string, readonly [summary: string, suggestion: string | null]>([
  ["InvalidSymbol", ["This is not JSON", "Put names and texts in double quotes"]],
  ["InvalidNumberFormat", ["The number is not written as JSON wants it", null]],
  ["PropertyNameExpected", ["A member's name in double quotes is missing here", 'Write "name": value']],
  ["ValueExpected", ["A value is missing here", null]],
  ["ColonExpected", ["A colon is missing after the member's name", 'Write "name": value']],
  ["CommaExpected", ["A comma is missing before this", null]],
  ["CloseBraceExpected", ["An object is not closed", "Write the missing }"]],
  ["CloseBracketExpected", ["A list is not closed", "Write the missing ]"]],
  ["EndOfFileExpected", ["Something follows the end of the object", "Keep one object in the file"]],
  ["UnexpectedEndOfComment", ["The comment is not closed", "Write the missing */"]],
  ["UnexpectedEndOfString", ["The string is not closed on its line", 'Write the missing "']],
  ["UnexpectedEndOfNumber", ["The number ends too early", null]],
  ["InvalidUnicode", ["\\u must be followed by four hexadecimal digits", null]],
  ["InvalidEscapeCharacter", ["The string holds an escape that JSON does not know", "Write a backslash as \\\\"]],
  ["InvalidCharacter", ["The string holds a control character", "Write it as an escape, such as \\n or \\t"]],
]);

function syntaxError(source: SourceText, code: ParseErrorCode, range: Range): Diagnostic {
  const [summary, suggestion] = MESSAGES.get(printParseErrorCode(code)) ?? ["This is not JSON", null];
  return errorDiagnostic("document/json-syntax", summary, { place: placeOf(source, range), suggestion });
}
