// A place in the source that moves forward: blanks, comments, words and line ends, as HCL's own scanner takes them
// (hclsyntax/spec.md, "Lexical Elements").
import { type Anchor, anchoredRange } from "../../diagnostic/anchor.ts";
import { isExactNumber } from "../../diagnostic/exact_number.ts";
import type { Range } from "../../diagnostic/range.ts";
import type { Edit } from "./edits.ts";

/** The state of a scan. Edits are collected in the order of their places, but for insertions made in hindsight. */
export interface Cursor {
  /** The whole source. */
  readonly text: string;
  /** The offset of the next character. It moves back only through `moveBack`. */
  at: number;
  /** The furthest that the cursor came before it moved back; Infinity where the end of the text was asked for. */
  farthest: number;
  /** What the ranges of the item at hand begin at. */
  anchor: Anchor;
  /** Collected so far. */
  edits: Edit[];
  /** How many brackets, bodies and interpolations are open. */
  depth: number;
  /** Where the nesting first went beyond MAX_NESTING; null where it did not. */
  tooDeepAt: number | null;
  /** How many settings, values and stray lines were met, and characters of strings that had to be rewritten. */
  count: number;
  /** Where there were more of them than MAX_VALUES; null where there were not. */
  tooManyAt: number | null;
  /** The first number that would take the parser minutes; null if there is none. */
  costlyNumber: Range | null;
  /** How many more units may be scanned a second time; keeps the scan linear whatever the source nests. */
  rescanBudget: number;
  /** Between these two offsets, both included, there is no line feed but at the second. Infinity before any is known. */
  lineStart: number;
  /** Infinity where the text has none behind `lineStart`. */
  lineFeed: number;
  /** A block comment that opens here or behind is never closed, as far as is known. */
  unclosedFrom: number;
}

/** The deepest nesting of brackets, blocks and interpolations that is handed to the parser. */
export const MAX_NESTING = 200;

/** The most settings, values and stray lines of a source: each costs memory for its place, whatever it holds. */
export const MAX_VALUES = 1_000_000;

/** Character codes by name. */
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

/** A cursor in a text, at its start. */
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

/** How many units of a text may be scanned a second time. */
export function rescanBudgetOf(text: string): number {
  return 4 * text.length;
}

/** A cursor of its own at the same place: what it takes and rewrites does not count. Hand it to `endLookAhead`. */
export function lookAhead(cursor: Cursor): Cursor {
  return { ...cursor, edits: [] };
}

/** Notes how far a look ahead came. */
export function endLookAhead(cursor: Cursor, ahead: Cursor): void {
  cursor.farthest = Math.max(cursor.farthest, ahead.at, ahead.farthest);
}

/** Goes on where a look ahead came, with what it rewrote and counted. */
export function followAhead(cursor: Cursor, ahead: Cursor): void {
  for (const edit of ahead.edits) cursor.edits.push(edit);
  cursor.at = ahead.at;
  cursor.count = ahead.count;
}

/** Moves back to an offset, and notes how far the cursor had come: an item depends on all that was looked at. */
export function moveBack(cursor: Cursor, at: number): void {
  cursor.farthest = Math.max(cursor.farthest, cursor.at);
  cursor.at = at;
}

/** The range from an offset to the cursor; it moves with the item at hand. */
export function rangeFrom(cursor: Cursor, start: number): Range {
  return anchoredRange(cursor.anchor, start, cursor.at);
}

/** The character code `ahead` of the cursor; NaN beyond the end, which equals nothing. */
export function peek(cursor: Cursor, ahead = 0): number {
  return cursor.text.charCodeAt(cursor.at + ahead);
}

/** Whether a line ends at the cursor (LF or CRLF; a lone CR is not a line end in HCL). */
export function atLineEnd(cursor: Cursor): boolean {
  const c = peek(cursor);
  return c === CHAR.newline || (c === CHAR.carriageReturn && peek(cursor, 1) === CHAR.newline);
}

/** Whether the text is used up. */
export function atEnd(cursor: Cursor): boolean {
  return cursor.at >= cursor.text.length;
}

/**
 * Skips spaces, tabs and comments and, if asked, line ends; says whether it crossed a line end. A line end inside a
 * block comment does not count: to HCL, the line goes on behind it.
 */
export function skipBlanks(cursor: Cursor, acrossLines: boolean): boolean {
  let crossed = false;
  while (!atEnd(cursor)) {
    const c = peek(cursor);
    if (c === CHAR.space || c === CHAR.tab) cursor.at++;
    else if (atLineEnd(cursor)) {
      if (!acrossLines) break;
      crossed = true;
      // Of CRLF the LF is a line end as well.
      cursor.at++;
    } else if (c === CHAR.hash || (c === CHAR.slash && peek(cursor, 1) === CHAR.slash)) toLineEnd(cursor);
    else if (c !== CHAR.slash || peek(cursor, 1) !== CHAR.asterisk || !takeComment(cursor)) break;
  }
  return crossed;
}

/** Takes a block comment; false where it is never closed, which takes the whole rest of the text to know. */
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
 * The offset behind the end of the line that an offset is on; Infinity on the last one. Nothing that looks at a text from
 * one place without moving there (a pattern, two or three characters at once) looks beyond the end of the line.
 */
export function lineEndBehind(cursor: Cursor, at: number): number {
  if (at < cursor.lineStart || at > cursor.lineFeed) {
    const lineFeed = cursor.text.indexOf("\n", at);
    cursor.lineStart = at;
    cursor.lineFeed = lineFeed === -1 ? Infinity : lineFeed;
  }
  return cursor.lineFeed + 1;
}

/** Takes an identifier; the empty string where there is none. */
export function takeWord(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  if (isWordStart(text.charCodeAt(at))) { while (isWordPart(text.charCodeAt(end))) end++; }
  // What is not ASCII, the expression knows.
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

/** Whether a decimal digit is at the cursor. */
export function atDigit(cursor: Cursor, ahead = 0): boolean {
  const c = peek(cursor, ahead);
  return c >= 48 && c <= 57;
}

const NUMBER = /[0-9]+(?:\.[0-9]+)?(?:[eE]([+-]?[0-9]+))?/y;

/** hcl2json writes all digits of a number: for an exponent of a million that takes minutes, for this one milliseconds. */
const MAX_EXPONENT = 9_999;

/** Takes the number at the cursor; if it would take the parser minutes, the place is noted and the scan is over. */
export function takeNumber(cursor: Cursor): void {
  const { text, at } = cursor;
  NUMBER.lastIndex = at;
  const [written, exponent = ""] = NUMBER.exec(text)!;
  cursor.at += written.length;
  if (Math.abs(Number(exponent)) <= MAX_EXPONENT || isExactNumber(written)) return;
  cursor.costlyNumber ??= { start: at, end: cursor.at };
  cursor.at = text.length;
}

/** Counts a setting, a value, a stray line or a rewritten character; where that is one too many, the place is noted and the scan is over. */
export function countValue(cursor: Cursor): void {
  if (++cursor.count <= MAX_VALUES) return;
  cursor.tooManyAt ??= Math.min(cursor.at, cursor.text.length - 1);
  cursor.at = cursor.text.length;
}

/** Whether a bound was exceeded and the scan is over. */
export function isOver(cursor: Cursor): boolean {
  return cursor.tooDeepAt !== null || cursor.tooManyAt !== null || cursor.costlyNumber !== null;
}

/** Counts a level of nesting; false where that is one too many: the place is noted and the scan is over. */
export function enter(cursor: Cursor): boolean {
  if (++cursor.depth <= MAX_NESTING) return true;
  cursor.tooDeepAt ??= Math.min(cursor.at, cursor.text.length - 1);
  cursor.at = cursor.text.length;
  return false;
}

/** Ends a level of nesting. */
export function leave(cursor: Cursor): void {
  cursor.depth--;
}

/** Whether a character opens a level of nesting. */
export function isOpening(c: number): boolean {
  return c === CHAR.openBrace || c === CHAR.openBracket || c === CHAR.openParen;
}

/** Whether a character closes a level of nesting. */
export function isClosing(c: number): boolean {
  return c === CHAR.closeBrace || c === CHAR.closeBracket || c === CHAR.closeParen;
}
