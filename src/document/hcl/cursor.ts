// A place in the source that moves forward over blanks, comments, words and line ends, as HCL's own scanner does
// (hclsyntax/spec.md, "Lexical Elements").
import { type Anchor, anchoredRange } from "../../diagnostic/anchor.ts";
import { isExactNumber } from "../../diagnostic/exact_number.ts";
import type { Range } from "../../diagnostic/range.ts";
import type { Edit } from "./edits.ts";

/** The state of a scan. Edits are in the order of their places, except for insertions made in hindsight. */
export interface Cursor {
  readonly text: string;
  /** The offset of the next character. It moves back only through `moveBack`. */
  at: number;
  /** The furthest offset reached before the cursor moved back; Infinity if the scan looked at the text's end. */
  farthest: number;
  /** The offset that the ranges of the current item are relative to. */
  anchor: Anchor;
  edits: Edit[];
  /** How many brackets, bodies and interpolations are open. */
  depth: number;
  /** The offset at which the nesting first exceeded MAX_NESTING; null if it did not. */
  tooDeepAt: number | null;
  /** The number of settings, values and stray lines so far, and of characters in strings that had to be rewritten. */
  count: number;
  /** The offset at which `count` exceeded MAX_VALUES; null if it did not. */
  tooManyAt: number | null;
  /** The first number that would take the parser minutes; null if there is none. */
  costlyNumber: Range | null;
  /** How many more UTF-16 units may be scanned a second time; keeps the scan linear for any nesting. */
  rescanBudget: number;
  /** From here to `lineFeed`, both included, the only line feed is at `lineFeed`. Infinity before any is known. */
  lineStart: number;
  /** Infinity if the text has no line feed behind `lineStart`. */
  lineFeed: number;
  /** A block comment that opens at or behind this offset is never closed. Infinity until one was found. */
  unclosedFrom: number;
}

/** The deepest nesting of brackets, blocks and interpolations that the parser receives. */
export const MAX_NESTING = 200;

/** The most settings, values and stray lines of a source: each costs memory for its place, even if it is empty. */
export const MAX_VALUES = 1_000_000;

export const CHAR = {
  tab: 9,
  newline: 10,
  carriageReturn: 13,
  space: 32,
  quote: 34,
  hash: 35,
  dollar: 36,
  percent: 37,
  apostrophe: 39,
  openParen: 40,
  closeParen: 41,
  asterisk: 42,
  comma: 44,
  minus: 45,
  dot: 46,
  slash: 47,
  colon: 58,
  less: 60,
  equals: 61,
  greater: 62,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  openBrace: 123,
  closeBrace: 125,
} as const;

const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;

/** Opens a cursor at the start of a text. */
export function openCursor(text: string): Cursor {
  return {
    text,
    at: 0,
    farthest: 0,
    anchor: { at: 0 },
    edits: [],
    depth: 0,
    tooDeepAt: null,
    count: 0,
    tooManyAt: null,
    costlyNumber: null,
    rescanBudget: rescanBudgetOf(text),
    lineStart: Infinity,
    lineFeed: Infinity,
    unclosedFrom: Infinity,
  };
}

/** Returns how many UTF-16 units of a text may be scanned a second time. */
export function rescanBudgetOf(text: string): number {
  return 4 * text.length;
}

/** Returns a second cursor at the same place; its moves and edits do not count. Must be passed to `endLookAhead`. */
export function lookAhead(cursor: Cursor): Cursor {
  return { ...cursor, edits: [] };
}

/** Notes how far a look ahead reached. */
export function endLookAhead(cursor: Cursor, ahead: Cursor): void {
  cursor.farthest = Math.max(cursor.farthest, ahead.at, ahead.farthest);
}

/** Moves to the end of a look ahead, and adopts its edits and its count. */
export function followAhead(cursor: Cursor, ahead: Cursor): void {
  for (const edit of ahead.edits) cursor.edits.push(edit);
  cursor.at = ahead.at;
  cursor.count = ahead.count;
}

/** Moves back to an offset, and notes how far the cursor had moved: an item depends on all the text looked at. */
export function moveBack(cursor: Cursor, at: number): void {
  cursor.farthest = Math.max(cursor.farthest, cursor.at);
  cursor.at = at;
}

/** Returns the range from an offset to the cursor; it moves with the current item. */
export function rangeFrom(cursor: Cursor, start: number): Range {
  return anchoredRange(cursor.anchor, start, cursor.at);
}

/** Returns the character code `ahead` units behind the cursor; NaN, which equals nothing, beyond the text's end. */
export function peek(cursor: Cursor, ahead = 0): number {
  return cursor.text.charCodeAt(cursor.at + ahead);
}

/** Whether a line ends at the cursor (LF or CRLF; a lone CR is not a line end in HCL). */
export function atLineEnd(cursor: Cursor): boolean {
  const c = peek(cursor);
  return c === CHAR.newline || (c === CHAR.carriageReturn && peek(cursor, 1) === CHAR.newline);
}

export function atEnd(cursor: Cursor): boolean {
  return cursor.at >= cursor.text.length;
}

/**
 * Skips spaces, tabs and comments and, with `acrossLines`, line ends; returns whether it crossed a line end. A line
 * end inside a block comment does not count: for HCL, the line continues behind the comment.
 */
export function skipBlanks(cursor: Cursor, acrossLines: boolean): boolean {
  let crossed = false;
  while (!atEnd(cursor)) {
    const c = peek(cursor);
    if (c === CHAR.space || c === CHAR.tab) cursor.at++;
    else if (atLineEnd(cursor)) {
      if (!acrossLines) break;
      crossed = true;
      // In a CRLF, the LF is a line end as well, and the next round takes it.
      cursor.at++;
    } else if (c === CHAR.hash || (c === CHAR.slash && peek(cursor, 1) === CHAR.slash)) toLineEnd(cursor);
    else if (c !== CHAR.slash || peek(cursor, 1) !== CHAR.asterisk || !takeComment(cursor)) break;
  }
  return crossed;
}

/** Takes a block comment; returns false if it is never closed, which depends on the whole rest of the text. */
function takeComment(cursor: Cursor): boolean {
  if (cursor.at < cursor.unclosedFrom) {
    const end = cursor.text.indexOf("*/", cursor.at + 2);
    if (end !== -1) {
      cursor.at = end + 2;
      return true;
    }
  }
  cursor.unclosedFrom = Math.min(cursor.unclosedFrom, cursor.at);
  cursor.farthest = Infinity;
  return false;
}

/** Moves to the end of the line, before its LF or CRLF. */
export function toLineEnd(cursor: Cursor): void {
  const { text, at } = cursor;
  const lineFeed = text.indexOf("\n", at);
  const hasReturn = lineFeed > at && text.charCodeAt(lineFeed - 1) === CHAR.carriageReturn;
  if (lineFeed === -1) cursor.at = text.length;
  else cursor.at = hasReturn ? lineFeed - 1 : lineFeed;
}

/**
 * Returns the offset behind the end of the line of an offset; Infinity on the last line. A look from one place that
 * does not move the cursor (a pattern, two or three characters at once) never goes beyond the end of the line.
 */
export function lineEndBehind(cursor: Cursor, at: number): number {
  if (at < cursor.lineStart || at > cursor.lineFeed) {
    const lineFeed = cursor.text.indexOf("\n", at);
    cursor.lineStart = at;
    cursor.lineFeed = lineFeed === -1 ? Infinity : lineFeed;
  }
  return cursor.lineFeed + 1;
}

/** Takes an identifier; returns the empty string if there is none. */
export function takeWord(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  if (isWordStart(text.charCodeAt(at))) { while (isWordPart(text.charCodeAt(end))) end++; }
  // The loop above covers only ASCII; the expression covers the other identifiers.
  if (text.charCodeAt(end) >= 128) {
    IDENTIFIER.lastIndex = at;
    end = at + (IDENTIFIER.exec(text)?.[0].length ?? 0);
  }
  cursor.at = end;
  return text.slice(at, end);
}

function isWordStart(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
}

function isWordPart(c: number): boolean {
  return isWordStart(c) || (c >= 48 && c <= 57) || c === CHAR.minus;
}

/** Whether an identifier begins at the cursor. */
export function atWord(cursor: Cursor): boolean {
  const c = peek(cursor);
  if (c < 128) return isWordStart(c);
  IDENTIFIER.lastIndex = cursor.at;
  return IDENTIFIER.test(cursor.text);
}

/** Whether a string begins at the cursor, in double or in single quotes. */
export function atQuote(cursor: Cursor): boolean {
  const c = peek(cursor);
  return c === CHAR.quote || c === CHAR.apostrophe;
}

export function atDigit(cursor: Cursor, ahead = 0): boolean {
  const c = peek(cursor, ahead);
  return c >= 48 && c <= 57;
}

const NUMBER = /[0-9]+(?:\.[0-9]+)?(?:[eE]([+-]?[0-9]+))?/y;

/** hcl2json writes all digits of a number: an exponent of a million takes minutes, this one milliseconds. */
const MAX_EXPONENT = 9_999;

/** Takes the number at the cursor; if the parser would need minutes for it, notes the place and ends the scan. */
export function takeNumber(cursor: Cursor): void {
  const { text, at } = cursor;
  NUMBER.lastIndex = at;
  const [written, exponent = ""] = NUMBER.exec(text)!;
  cursor.at += written.length;
  if (Math.abs(Number(exponent)) <= MAX_EXPONENT || isExactNumber(written)) return;
  cursor.costlyNumber ??= { start: at, end: cursor.at };
  cursor.at = text.length;
}

/** Counts a setting, value, stray line or rewritten character; beyond MAX_VALUES, notes the place and ends the scan. */
export function countValue(cursor: Cursor): void {
  if (++cursor.count <= MAX_VALUES) return;
  cursor.tooManyAt ??= Math.min(cursor.at, cursor.text.length - 1);
  cursor.at = cursor.text.length;
}

/** Whether a bound was exceeded and the scan is over. */
export function isOver(cursor: Cursor): boolean {
  return cursor.tooDeepAt !== null || cursor.tooManyAt !== null || cursor.costlyNumber !== null;
}

/** Counts a level of nesting; beyond MAX_NESTING, notes the place, ends the scan and returns false. */
export function enter(cursor: Cursor): boolean {
  if (++cursor.depth <= MAX_NESTING) return true;
  cursor.tooDeepAt ??= Math.min(cursor.at, cursor.text.length - 1);
  cursor.at = cursor.text.length;
  return false;
}

export function leave(cursor: Cursor): void {
  cursor.depth--;
}

export function isOpening(c: number): boolean {
  return c === CHAR.openBrace || c === CHAR.openBracket || c === CHAR.openParen;
}

export function isClosing(c: number): boolean {
  return c === CHAR.closeBrace || c === CHAR.closeBracket || c === CHAR.closeParen;
}
