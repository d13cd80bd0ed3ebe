// hcl2json's complaints as diagnostics: at the place in the source as written, in words that say what to do. HCL's own
// words are used only for their constant part, because the rest may quote the source.
import { type Diagnostic, errorDiagnostic, placeOf } from "../diagnostic/diagnostic.ts";
import { type Range, type SourceText, sourceText } from "../diagnostic/range.ts";
import { type Item, rewriteItem } from "./dialect.ts";
import { writtenOffset } from "./edits.ts";
import { FILE_MARK } from "./hcl.ts";

interface Wording {
  readonly summary: string;
  readonly why?: string;
  readonly suggestion?: string;
}

/** What people are told for the summaries of hashicorp/hcl/v2/hclsyntax; others are shown as they are. */
const WORDINGS: Readonly<Record<string, Wording>> = {
  "Argument or block definition required": {
    summary: "Expected a setting or a block here",
    suggestion: "Write name = value, or name { … }",
  },
  "Attribute redefined": {
    summary: "A setting is given twice in one block",
    why: "Only one of the two can be meant",
    suggestion: "Remove one of them",
  },
  "Invalid block definition": {
    summary: "A block needs its braces on the line of its name",
    why: "What stands here is neither a setting (name = value) nor a block (name { … })",
    suggestion: "Put a { behind the name and labels, or a = between a name and its value",
  },
  "Invalid argument name": {
    summary: "The name of a setting cannot be written like this",
    suggestion: "Use letters, digits, _ and -, without an expression in it",
  },
  "Unclosed configuration block": {
    summary: "A block is never closed",
    why: "The source ends before the } of a block",
    suggestion: "Add the missing }",
  },
  "Missing newline after argument": {
    summary: "Something stands behind a value that does not belong to it",
    suggestion: "Begin the next setting on a new line, or put quotes around the whole value",
  },
  "Missing newline after block definition": {
    summary: "Something stands behind the } of a block",
    suggestion: "Begin the next block on a new line",
  },
  "Invalid expression": {
    summary: "Expected a value here",
    suggestion: "Write a string in double quotes, a number, true, false, a list or a reference",
  },
  "Missing item separator": { summary: "A list needs a comma between its items", suggestion: "Add the comma" },
  "Missing attribute separator": {
    summary: "An object needs a comma or a line end between its settings",
    suggestion: "Add a comma or begin a new line",
  },
  "Missing attribute value": { summary: "A name in an object has no value", suggestion: "Write name = value" },
  "Missing key/value separator": { summary: "A name in an object has no value", suggestion: "Write name = value" },
  "Unterminated template string": { summary: "A string is never closed", suggestion: 'Add the closing "' },
  "Invalid multi-line string": {
    summary: "A string goes on over the end of its line",
    why: "A quoted string must end on the line it begins on",
    suggestion: 'Add the closing ", or write \\n for a line end',
  },
  "Unterminated string literal": { summary: "A string is never closed", suggestion: 'Add the closing "' },
  "Invalid escape sequence": {
    summary: "A backslash in a string begins an escape that does not exist",
    suggestion: 'Write \\\\ for a backslash; \\n, \\r, \\t, \\" and \\uXXXX are the escapes there are',
  },
  "Invalid character": {
    summary: "A character that has no meaning here",
    suggestion: "Remove it; it may be invisible, pasted from a document",
  },
  "Invalid template interpolation": { summary: "A ${ in a string is never closed", suggestion: "Add the }" },
  "Unclosed template interpolation sequence": {
    summary: "A ${ in a string is never closed",
    suggestion: "Add the }, or write $${ for a literal ${",
  },
  "Extra characters after interpolation expression": {
    summary: "A ${…} holds more than one expression",
    suggestion: "Write $${ for a literal ${",
  },
  "Unbalanced parentheses": { summary: "A parenthesis is never closed", suggestion: "Add the )" },
  "Unbalanced brackets": { summary: "A bracket is never closed", suggestion: "Add the ]" },
};

const COMPLAINT = new RegExp(`${FILE_MARK}:(\\d+),(\\d+)-(?:(\\d+),)?(\\d+): ([^;${FILE_MARK}]*);`, "g");
const EARLIER = new RegExp(`already set at ${FILE_MARK}:(\\d+),(\\d+)-(?:(\\d+),)?(\\d+)`);

/** So many places of one item are looked up; what is wrong in more was not meant as it stands. */
const MAX_PLACES = 1_000;

/** The diagnostics in a complaint about one item, in its order; one of a kind for a place. */
export function diagnoseComplaint(source: SourceText, item: Item, complaint: string): Diagnostic[] {
  const rewritten = sourceText(source.name, rewriteItem(source.text, item));
  const locate = (match: RegExpMatchArray): Range => {
    const line = Number(match[1]);
    const start = rewrittenOffset(rewritten, line, Number(match[2]));
    const end = rewrittenOffset(rewritten, Number(match[3] ?? line), Number(match[4]));
    const back = (offset: number) => Math.min(item.range.start + writtenOffset(item.edits, offset), source.text.length);
    return { start: back(start), end: Math.max(back(start), back(end)) };
  };
  const found = [...complaint.matchAll(COMPLAINT).take(MAX_PLACES)];
  if (found.length === 0) return [syntaxError(source, item.range, "This block cannot be read", null)];
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<number | string>();
  for (const [index, match] of found.entries()) {
    const range = locate(match);
    // One quote too few makes every later string look unclosed; and one place is complained of once.
    const kind = match[5] === "Invalid multi-line string" ? match[5] : range.start;
    if (seen.has(kind) || seen.has(range.start)) continue;
    seen.add(kind).add(range.start);
    const detail = complaint.slice(match.index, found[index + 1]?.index);
    const earlier = EARLIER.exec(detail);
    diagnostics.push(syntaxError(source, range, match[5]!, earlier && locate(earlier)));
  }
  return diagnostics.sort((one, other) => one.place!.range.start - other.place!.range.start);
}

/** What HCL has no words of its own for: it takes the two characters for operators. */
const OPEN_COMMENT: Wording = { summary: "A comment is never closed", suggestion: "Add the closing */" };

function syntaxError(source: SourceText, range: Range, hclSummary: string, earlier: Range | null): Diagnostic {
  const isComment = source.text.startsWith("/*", range.start);
  const wording = isComment ? OPEN_COMMENT : WORDINGS[hclSummary] ?? { summary: hclSummary };
  return errorDiagnostic("document/syntax", wording.summary, {
    why: wording.why ?? null,
    suggestion: wording.suggestion ?? null,
    place: placeOf(source, range),
    other: earlier && { label: "first given here", place: placeOf(source, earlier) },
  });
}

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Beyond this column a place is counted in UTF-16 units: cutting a huge line into graphemes would take seconds. */
const MAX_GRAPHEME_COLUMN = 10_000;

/** The offset of a 1-based line and column, the column counted in grapheme clusters as HCL does. */
function rewrittenOffset({ text, lineStarts }: SourceText, line: number, column: number): number {
  const start = lineStarts[line - 1];
  if (start === undefined) return text.length;
  if (column > MAX_GRAPHEME_COLUMN) return Math.min(start + column - 1, text.length);
  const next = lineStarts[line];
  let offset = start;
  let at = 1;
  for (const { segment } of GRAPHEMES.segment(text.slice(start, next === undefined ? text.length : next - 1))) {
    if (at++ >= column) break;
    offset += segment.length;
  }
  return offset;
}
