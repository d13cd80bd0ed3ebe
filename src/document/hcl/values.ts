// Scans values: after a `=`, in a list or in an object. Finds their ends and the places of their parts. Lists, objects
// and strings are scanned inside; everything else is an expression, which is taken whole up to its end. Rewrites
// `{ a = 1 b = 2 }` and `["a" "b"]` with their comma, `{ a { … } }` with its `=`, and `${env:NAME}` as a call of env.
import { anchoredRange } from "../../diagnostic/anchor.ts";
import type { Range } from "../../diagnostic/range.ts";
import {
  atDigit,
  atEnd,
  atLineEnd,
  atQuote,
  atWord,
  CHAR,
  countValue,
  type Cursor,
  endLookAhead,
  enter,
  followAhead,
  isClosing,
  isOpening,
  isOver,
  leave,
  lookAhead,
  moveBack,
  peek,
  rangeFrom,
  skipBlanks,
  takeNumber,
  takeWord,
} from "./cursor.ts";
import type { Edit } from "./edits.ts";
import type { Outline, OutlineEntry } from "./outline.ts";
import { ownCopy } from "../../host/own_copy.ts";
import { decodeQuoted, takeEnvColon, takeHeredoc, takeQuoted, type TemplateScan } from "./strings.ts";

/** The place of a value, which decides the characters that may end it. */
export type ValuePosition = "attribute" | "list" | "object";

/**
 * Takes a value, the cursor at its first character. If a list or object is not well formed, its text is taken as an
 * expression, and hcl2json reports its fault. The missing commas and `=` of its attributes are inserted anyway,
 * because hcl2json would otherwise complain of the first of them.
 */
export function takeValue(cursor: Cursor, surroundings: ValuePosition): Outline {
  const start = cursor.at;
  countValue(cursor);
  const editCount = cursor.edits.length;
  const depth = cursor.depth;
  const outline = cursor.rescanBudget > 0 ? takeStructured(cursor, surroundings) : null;
  if (outline) return outline;
  if (!isOver(cursor)) {
    cursor.rescanBudget -= cursor.at - start;
    moveBack(cursor, start);
    cursor.depth = depth;
  }
  const mends = cursor.edits.splice(editCount).filter(({ insert }) => insert === "," || insert === " =");
  const expression = takeExpression(cursor, surroundings);
  // The expression may read a `<<` as a heredoc, which a computed name does not, and so end before an insertion.
  for (const mend of mends) if (mend.at < cursor.at) cursor.edits.push(mend);
  return expression;
}

/** A string, list or object that is the whole value; null if it is none of these, or if an operator follows it. */
function takeStructured(cursor: Cursor, surroundings: ValuePosition): Outline | null {
  const start = cursor.at;
  const c = peek(cursor);
  let outline: Outline | null = null;
  if (atQuote(cursor)) {
    const codes = takeString(cursor);
    if (codes !== null) outline = { kind: "expression", form: "quoted", range: rangeFrom(cursor, start), codes };
  } else if (c === CHAR.openBracket) outline = takeList(cursor);
  else if (c === CHAR.openBrace) outline = takeObject(cursor);
  return outline && valueEnds(cursor, surroundings) ? outline : null;
}

/**
 * Takes a string that ends on its line, or on a later one if a separator follows it there: after an unclosed string,
 * the next quote usually opens another string. Returns the codes in it; null if it is not closed.
 */
function takeString(cursor: Cursor): readonly Range[] | null {
  const start = cursor.at;
  const editCount = cursor.edits.length;
  const { closed, codes } = takeQuoted(cursor);
  if (closed || isOver(cursor)) return closed ? codes : null;
  cursor.edits.length = editCount;
  cursor.rescanBudget -= cursor.at - start;
  moveBack(cursor, start);
  if (cursor.rescanBudget <= 0) return null;
  const ahead = lookAhead(cursor);
  const whole = takeQuoted(ahead, true);
  const isString = whole.closed && !isOver(ahead) && isSetOff(ahead);
  endLookAhead(cursor, ahead);
  cursor.rescanBudget -= ahead.at - start;
  if (isString) followAhead(cursor, ahead);
  return isString ? whole.codes : null;
}

/** Whether a line end, a comma or a closing bracket follows. */
function isSetOff(cursor: Cursor): boolean {
  const { at } = cursor;
  skipBlanks(cursor, false);
  const ends = atEnd(cursor) || endsExpression(cursor);
  moveBack(cursor, at);
  return ends;
}

/** Whether the text at the cursor can end a value. */
function valueEnds(cursor: Cursor, surroundings: ValuePosition): boolean {
  const { at } = cursor;
  skipBlanks(cursor, surroundings === "list");
  const ends = endsValue(cursor, surroundings);
  moveBack(cursor, at);
  return ends;
}

function endsValue(cursor: Cursor, surroundings: ValuePosition): boolean {
  const c = peek(cursor);
  if (surroundings === "list") return c === CHAR.comma || c === CHAR.closeBracket || startsItem(cursor);
  const isEnd = atEnd(cursor) || atLineEnd(cursor) || c === CHAR.comma || c === CHAR.closeBrace;
  return isEnd || c === CHAR.quote || atWord(cursor);
}

/**
 * Whether an item of a list begins at the cursor, with the comma before it missing. The next setting, after a missing
 * `]`, is no item; neither is a word that continues the number before it.
 */
function startsItem(cursor: Cursor): boolean {
  if (atQuote(cursor) || !atWord(cursor) || atDigit(cursor, -1)) return atQuote(cursor);
  const { at } = cursor;
  takeWord(cursor);
  skipBlanks(cursor, false);
  const isName = atAssignment(cursor) || peek(cursor) === CHAR.openBrace || atQuote(cursor);
  moveBack(cursor, at);
  return !isName;
}

function takeList(cursor: Cursor): Outline | null {
  const start = cursor.at;
  if (!enter(cursor)) return null;
  cursor.at++;
  const items: Outline[] = [];
  // Inserted only if it is a list: after a missing quote, all words that follow would be items.
  const commas: Edit[] = [];
  for (;;) {
    skipBlanks(cursor, true);
    if (peek(cursor) === CHAR.closeBracket) break;
    if (items.length === 0 && isForExpression(cursor)) return null;
    const before = cursor.at;
    items.push(takeValue(cursor, "list"));
    if (cursor.at === before) return null;
    const end = cursor.at;
    skipBlanks(cursor, true);
    if (peek(cursor) === CHAR.comma) cursor.at++;
    else if (startsItem(cursor)) commas.push({ at: end, remove: 0, insert: "," });
  }
  cursor.at++;
  leave(cursor);
  for (const comma of commas) cursor.edits.push(comma);
  return { kind: "list", range: rangeFrom(cursor, start), items };
}

function isForExpression(cursor: Cursor): boolean {
  const { at } = cursor;
  const isFor = takeWord(cursor) === "for" && (skipBlanks(cursor, true), atWord(cursor));
  moveBack(cursor, at);
  return isFor;
}

function takeObject(cursor: Cursor): Outline | null {
  const start = cursor.at;
  if (!enter(cursor)) return null;
  cursor.at++;
  const entries: OutlineEntry[] = [];
  let previousEnd: number | null = null;
  for (;;) {
    const crossed = skipBlanks(cursor, true);
    const c = peek(cursor);
    if (c === CHAR.closeBrace) break;
    if (c === CHAR.comma) {
      if (previousEnd === null || crossed) return null;
      previousEnd = null;
      cursor.at++;
      continue;
    }
    if (entries.length === 0 && isForExpression(cursor)) return null;
    if (previousEnd !== null && !crossed) cursor.edits.push({ at: previousEnd, remove: 0, insert: "," });
    const entry = takeObjectEntry(cursor);
    if (!entry) return null;
    entries.push(entry);
    previousEnd = cursor.at;
  }
  cursor.at++;
  leave(cursor);
  return { kind: "fields", range: rangeFrom(cursor, start), entries };
}

function takeObjectEntry(cursor: Cursor): OutlineEntry | null {
  const start = cursor.at;
  let name: string | null = null;
  if (peek(cursor) === CHAR.quote) {
    takeQuoted(cursor);
    name = decodeQuoted(cursor.text.slice(start, cursor.at));
  } else if (atWord(cursor)) name = ownCopy(takeWord(cursor));
  else if (atDigit(cursor)) {
    takeNumber(cursor);
    name = ownCopy(cursor.text.slice(start, cursor.at));
  }
  const nameEnd = cursor.at;
  let nameRange = rangeFrom(cursor, start);
  skipBlanks(cursor, false);
  if (name !== null && peek(cursor) === CHAR.openBrace) {
    cursor.edits.push({ at: nameEnd, remove: 0, insert: " =" });
    return { name, key: name, nameRange, labels: null, value: takeValue(cursor, "object") };
  }
  if (!atAssignment(cursor)) {
    // A name that goes on here is computed (`(x)`, `a.b`); only its end is needed.
    name = null;
    if (!takeComputedName(cursor)) return null;
    nameRange = rangeFrom(cursor, start);
  }
  cursor.at++;
  skipBlanks(cursor, false);
  const before = cursor.at;
  const value = takeValue(cursor, "object");
  return cursor.at === before ? null : { name, key: name, nameRange, labels: null, value };
}

function atAssignment(cursor: Cursor): boolean {
  const c = peek(cursor);
  if (c === CHAR.colon) return true;
  return c === CHAR.equals && peek(cursor, 1) !== CHAR.equals && peek(cursor, 1) !== CHAR.greater;
}

/** Moves to the `=` or `:` outside all brackets; false if the line or the object ends first. */
function takeComputedName(cursor: Cursor): boolean {
  const depth = cursor.depth;
  while (!atEnd(cursor) && !(cursor.depth === depth && atAssignment(cursor))) {
    const c = peek(cursor);
    if (cursor.depth === depth && endsExpression(cursor)) return false;
    if (isOpening(c)) enter(cursor);
    else if (isClosing(c)) leave(cursor);
    takeToken(cursor, []);
    skipBlanks(cursor, cursor.depth > depth);
  }
  return !atEnd(cursor);
}

/**
 * Takes any expression up to its end: a line end, a closing bracket or a comma outside its own brackets. An operand
 * after an operand ends it too: it is the next statement on the same line, or in a list the next item.
 */
function takeExpression(cursor: Cursor, surroundings: ValuePosition): Outline {
  const start = cursor.at;
  const inside: Range[] = [];
  let end = start;
  let open = 0;
  let wantsOperand = true;
  let heredoc: TemplateScan | null = null;
  while (!atEnd(cursor)) {
    skipBlanks(cursor, open > 0 || surroundings === "list");
    const c = peek(cursor);
    if (atEnd(cursor) || (open === 0 && endsExpression(cursor))) break;
    const bareEnv = c === CHAR.dollar && peek(cursor, 1) === CHAR.openBrace;
    const operand = c === CHAR.quote || bareEnv || atDigit(cursor) || atWord(cursor);
    if (open === 0 && !wantsOperand && (surroundings === "list" ? startsItem(cursor) : operand)) break;
    if (c === CHAR.less && wantsOperand && (heredoc = takeHeredoc(cursor))) {
      end = cursor.at;
      wantsOperand = false;
      if (open === 0) break;
      continue;
    }
    if (isOpening(c)) {
      enter(cursor);
      open++;
    } else if (isClosing(c)) {
      leave(cursor);
      open = Math.max(0, open - 1);
    }
    wantsOperand = takeToken(cursor, inside);
    end = cursor.at;
  }
  if (!isOver(cursor)) moveBack(cursor, end);
  const range = anchoredRange(cursor.anchor, start, end);
  if (heredoc && open === 0) return { kind: "expression", form: "heredoc", range, codes: heredoc.codes };
  return { kind: "expression", form: "bare", range, codes: codesOf(range, inside) };
}

/** The code of a bare `${env:X}` is the place inside its braces; any other expression is itself the code. */
function codesOf(range: Range, inside: readonly Range[]): readonly Range[] {
  const [first] = inside;
  return first && first.start === range.start + 2 && first.end === range.end - 1 ? [first] : [range];
}

function endsExpression(cursor: Cursor): boolean {
  return atLineEnd(cursor) || peek(cursor) === CHAR.comma || isClosing(peek(cursor));
}

/** Takes one token; true if an operand must follow it (after an operator), false if none may (after an operand). */
function takeToken(cursor: Cursor, codes: Range[]): boolean {
  const c = peek(cursor);
  if (atQuote(cursor)) {
    if (takeString(cursor) !== null || isOver(cursor)) return false;
    if (c === CHAR.quote) takeQuoted(cursor);
    else cursor.at++;
    return c !== CHAR.quote;
  }
  if (c === CHAR.dollar && takeEnvColon(cursor, codes, false)) return false;
  if (atWord(cursor)) {
    const word = takeWord(cursor);
    return word === "for" || word === "in" || word === "if";
  }
  if (atDigit(cursor)) {
    takeNumber(cursor);
    return false;
  }
  cursor.at++;
  const splat = c === CHAR.asterisk && cursor.text.charCodeAt(cursor.at - 2) === CHAR.dot;
  return !isClosing(c) && !splat;
}
