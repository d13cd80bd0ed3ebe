// Where something stands in a text as its author wrote it. Offsets are UTF-16, as JavaScript counts; what people are
// shown is a 1-based line and a 1-based column in characters (code points): a tab is one, and so is an emoji, CRLF ends
// a line as LF does, and a byte order mark, which reading a source removes, counts for nothing.

/** A stretch of a text: UTF-16 offsets, `end` exclusive. */
export interface Range {
  /** Offset of the first unit. */
  readonly start: number;
  /** Offset behind the last unit. */
  readonly end: number;
}

/** A text with the name that people know it by (a path as given, `-`) and the offsets at which its lines begin. */
export interface SourceText {
  /** A path as given, or `-`. */
  readonly name: string;
  /** Without its byte order mark. */
  readonly text: string;
  /** The offset at which each line begins; the first is 0. Found when first asked for: a text without mistakes is not. */
  readonly lineStarts: readonly number[];
  /** What `positionAt` has counted of long lines, by line: the code points before every 4,096th unit. */
  readonly columnMarks: Map<number, number[]>;
}

/** A place as people read it: both 1-based, the column in code points. */
export interface Position {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in code points. */
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

/** The line and column of an offset; one past the end is allowed, and what lies beyond is clamped to it. */
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

/** So often along a long line its columns are remembered: one line may have megabytes, and a place every word. */
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

/** Code points that begin in `[from, to)`; counts add up even where a boundary cuts a surrogate pair. */
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

/** The text of a 1-based line without its ending; empty where there is no such line. */
export function lineText(source: SourceText, line: number): string {
  const start = source.lineStarts[line - 1];
  if (start === undefined) return "";
  const next = source.lineStarts[line];
  const text = source.text.slice(start, next === undefined ? source.text.length : next - 1);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

/** How many characters (code points) a text has; a lone surrogate counts as one. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
