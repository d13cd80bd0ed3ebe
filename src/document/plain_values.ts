// Lists and objects of plain scalars, and names: like those, valid HCL whose meaning is certain without asking. In an
// object that has a key twice nothing is certain.
import { atLineEnd, CHAR, type Cursor, peek, skipBlanks } from "./cursor.ts";
import type { HclJson } from "./hcl.ts";
import { isPlainName, plainScalarAt } from "./plain_scalars.ts";

/** A value that holds more is left to hcl2json and its limits: no configuration needs that many in one place. */
export const MAX_PLAIN_VALUES = 4_096;

/** How many more scalars, lists and objects may be taken. */
interface Allowance {
  left: number;
}

/** Takes a plain value, the cursor at its first character; undefined where there is none, the cursor anywhere then. */
export function takePlainValue(cursor: Cursor): HclJson | undefined {
  return takeValue(cursor, { left: MAX_PLAIN_VALUES });
}

function takeValue(cursor: Cursor, allowance: Allowance): HclJson | undefined {
  if (allowance.left-- === 0) return undefined;
  if (peek(cursor) === CHAR.openBracket) return takeList(cursor, allowance);
  if (peek(cursor) === CHAR.openBrace) return takeObject(cursor, allowance);
  const scalar = plainScalarAt(cursor.text, cursor.at);
  if (scalar === null) return undefined;
  cursor.at = scalar.end;
  return scalar.value;
}

/** `[ … ]`, in which lines may end anywhere. */
function takeList(cursor: Cursor, allowance: Allowance): HclJson[] | undefined {
  const items: HclJson[] = [];
  cursor.at++;
  skipBlanks(cursor, true);
  while (peek(cursor) !== CHAR.closeBracket) {
    const item = takeValue(cursor, allowance);
    if (item === undefined) return undefined;
    items.push(item);
    skipBlanks(cursor, true);
    if (peek(cursor) === CHAR.comma) {
      cursor.at++;
      skipBlanks(cursor, true);
    } else if (peek(cursor) !== CHAR.closeBracket) return undefined;
  }
  cursor.at++;
  return items;
}

/** `{ … }`, in which an entry ends with a comma or its line. */
function takeObject(cursor: Cursor, allowance: Allowance): HclJson | undefined {
  const entries = new Map<string, HclJson>();
  cursor.at++;
  skipBlanks(cursor, true);
  while (peek(cursor) !== CHAR.closeBrace) {
    const name = peek(cursor) === CHAR.quote ? takeQuotedName(cursor) : takePlainName(cursor);
    if (name === null || entries.has(name) || !takeAssignment(cursor)) return undefined;
    const value = takeValue(cursor, allowance);
    if (value === undefined) return undefined;
    entries.set(name, value);
    const crossed = skipBlanks(cursor, true);
    if (peek(cursor) === CHAR.comma && !crossed) {
      cursor.at++;
      skipBlanks(cursor, true);
    } else if (!crossed && peek(cursor) !== CHAR.closeBrace) return undefined;
  }
  cursor.at++;
  return Object.fromEntries(entries);
}

/** `=` or `:` with blanks around it; the value must begin on its line. */
function takeAssignment(cursor: Cursor): boolean {
  skipBlanks(cursor, false);
  if (peek(cursor) !== CHAR.equals && peek(cursor) !== CHAR.colon) return false;
  cursor.at++;
  skipBlanks(cursor, false);
  return !atLineEnd(cursor);
}

const NAME = /[A-Za-z_][A-Za-z0-9_-]*/y;

/** HCL normalises the names that stand in quotes and not the others; ASCII is the same either way. */
const QUOTED_NAME = /"([ !#&-[\]-~]+)"/y;

/** Takes an identifier that is no keyword; null where there is none. */
export function takePlainName(cursor: Cursor): string | null {
  const name = matchAt(NAME, cursor)?.[0];
  if (name === undefined || !isPlainName(name)) return null;
  cursor.at += name.length;
  return name;
}

/** Takes a quoted label or key of printable ASCII without escapes; null where there is none. */
export function takeQuotedName(cursor: Cursor): string | null {
  const match = matchAt(QUOTED_NAME, cursor);
  if (match) cursor.at += match[0].length;
  return match?.[1] ?? null;
}

function matchAt(pattern: RegExp, cursor: Cursor): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  return pattern.exec(cursor.text);
}
