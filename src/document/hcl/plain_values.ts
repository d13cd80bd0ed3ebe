// Reads scalars, lists, objects and names whose meaning is certain without hcl2json: literals, references, calls of env
// and templates of those. An accepted text is valid HCL, ends at the given offset and has the value that hcl2json gives
// for it. Everything else is rejected; so is an object with a duplicate key, of which the meaning is not certain.
import { atLineEnd, CHAR, type Cursor, peek, skipBlanks } from "./cursor.ts";
import type { HclJson } from "./hcl.ts";

/** A value that holds more is left to hcl2json and its limits: no configuration needs that many in one place. */
export const MAX_PLAIN_VALUES = 4_096;

/** The number of scalars, lists and objects that may still be taken. */
interface Allowance {
  left: number;
}

/** Takes a plain value, the cursor at its first character; undefined if there is none, with the cursor anywhere. */
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

/** HCL normalises only the names in quotes; ASCII is the same either way. */
const QUOTED_NAME = /"([ !#&-[\]-~]+)"/y;

/** Takes an identifier that is no keyword; null if there is none. */
export function takePlainName(cursor: Cursor): string | null {
  const name = matchAt(NAME, cursor)?.[0];
  if (name === undefined || !isPlainName(name)) return null;
  cursor.at += name.length;
  return name;
}

/** Takes a quoted label or key of printable ASCII without escapes; null if there is none. */
export function takeQuotedName(cursor: Cursor): string | null {
  const match = matchAt(QUOTED_NAME, cursor);
  if (match) cursor.at += match[0].length;
  return match?.[1] ?? null;
}

function matchAt(pattern: RegExp, cursor: Cursor): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  return pattern.exec(cursor.text);
}

/** A scalar and the offset after it. */
export interface PlainScalar {
  /** As hcl2json gives it. */
  readonly value: HclJson;
  /** The offset after its last character. */
  readonly end: number;
}

const SCALAR_NAME = "[A-Za-z_][A-Za-z0-9_-]*";
const REFERENCE = `${SCALAR_NAME}(?:\\.${SCALAR_NAME})*`;
const ARGUMENT = `"[^"\\\\$%\\p{Cc}\\u{7f}-\\u{10ffff}]*"`;
const ENV_CALL = `env\\(${ARGUMENT}(?:, ?${ARGUMENT})?\\)`;

const TEMPLATE = new RegExp(`^"(?:[^"\\\\$%\\p{Cc}\\u{7f}-\\u{10ffff}]|\\$\\{(?:${ENV_CALL}|${REFERENCE})\\})*"`, "u");
const CODE_START = /\$\{([A-Za-z_][A-Za-z0-9_-]*)/g;
const NUMBER = /-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?/y;
const WORDS = new RegExp(`^(?:${ENV_CALL}|${REFERENCE})`, "u");

/** Longer templates and words are rejected, so that the regular expressions for them never run over megabytes. */
const MAX_EXPRESSION_LENGTH = 1_000;

/** Words that HCL does not read as names everywhere. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...["true", "false", "null", "for", "in", "if", "else", "endif", "endfor"],
]);

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

const BEYOND_ASCII = /[^\0-\x7f]/;

/**
 * Go and this runtime may normalise text differently: NFC is stable only for characters that are assigned in the older
 * of their two versions of Unicode. So marks, unassigned characters and all beyond U+FFFF are rejected …
 */
const UNSETTLED = /[\p{M}\p{C}\u{10000}-\u{10ffff}]/u;

/** … except pictures, escaped line ends, and the marks of blocks that have been full for a long time. */
const SETTLED =
  /[\n\r\t\u0300-\u036f\u0590-\u05ff\u064b-\u0652\u0900-\u097f\u0e00-\u0e7f\p{Extended_Pictographic}\p{Emoji_Modifier}]|\u200d|\ufe0f/gu;

/** Whether a word of a source is a name and nothing else. */
function isPlainName(word: string): boolean {
  return !KEYWORDS.has(word);
}

/** The plain scalar at an offset; null if there is none. The text behind it does not matter. */
function plainScalarAt(text: string, at: number): PlainScalar | null {
  const c = text.charCodeAt(at);
  if (c === CHAR.quote) return quotedAt(text, at) ?? templateAt(text, at);
  if (c === CHAR.minus || (c >= 48 && c <= 57)) return numberAt(text, at);
  return wordsAt(text, at);
}

/** A string without template sequences. */
function quotedAt(text: string, at: number): PlainScalar | null {
  const end = quotedEnd(text, at);
  if (end === null) return null;
  const inner = text.slice(at + 1, end - 1);
  const value = inner.replace(/\\(.)/g, (_all, escaped) => ESCAPED[escaped]!);
  if (!BEYOND_ASCII.test(value)) return { value, end };
  return UNSETTLED.test(value.replace(SETTLED, "")) ? null : { value: value.normalize("NFC"), end };
}

/** The offset after the closing quote; null if the string has a control character, a sequence or an unknown escape. */
function quotedEnd(text: string, at: number): number | null {
  for (let index = at + 1; index < text.length; index++) {
    const c = text.charCodeAt(index);
    if (c === CHAR.quote) return index + 1;
    if ((c < CHAR.space && c !== CHAR.tab) || (c >= 0x7f && c <= 0x9f)) return null;
    if (c === CHAR.backslash && !Object.hasOwn(ESCAPED, text.charAt(++index))) return null;
    // $ and % may begin a sequence; with one of these characters after them, that is not certain.
    if ((c === CHAR.dollar || c === CHAR.percent) && "{$%\\".includes(text.charAt(index + 1))) return null;
  }
  return null;
}

/** ASCII with `${…}` in it, which hcl2json gives unchanged. */
function templateAt(text: string, at: number): PlainScalar | null {
  const match = TEMPLATE.exec(text.slice(at, at + MAX_EXPRESSION_LENGTH));
  if (!match) return null;
  const value = match[0].slice(1, -1);
  for (const [, word] of value.matchAll(CODE_START)) if (!isPlainName(word!)) return null;
  return { value, end: at + match[0].length };
}

/** hcl2json computes with 512 bits, so it gives thirty digits unchanged; it has no negative zero. */
function numberAt(text: string, at: number): PlainScalar | null {
  NUMBER.lastIndex = at;
  const match = NUMBER.exec(text);
  if (!match) return null;
  const value = Number(match[0]);
  return Object.is(value, -0) ? null : { value, end: at + match[0].length };
}

/** `true`, `false`, `null`, a reference, or a call of env. */
function wordsAt(text: string, at: number): PlainScalar | null {
  const words = WORDS.exec(text.slice(at, at + MAX_EXPRESSION_LENGTH))?.[0];
  if (words === undefined) return null;
  const end = at + words.length;
  if (words === "null") return { value: null, end };
  if (words === "true" || words === "false") return { value: words === "true", end };
  const [root] = words.split(/[.(]/);
  return isPlainName(root!) ? { value: "${" + words + "}", end } : null;
}
