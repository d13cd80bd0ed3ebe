// Reads JSON with comments and trailing commas as values with their places. Depth is bounded before anything is kept.
// Mistakes are diagnostics: only the first of each line, because the others follow from it, and at most 20. Parts that
// a text has in common with the last text are the same objects again, and their ranges move with the text.
import { type Diagnostic, errorDiagnostic, placeOf } from "../../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../../diagnostic/range.ts";
import { atOnce } from "../../time/turns.ts";
import { MAX_NESTING, MAX_VALUES } from "../hcl/cursor.ts";
import type { Value } from "../document.ts";
import {
  type Divides,
  openMemberReading,
  readTree,
  type RememberedMembers,
  type SyntaxErrorCode,
  type Tree,
} from "./json_tree.ts";

const MAX_ERRORS = 20;

/** A JSON value with its place, or the mistakes in the text. Strings are literals; an object may have a name twice. */
export type JsonSyntax =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads JSON texts of which each is nearly the one before. */
export interface JsonMemory {
  /**
   * Reads a text as JSON (RFC 8259) with comments and trailing commas. A member whose text did not change since the
   * last text without a mistake is the same entry again; its ranges are places in the newest such text. No content of
   * the text makes it throw.
   */
  read(source: SourceText): Generator<void, JsonSyntax>;
  /** The cost of the last reading. */
  readonly work: JsonReadingWork;
}

/** The cost of one reading, in numbers that do not depend on the machine. */
export interface JsonReadingWork {
  /** Members that were read again, among those that are remembered one by one. */
  readonly scanned: number;
}

/** Reads one text as JSON with comments and trailing commas, at once. */
export function readJson(source: SourceText): JsonSyntax {
  return atOnce(openJsonMemory(() => null).read(source));
}

/** Opens an empty memory. It remembers the objects that `divides` names member by member, and everything else whole. */
export function openJsonMemory(divides: Divides): JsonMemory {
  let last: { readonly members: RememberedMembers; readonly values: number } | null = null;
  let scanned = 0;

  /** Keeps the last text in memory if the new one has a mistake or is too large. */
  function* readWith(text: string, known: typeof last): Generator<void, Tree> {
    const members = openMemberReading(divides, known && known.members);
    // Removed values are not subtracted: the bound may be reached too early, and then the whole text is counted again.
    const before = known?.values ?? 1;
    const bounds = { maxMistakes: known ? 1 : MAX_ERRORS, maxNesting: MAX_NESTING, maxCommas: MAX_VALUES - before };
    const tree = yield* readTree(text, { members, ...bounds });
    scanned += members.read;
    if (tree.root?.kind !== "fields" || tree.mistakes.length > 0) return tree;
    last = { members: members.settle(text, tree.root), values: before + tree.commas };
    return tree;
  }

  return {
    *read(source) {
      scanned = 0;
      const { text } = source;
      if (text.trim() === "") return { ok: false, diagnostics: [emptySource(source)] };
      if (text === last?.members.text) return { ok: true, value: last.members.root };
      if (last) {
        const { root, mistakes } = yield* readWith(text, last);
        if (root && mistakes.length === 0) return { ok: true, value: root };
      }
      const excess = yield* findExcess(source);
      if (excess) return { ok: false, diagnostics: [excess] };
      const { root, mistakes } = yield* readWith(text, null);
      if (mistakes.length > 0) {
        return { ok: false, diagnostics: mistakes.map(({ code, range }) => syntaxError(source, code, range)) };
      }
      // A text with neither a mistake nor a value is too large, and findExcess found no excess.
      return { ok: true, value: root! };
    },
    get work() {
      return { scanned };
    },
  };
}

function emptySource(source: SourceText): Diagnostic {
  const details = { place: placeOf(source, { start: 0, end: 0 }), suggestion: "Write an object: { … }" };
  return errorDiagnostic("document/empty", "The file is empty", details);
}

/** The units of text that findExcess reads between two pauses. */
const STEP_UNITS = 65_536;

/**
 * The first bracket that nests too deep or the first value beyond the limit, or null. The content of strings and
 * comments does not count, and a bracket that closes nothing is skipped, as the parser does: the parser never nests
 * deeper than this count.
 */
function* findExcess(source: SourceText): Generator<void, Diagnostic | null> {
  const { text } = source;
  const excess = (code: string, at: number, summary: string, suggestion: string) =>
    errorDiagnostic(code, summary, { suggestion, place: placeOf(source, { start: at, end: at + 1 }) });
  const closers: string[] = [];
  let values = 1;
  let restAt = STEP_UNITS;
  for (let at = 0;; at++) {
    const c = text[at];
    if (c === undefined) return null;
    if (at >= restAt) {
      yield;
      restAt = at + STEP_UNITS;
    }
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
}

/** The offset of a string's closing quote, or of its line's end, at which the parser too ends an unclosed string. */
function endOfString(text: string, quote: number): number {
  for (let at = quote + 1;; at++) {
    const c = text[at];
    if (c === undefined || c === '"' || c === "\n" || c === "\r") return at;
    if (c === "\\") at++;
  }
}

function endOfLine(text: string, from: number): number {
  let at = from;
  while (text[at] !== undefined && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

function endOfComment(text: string, from: number): number {
  const end = text.indexOf("*/", from + 2);
  return end === -1 ? text.length : end + 1;
}

function loneSurrogate(source: SourceText, range: Range): Diagnostic {
  return errorDiagnostic("document/lone-surrogate", "The string holds half of a surrogate pair", {
    place: placeOf(source, range),
    why: "Half of a pair is no character and cannot be written as UTF-8",
    suggestion: "Write both halves, as in \\ud83d\\ude00, or the character itself",
  });
}

type GrammarErrorCode = Exclude<SyntaxErrorCode, "LoneSurrogate">;

/** The words for each of the parser's codes. */
const MESSAGES: Readonly<Record<GrammarErrorCode, readonly [summary: string, suggestion: string | null]>> = {
  InvalidSymbol: ["This is not JSON", "Put names and texts in double quotes"],
  PropertyNameExpected: ["A member's name in double quotes is missing here", 'Write "name": value'],
  ValueExpected: ["A value is missing here", null],
  ColonExpected: ["A colon is missing after the member's name", 'Write "name": value'],
  CommaExpected: ["A comma is missing before this", null],
  CloseBraceExpected: ["An object is not closed", "Write the missing }"],
  CloseBracketExpected: ["A list is not closed", "Write the missing ]"],
  EndOfFileExpected: ["Something follows the end of the object", "Keep one object in the file"],
  UnexpectedEndOfComment: ["The comment is not closed", "Write the missing */"],
  UnexpectedEndOfString: ["The string is not closed on its line", 'Write the missing "'],
  UnexpectedEndOfNumber: ["The number ends too early", null],
  InvalidUnicode: ["\\u must be followed by four hexadecimal digits", null],
  InvalidEscapeCharacter: ["The string holds an escape that JSON does not know", "Write a backslash as \\\\"],
  InvalidCharacter: ["The string holds a control character", "Write it as an escape, such as \\n or \\t"],
};

function syntaxError(source: SourceText, code: SyntaxErrorCode, range: Range): Diagnostic {
  if (code === "LoneSurrogate") return loneSurrogate(source, range);
  const [summary, suggestion] = MESSAGES[code];
  return errorDiagnostic("document/json-syntax", summary, { place: placeOf(source, range), suggestion });
}
