// One line of a source with its place underlined, safe for a terminal: secrets are masked (`hidden.ts`), control
// characters are harmless, and at most 160 columns of the line around the place are shown.
import type { HiddenRanges } from "./hidden.ts";
import type { Place } from "./diagnostic.ts";
import { lineText, type Range, type SourceText } from "./range.ts";
import { glyphOf } from "./terminal_text.ts";

const MAX_COLUMNS = 160;

/** The most UTF-16 units on each side of a place's start that its frame can show, with room for marks without a column. */
export const FRAME_REACH = 4 * MAX_COLUMNS;

/** The most columns before the place, in a line that is longer. */
const COLUMNS_BEFORE = 60;

/** Replaces a hidden stretch. The length is constant, so that it reveals nothing. */
const HIDDEN_TEXT = "********";

/** A line to print, and its underline. */
export interface CodeLine {
  readonly line: number;
  /** The printed form of the line. */
  readonly text: string;
  /** Columns before the underline. */
  readonly indent: number;
  /** Columns of the underline, at least 1. */
  readonly width: number;
}

/** A piece of the line that is shown whole or not at all, with its range in the source. */
interface Piece extends Range {
  readonly text: string;
  readonly columns: number;
}

/** Returns the first line of a place. A place beyond the text is clamped to it. */
export function codeLine(source: SourceText, place: Place, hidden: HiddenRanges): CodeLine {
  const { range } = place;
  const line = Math.max(1, Math.min(place.line, source.lineStarts.length));
  const start = source.lineStarts[line - 1]!;
  const stretch = { start, end: start + lineText(source, line).length };
  const at = Math.max(stretch.start, Math.min(range.start, stretch.end));
  const near = around(stretch, at);
  const pieces = window(piecesOf(source.text, near, hidden(line, near)), at, stretch);
  let indent = 0;
  let width = 0;
  for (const piece of pieces) {
    if (piece.end <= at) indent += piece.columns;
    else if (piece.start < Math.max(range.end, at + 1)) width += piece.columns;
  }
  return { line, text: pieces.map((piece) => piece.text).join("").trimEnd(), indent, width: Math.max(1, width) };
}

/** The part of a line that could be shown. */
function around(stretch: Range, at: number): Range {
  return { start: Math.max(stretch.start, at - FRAME_REACH), end: Math.min(stretch.end, at + FRAME_REACH) };
}

/** The characters of a stretch, and one piece with its quotes for each hidden range that touches it. */
function piecesOf(text: string, stretch: Range, hidden: readonly Range[]): Piece[] {
  const pieces: Piece[] = [];
  let at = stretch.start;
  for (const range of hidden) {
    pushGlyphs(pieces, text, at, range.start);
    pieces.push({ ...range, ...maskOf(text, range) });
    at = range.end;
  }
  pushGlyphs(pieces, text, at, stretch.end);
  return pieces;
}

function pushGlyphs(pieces: Piece[], text: string, from: number, end: number): void {
  for (let at = from; at < end;) {
    const character = String.fromCodePoint(text.codePointAt(at)!);
    const next = Math.min(at + character.length, end);
    pieces.push({ ...glyphOf(next - at === character.length ? character : text[at]!), start: at, end: next });
    at = next;
  }
}

/** A string keeps its quotes, so that a reader recognises it as one. */
function maskOf(text: string, range: Range): { text: string; columns: number } {
  const first = text[range.start]!;
  const isQuoted = range.end - range.start > 1 && /["']/.test(first) && text[range.end - 1] === first;
  const shown = isQuoted ? `${first}${HIDDEN_TEXT}${first}` : HIDDEN_TEXT;
  return { text: shown, columns: shown.length };
}

/** The pieces that fit, with `…` at an end at which the line continues. */
function window(pieces: readonly Piece[], at: number, stretch: Range): readonly Piece[] {
  const [nearest] = pieces;
  const furthest = pieces.at(-1);
  if (nearest === undefined || furthest === undefined) return pieces;
  const total = pieces.reduce((sum, piece) => sum + piece.columns, 0);
  const isWhole = nearest.start <= stretch.start && furthest.end >= stretch.end;
  if (isWhole && total <= MAX_COLUMNS) return pieces;
  const found = pieces.findIndex((piece) => piece.end > at);
  const anchor = found < 0 ? pieces.length : found;
  let first = anchor;
  let columns = 0;
  while (first > 0 && columns + pieces[first - 1]!.columns <= COLUMNS_BEFORE) columns += pieces[--first]!.columns;
  let last = anchor;
  while (last < pieces.length && columns + pieces[last]!.columns <= MAX_COLUMNS) columns += pieces[last++]!.columns;
  const shown = pieces.slice(first, last);
  // At least one piece is shown: none is wider than the columns before the place.
  const shownStart = shown[0]!.start;
  const shownEnd = shown.at(-1)!.end;
  if (shownStart > stretch.start) shown.unshift({ start: stretch.start, end: shownStart, text: "…", columns: 1 });
  if (shownEnd < stretch.end) shown.push({ start: shownEnd, end: stretch.end, text: "…", columns: 1 });
  return shown;
}
