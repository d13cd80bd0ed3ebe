// A place in the source that moves forward: blanks, comments, words and line ends, as HCL's own scanner takes them
// (hclsyntax/spec.md, "Lexical Elements").
import type { Edit } from "./edits.ts";

/** The state of a scan. Edits are collected in the order of their places, but for insertions made in hindsight. */
export interface Cursor {
  /** The whole source. */
  readonly text: string;
  /** The offset of the next character. */
  at: number;
  /** Collected so far. */
  edits: Edit[];
  /** How many brackets, bodies and interpolations are open. */
  depth: number;
  /** Where the nesting first went beyond MAX_NESTING, or -1. */
  tooDeepAt: number;
  /** How many settings, values and stray lines were met. */
  count: number;
  /** Where there were more of them than MAX_VALUES, or -1. */
  tooManyAt: number;
  /** How many more units may be scanned a second time; keeps the scan linear whatever the source nests. */
  rescanBudget: number;
  /** Where the last block comment of the text ends; a comment that opens behind it is never closed. */
  readonly lastCommentEnd: number;
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
  question: 63,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  openBrace: 123,
  closeBrace: 125,
} as const;

const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;

/** A cursor at the start of a text. */
export function openCursor(text: string): Cursor {
  const lastCommentEnd = text.lastIndexOf("*/");
  const rescanBudget = 4 * text.length;
  return { text, at: 0, edits: [], depth: 0, tooDeepAt: -1, count: 0, tooManyAt: -1, rescanBudget, lastCommentEnd };
}

/** A cursor of its own at the same place: what it takes and rewrites does not count. */
export function lookAhead(cursor: Cursor): Cursor {
  return { ...cursor, edits: [] };
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
      cursor.at += c === CHAR.newline ? 1 : 2;
    } else if (c === CHAR.hash || (c === CHAR.slash && peek(cursor, 1) === CHAR.slash)) toLineEnd(cursor);
    else if (c === CHAR.slash && peek(cursor, 1) === CHAR.asterisk && cursor.at + 2 <= cursor.lastCommentEnd) {
      cursor.at = cursor.text.indexOf("*/", cursor.at + 2) + 2;
    } else break;
  }
  return crossed;
}

/** Moves to the end of the line, before its LF or CRLF. */
export function toLineEnd(cursor: Cursor): void {
  const lineFeed = cursor.text.indexOf("\n", cursor.at);
  if (lineFeed < 0) cursor.at = cursor.text.length;
  else {cursor.at = cursor.text.charCodeAt(lineFeed - 1) === CHAR.carriageReturn && lineFeed > cursor.at
      ? lineFeed - 1
      : lineFeed;}
}

/** Takes an identifier; the empty string where there is none. */
export function takeWord(cursor: Cursor): string {
  IDENTIFIER.lastIndex = cursor.at;
  const word = IDENTIFIER.exec(cursor.text)?.[0] ?? "";
  cursor.at += word.length;
  return word;
}

/** Whether an identifier begins at the cursor. */
export function atWord(cursor: Cursor): boolean {
  const c = peek(cursor);
  if (c < 128) return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
  IDENTIFIER.lastIndex = cursor.at;
  return IDENTIFIER.test(cursor.text);
}

/** Whether a decimal digit is at the cursor. */
export function atDigit(cursor: Cursor, ahead = 0): boolean {
  const c = peek(cursor, ahead);
  return c >= 48 && c <= 57;
}

/** Counts a setting, a value or a stray line; where that is one too many, the place is noted and the scan is over. */
export function countValue(cursor: Cursor): void {
  if (++cursor.count <= MAX_VALUES) return;
  if (cursor.tooManyAt < 0) cursor.tooManyAt = Math.min(cursor.at, cursor.text.length - 1);
  cursor.at = cursor.text.length;
}

/** Whether a bound was exceeded and the scan is over. */
export function isOver(cursor: Cursor): boolean {
  return cursor.tooDeepAt >= 0 || cursor.tooManyAt >= 0;
}

/** Counts a level of nesting; false where that is one too many: the place is noted and the scan is over. */
export function enter(cursor: Cursor): boolean {
  if (++cursor.depth <= MAX_NESTING) return true;
  if (cursor.tooDeepAt < 0) cursor.tooDeepAt = Math.min(cursor.at, cursor.text.length - 1);
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
