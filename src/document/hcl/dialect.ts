// The dialect pass: it rewrites to HCL the forms that Honua allows and HCL does not. It splits the source into
// top-level items, each with its rewritten text and the places of all its parts. It leaves the text that it does not
// understand as written, for hcl2json to judge. It rewrites `variable "x" = "v"` (or `var`), quoted attribute names in
// a block, several attributes on one line with or without commas, and the forms that values.ts and strings.ts name.
import type { Anchor } from "../../diagnostic/anchor.ts";
import type { Range } from "../../diagnostic/range.ts";
import {
  atEnd,
  atQuote,
  atWord,
  CHAR,
  countValue,
  type Cursor,
  endLookAhead,
  enter,
  isClosing,
  isOpening,
  lineEndBehind,
  lookAhead,
  moveBack,
  peek,
  rangeFrom,
  skipBlanks,
  takeWord,
  toLineEnd,
} from "./cursor.ts";
import { applyEdits, type Edit, sortEdits } from "./edits.ts";
import type { HclVerdict } from "./hcl.ts";
import type { FieldsOutline, Outline, OutlineEntry, OutlineLabel } from "./outline.ts";
import { ownCopy } from "../../host/own_copy.ts";
import type { PlacedItem } from "./placing.ts";
import { decodeQuoted, takeQuoted } from "./strings.ts";
import { takeValue } from "./values.ts";

/**
 * A stretch of the source that hcl2json can judge by itself: a block, an attribute, or a line that is neither
 * (`stray`). `edits` turn it into HCL.
 */
export interface Item {
  readonly kind: "block" | "attribute" | "stray";
  readonly range: Range;
  /** At offsets from the item's first character. */
  readonly edits: readonly Edit[];
  /** Null for a stray item, and once the item is placed: then the entry would only cost memory. */
  entry: OutlineEntry | null;
  /** Null until hcl2json has judged the item. */
  verdict: HclVerdict | null;
  /** Null until the values are at their places in the document. */
  placed: PlacedItem | null;
}

/** The items of a source in their order, or the offset at which it exceeds a bound. */
export interface Scan {
  readonly items: readonly Item[];
  /** The offset at which the nesting exceeded the bound; null if it did not. */
  readonly tooDeepAt: number | null;
  /** The offset at which the number of settings and values exceeded the bound; null if it did not. */
  readonly tooManyAt: number | null;
  /** The first number that would take the parser minutes; null if there is none. */
  readonly costlyNumber: Range | null;
}

/** An item, with the length and the cost of its scan. */
export interface ScannedItem {
  readonly item: Item;
  /** The offset of the item's beginning; all ranges of the item move with it. */
  readonly anchor: Anchor;
  /** In UTF-16 units. */
  readonly length: number;
  /** Whether a line or the source begins with the item; other text in front of it makes no difference. */
  readonly isFresh: boolean;
  /** Only this many units from the item's beginning determine it; Infinity if the whole rest of the text does. */
  readonly reach: number;
  /** The number of settings, values and stray lines. */
  readonly count: number;
  /** The number of units that were scanned a second time. */
  readonly rescanned: number;
}

/** Returns the result of a scan whose cursor is at its end. */
export function scanOf(items: readonly Item[], { tooDeepAt, tooManyAt, costlyNumber }: Cursor): Scan {
  return { items, tooDeepAt, tooManyAt, costlyNumber };
}

/** Moves to the next item, and returns whether a line or the source begins with it; null at the end. */
export function goToItem(cursor: Cursor, isFirst: boolean): boolean | null {
  cursor.farthest = 0;
  const isFresh = skipBlanks(cursor, true) || isFirst;
  return atEnd(cursor) ? null : isFresh;
}

export function takeItem(cursor: Cursor, isFresh: boolean): ScannedItem {
  const start = cursor.at;
  const anchor = { at: start };
  const { count, rescanBudget } = cursor;
  cursor.anchor = anchor;
  cursor.depth = 0;
  cursor.edits = isFresh ? [] : [{ at: start, remove: 0, insert: "\n" }];
  const entry = takeStatement(cursor);
  const kind = entry === null ? "stray" : entry.labels === null ? "attribute" : "block";
  const edits = sortEdits(cursor.edits).map((edit) => ({ ...edit, at: edit.at - start }));
  return {
    item: { kind, range: rangeFrom(cursor, start), edits, entry, verdict: null, placed: null },
    anchor,
    length: cursor.at - start,
    isFresh,
    reach: lineEndBehind(cursor, Math.max(cursor.at, cursor.farthest)) - start,
    count: cursor.count - count,
    rescanned: rescanBudget - cursor.rescanBudget,
  };
}

/** Returns the text of one item for hcl2json, a copy that does not keep the source in memory. */
export function rewriteItem(text: string, { range, edits }: Item): string {
  const { start, end } = range;
  return ownCopy(endLine(applyEdits(text, start, end, edits, start)));
}

/** Ends the last line, for a heredoc at the end of the file. A stray CR must not become a line end with the LF. */
function endLine(text: string): string {
  return text.endsWith("\r") ? text + " \n" : text + "\n";
}

/** Takes an attribute or block; if the line is neither, takes the whole line and returns null. */
function takeStatement(cursor: Cursor): OutlineEntry | null {
  const start = cursor.at;
  countValue(cursor);
  const quoted = peek(cursor) === CHAR.quote;
  let name: string | null = null;
  if (quoted) {
    // If the string is not closed, it ends with the line or the text, and nothing behind it is read.
    takeQuoted(cursor);
    name = decodeQuoted(cursor.text.slice(start, cursor.at));
  } else if (atWord(cursor)) name = ownCopy(takeWord(cursor));
  const nameRange = rangeFrom(cursor, start);
  skipBlanks(cursor, false);
  const entry = name === null ? null : takeNamed(cursor, name, nameRange, quoted);
  if (entry === null) takeStray(cursor);
  else takeStatementComma(cursor);
  return entry;
}

function takeNamed(cursor: Cursor, name: string, nameRange: Range, quoted: boolean): OutlineEntry | null {
  const isAttribute = peek(cursor) === CHAR.equals && peek(cursor, 1) !== CHAR.equals;
  if (!isAttribute && quoted && peek(cursor) !== CHAR.openBrace) return null;
  const key = quoted ? identifierFor(name) : name;
  if (quoted) cursor.edits.push({ at: nameRange.start, remove: nameRange.end - nameRange.start, insert: key });
  return isAttribute ? takeAttribute(cursor, name, key, nameRange) : takeBlock(cursor, name, key, nameRange);
}

/**
 * Takes the rest of a line that the scanner does not understand, up to a `}` that closes the block around it. The
 * line's brackets count for the lines that follow it in the same block.
 */
function takeStray(cursor: Cursor): void {
  const line: Cursor = { ...cursor };
  toLineEnd(line);
  const isInBlock = cursor.depth > 0;
  let open = 0;
  while (cursor.at < line.at) {
    const c = peek(cursor);
    if (c === CHAR.quote && takeQuotedOnLine(cursor, line.at)) continue;
    if (c === CHAR.closeBrace && open === 0 && isInBlock) return;
    if (isOpening(c)) {
      open++;
      enter(cursor);
    } else if (isClosing(c)) {
      open = Math.max(0, open - 1);
      cursor.depth = Math.max(0, cursor.depth - 1);
    }
    cursor.at++;
  }
}

/** Passes over a string that ends before the line does; returns false, and stays, if it does not. */
function takeQuotedOnLine(cursor: Cursor, lineEnd: number): boolean {
  const ahead = lookAhead(cursor);
  const { closed } = takeQuoted(ahead);
  endLookAhead(cursor, ahead);
  if (!closed || ahead.at > lineEnd) return false;
  cursor.at = ahead.at;
  return true;
}

/** Takes a comma behind a statement: the rest of the line is the next statement. */
function takeStatementComma(cursor: Cursor): void {
  const { at } = cursor;
  skipBlanks(cursor, false);
  if (peek(cursor) !== CHAR.comma) return moveBack(cursor, at);
  cursor.edits.push({ at: cursor.at, remove: 1, insert: "" });
  cursor.at++;
}

function takeAttribute(cursor: Cursor, name: string, key: string, nameRange: Range): OutlineEntry | null {
  cursor.at++;
  skipBlanks(cursor, false);
  const before = cursor.at;
  const value = takeValue(cursor, "attribute");
  return cursor.at === before ? null : { name, key, nameRange, labels: null, value };
}

/** Returns the identifier that replaces a quoted attribute name; equal names get equal identifiers. */
function identifierFor(name: string): string {
  if (/^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(name)) return name;
  const bytes = new TextEncoder().encode(name);
  return "quoted__" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function takeBlock(cursor: Cursor, name: string, key: string, nameRange: Range): OutlineEntry | null {
  const labels = takeLabels(cursor);
  if ((name === "variable" || name === "var") && labels.length === 1 && peek(cursor) === CHAR.equals) {
    if (name === "var") cursor.edits.push({ at: nameRange.start, remove: name.length, insert: "variable" });
    return takeVariableAssignment(cursor, nameRange, labels);
  }
  if (peek(cursor) !== CHAR.openBrace) return null;
  return { name, key, nameRange, labels, value: takeBody(cursor) };
}

function takeLabels(cursor: Cursor): OutlineLabel[] {
  const labels: OutlineLabel[] = [];
  for (;;) {
    const start = cursor.at;
    let text: string | null;
    if (atQuote(cursor)) {
      takeQuoted(cursor);
      text = decodeQuoted(cursor.text.slice(start, cursor.at));
    } else if (atWord(cursor)) text = ownCopy(takeWord(cursor));
    else return labels;
    labels.push({ text, range: rangeFrom(cursor, start) });
    skipBlanks(cursor, false);
  }
}

/** `variable "x" = v` becomes `variable "x" { default = v }`, on its own lines. */
function takeVariableAssignment(cursor: Cursor, nameRange: Range, labels: OutlineLabel[]): OutlineEntry | null {
  const at = cursor.at++;
  skipBlanks(cursor, false);
  const start = cursor.at;
  const before = cursor.edits.length;
  const value = takeValue(cursor, "attribute");
  if (cursor.at === start) return null;
  cursor.edits.splice(before, 0, { at, remove: 1, insert: "{\ndefault =" });
  cursor.edits.push({ at: cursor.at, remove: 0, insert: "\n}" });
  const entry: OutlineEntry = { name: "default", key: "default", nameRange, labels: null, value };
  const body: FieldsOutline = { kind: "fields", range: rangeFrom(cursor, at), entries: [entry] };
  return { name: "variable", key: "variable", nameRange, labels, value: body };
}

/**
 * Takes the body of a block, from its `{`. HCL requires each statement on its own line (and allows a single attribute
 * between braces); missing line ends are inserted.
 */
function takeBody(cursor: Cursor): Outline {
  const start = cursor.at;
  const depth = cursor.depth;
  const entries: OutlineEntry[] = [];
  enter(cursor);
  cursor.at++;
  let empty = true;
  while (!atEnd(cursor)) {
    const crossed = skipBlanks(cursor, true);
    if (atEnd(cursor)) break;
    const closing = peek(cursor) === CHAR.closeBrace;
    if (!crossed && !(empty && closing)) cursor.edits.push({ at: cursor.at, remove: 0, insert: "\n" });
    if (closing) {
      cursor.at++;
      break;
    }
    empty = false;
    const entry = takeStatement(cursor);
    if (entry) entries.push(entry);
    // An unmatched closing bracket on a line that the scanner does not understand does not close this block.
    cursor.depth = Math.max(cursor.depth, depth + 1);
  }
  cursor.depth = depth;
  return { kind: "fields", range: rangeFrom(cursor, start), entries };
}
