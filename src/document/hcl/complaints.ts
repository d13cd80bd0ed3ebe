// Turns hcl2json's complaints into diagnostics with an advice, at their places in the source as written. Only the
// constant part of HCL's own words is used, because the rest may quote the source.
import { type Diagnostic, errorDiagnostic, placeOf } from "../../diagnostic/diagnostic.ts";
import { type Range, type SourceText, sourceText } from "../../diagnostic/range.ts";
import { type Item, rewriteItem } from "./dialect.ts";
import { writtenOffset } from "./edits.ts";
import { FILE_MARK } from "./hcl.ts";
import { openHeredoc } from "./open_heredoc.ts";
import { isOfDirective, isSecondHalf, type Wording, wordingOf } from "./wording.ts";

const COMPLAINT = new RegExp(`${FILE_MARK}:(\\d+),(\\d+)-(?:(\\d+),)?(\\d+): ([^;${FILE_MARK}]*);`, "g");
const EARLIER = new RegExp(`already set at ${FILE_MARK}:(\\d+),(\\d+)-(?:(\\d+),)?(\\d+)`);

/** The most places of one item that are looked up; a text with more mistakes was not meant as HCL. */
const MAX_PLACES = 1_000;

interface Mistake {
  /** HCL's own words, their constant part. */
  readonly summary: string;
  readonly range: Range;
  /** The first place of a name that is set twice; null for other mistakes. */
  readonly earlier: Range | null;
}

/** Returns the diagnostics of a complaint about one item, in the order of their places. */
export function diagnoseComplaint(source: SourceText, item: Item, complaint: string): Diagnostic[] {
  const mistakes = mistakesIn(source, item, complaint);
  if (mistakes.length === 0) return [syntaxError(source, item.range, { summary: "This block cannot be read" }, null)];
  return causesAmong(mistakes, source.text).map(({ summary, range, earlier }) => {
    const heredoc = summary === "Unterminated template string" ? openHeredoc(source.text, item.range) : null;
    if (heredoc) return syntaxError(source, heredoc.range, heredoc.wording, null);
    return syntaxError(source, range, wordingOf(summary, source.text, range.start), earlier);
  });
}

/** Returns one mistake for each place, in the order of the places. */
function mistakesIn(source: SourceText, item: Item, complaint: string): Mistake[] {
  const rewritten = sourceText(source.name, rewriteItem(source.text, item));
  const locate = (match: RegExpMatchArray): Range => {
    const line = Number(match[1]);
    const start = rewrittenOffset(rewritten, line, Number(match[2]));
    const end = rewrittenOffset(rewritten, Number(match[3] ?? line), Number(match[4]));
    const back = (offset: number) => Math.min(item.range.start + writtenOffset(item.edits, offset), source.text.length);
    return { start: back(start), end: Math.max(back(start), back(end)) };
  };
  const found = [...complaint.matchAll(COMPLAINT).take(MAX_PLACES)];
  const mistakes: Mistake[] = [];
  const seen = new Set<number>();
  for (const [index, match] of found.entries()) {
    const range = placeOfCode(source.text, match[5]!, locate(match));
    if (seen.has(range.start)) continue;
    seen.add(range.start);
    const detail = complaint.slice(match.index, found[index + 1]?.index);
    const earlier = EARLIER.exec(detail);
    mistakes.push({ summary: match[5]!, range, earlier: earlier && locate(earlier) });
  }
  return mistakes.sort((one, other) => one.range.start - other.range.start);
}

/** HCL underlines the text before a `${` that is never closed, and not the `${`. */
function placeOfCode(text: string, summary: string, range: Range): Range {
  const isBefore = summary === "Unclosed template interpolation sequence" && text.startsWith("${", range.end);
  return isBefore ? { start: range.end, end: range.end + 2 } : range;
}

const OPEN_STRING = "Invalid multi-line string";
const CHARACTER = "Invalid character";
const ESCAPE = "Invalid escape sequence";

/** Leaves out the mistakes that follow from others: nothing is wrong at their places. */
function causesAmong(mistakes: readonly Mistake[], text: string): Mistake[] {
  const lineOf = ({ range }: Mistake) => text.lastIndexOf("\n", range.start - 1);
  const explains = ({ summary }: Mistake) => summary === CHARACTER || isOfDirective(summary);
  const explained = new Set(mistakes.filter(explains).map(lineOf));
  const causes: Mistake[] = [];
  for (const mistake of mistakes) {
    const { summary, range } = mistake;
    // A character that HCL does not know, or a directive, explains every other mistake on its line, …
    if (!explains(mistake) && explained.has(lineOf(mistake))) continue;
    // … an earlier mistake may be why a string is open, and an open string makes the next one look open (an escape
    // sequence does neither), …
    if (summary === OPEN_STRING && causes.some((cause) => cause.summary !== ESCAPE)) continue;
    // … half of a surrogate pair is reported with the other, …
    if (summary === ESCAPE && isSecondHalf(text, range.start)) continue;
    causes.push(mistake);
    // … and the lines of an intended heredoc are not settings.
    if (/<<(?:-?'.)?$/.test(text.slice(Math.max(0, range.start - 3), range.start + 2))) break;
  }
  return causes.length === 0 ? [mistakes[0]!] : causes;
}

function syntaxError(source: SourceText, range: Range, wording: Wording, earlier: Range | null): Diagnostic {
  const { summary, why = null, suggestion = null } = wording;
  return errorDiagnostic("document/syntax", summary, {
    why,
    suggestion,
    place: placeOf(source, range),
    other: earlier && { label: "first given here", place: placeOf(source, earlier) },
  });
}

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Beyond this column UTF-16 units are counted: to cut a huge line into graphemes would take seconds. */
const MAX_GRAPHEME_COLUMN = 10_000;

/** Returns the offset of a 1-based line and column; HCL counts columns in grapheme clusters. */
function rewrittenOffset({ text, lineStarts }: SourceText, line: number, column: number): number {
  const start = lineStarts[line - 1];
  if (start === undefined) return text.length;
  if (column > MAX_GRAPHEME_COLUMN) return Math.min(start + column - 1, text.length);
  // The last line of a rewritten item has a line end, so that only the empty line behind it has none.
  const end = Math.max(start, text.indexOf("\n", start));
  let offset = start;
  let at = 1;
  for (const { segment } of GRAPHEMES.segment(text.slice(start, end))) {
    if (at++ >= column) break;
    offset += segment.length;
  }
  return offset;
}
