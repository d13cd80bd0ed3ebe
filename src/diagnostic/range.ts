// Ranges and positions in a text. Offsets are in UTF-16 units, as JavaScript counts. Users see a 1-based line and a
// 1-based column in characters (code points): a tab is one, and so is an emoji. CRLF ends a line as LF does. A byte
// order mark, which reading a source removes, does not count.

/** A stretch of a text: UTF-16 offsets, `end` exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A text with its name for users and the offsets of its lines. */
export interface SourceText {
  /** A path as given, or `-`. */
  readonly name: string;
  /** Without its byte order mark. */
  readonly text: string;
  /**
   * The offset at which each line begins; the first is 0. Found at the first use: a text without mistakes needs none.
   */
  readonly lineStarts: readonly number[];
  /** Counts that `positionAt` made of long lines, by line: the code points before every 4,096th unit. */
  readonly columnMarks: Map<number, number[]>;
}

/** A position for users: both numbers 1-based, the column in code points. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Takes a text that is already decoded and free of its byte order mark.
 *
 * @example
 * ```ts
 * positionAt(sourceText("a.hcl", "x = 1\ny = 2"), 6); // { line: 2, column: 1 }
 * ```
 */
export function sourceText(name: string, text: string): SourceText {
  let lineStarts: readonly number[] | null = null;
  return {
    name,
    text,
    get lineStarts() {
      return lineStarts ??= lineStartsOf(text);
    },
    columnMarks: new Map(),
  };
}

function lineStartsOf(text: string): number[] {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return lineStarts;
}

/** Returns the line and column of an offset; one past the end is allowed, and a larger one is clamped to that. */
export function positionAt(source: SourceText, offset: number): Position {
  const at = Math.max(0, Math.min(offset, source.text.length));
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (source.lineStarts[middle]! <= at) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: columnAt(source, low, at) };
}

/** The distance of the counts in a long line: one line may have megabytes, with a place at every word. */
const MARK_UNITS = 4096;

function columnAt(source: SourceText, line: number, at: number): number {
  const start = source.lineStarts[line]!;
  if (at - start < MARK_UNITS) return countCodePoints(source.text.slice(start, at)) + 1;
  let marks = source.columnMarks.get(line);
  if (!marks) source.columnMarks.set(line, marks = [0]);
  const wanted = Math.floor((at - start) / MARK_UNITS);
  while (marks.length <= wanted) {
    const from = start + (marks.length - 1) * MARK_UNITS;
    marks.push(marks.at(-1)! + countBetween(source.text, from, from + MARK_UNITS));
  }
  return marks[wanted]! + countBetween(source.text, start + wanted * MARK_UNITS, at) + 1;
}

/** Code points that begin in `[from, to)`; counts add up even if a boundary cuts a surrogate pair. */
function countBetween(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    const second = isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1));
    if (!second) count++;
  }
  return count;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Returns the text of a 1-based line without its ending; empty: there is no such line. */
export function lineText(source: SourceText, line: number): string {
  const start = source.lineStarts[line - 1];
  if (start === undefined) return "";
  const next = source.lineStarts[line];
  const text = source.text.slice(start, next === undefined ? source.text.length : next - 1);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

/** Returns the number of characters (code points); a lone surrogate counts as one. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
