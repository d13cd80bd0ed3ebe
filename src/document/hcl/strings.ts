// Scans strings: quoted templates, their interpolations, heredocs. Finds their ends and the places of their `${…}`, and
// rewrites three forms that HCL does not have: `${env:NAME}` to `${env("NAME")}`, single quotes to double ones, and
// line ends in quotes to escapes.
import { anchoredRange } from "../../diagnostic/anchor.ts";
import type { Range } from "../../diagnostic/range.ts";
import {
  atDigit,
  atEnd,
  atLineEnd,
  atWord,
  CHAR,
  countValue,
  type Cursor,
  enter,
  isClosing,
  isOpening,
  leave,
  peek,
  rangeFrom,
  skipBlanks,
  takeNumber,
  takeWord,
} from "./cursor.ts";
import type { Edit } from "./edits.ts";
import { ownCopy } from "../../host/own_copy.ts";

const HEREDOC = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy;

/** The result of the scan of a template. Directives, `%{…}`, do not count as code. */
export interface TemplateScan {
  /** False if the line or the text ended first. */
  readonly closed: boolean;
  /** The places inside its `${…}`. */
  readonly codes: Range[];
}

/**
 * Takes a quoted template, the cursor at its opening quote, which may be a single one. The template must end on its
 * line, unless `acrossLines` is true.
 */
export function takeQuoted(cursor: Cursor, acrossLines = false): TemplateScan {
  const codes: Range[] = [];
  const edits: Edit[] = [];
  const quote = peek(cursor);
  const replace = (insert: string) => {
    edits.push({ at: cursor.at++, remove: 1, insert });
    countValue(cursor);
  };
  if (quote === CHAR.quote) cursor.at++;
  else replace('"');
  while (!atEnd(cursor)) {
    const c = peek(cursor);
    if (c === quote) {
      if (quote === CHAR.quote) cursor.at++;
      else replace('"');
      for (const edit of edits) cursor.edits.push(edit);
      return { closed: true, codes };
    }
    if (c === CHAR.newline && !acrossLines) break;
    if (c === CHAR.backslash) {
      // HCL has no escape for a single quote.
      if (quote === CHAR.apostrophe && peek(cursor, 1) === quote) replace("");
      else cursor.at++;
      if (peek(cursor) === CHAR.newline) break;
      cursor.at++;
    } else if (acrossLines && atLineEnd(cursor)) replace(c === CHAR.newline ? "\\n" : "\\r");
    else if (c === CHAR.quote) replace('\\"');
    else if (!takeTemplateSequence(cursor, codes)) cursor.at++;
  }
  return { closed: false, codes };
}

/** Takes `$${`, `${…}` or `%{…}` if the cursor is at one. */
function takeTemplateSequence(cursor: Cursor, codes: Range[]): boolean {
  const c = peek(cursor);
  if (c !== CHAR.dollar && c !== CHAR.percent) return false;
  if (peek(cursor, 1) === c && peek(cursor, 2) === CHAR.openBrace) {
    cursor.at += 3;
    return true;
  }
  if (peek(cursor, 1) !== CHAR.openBrace) return false;
  if (c === CHAR.percent) takeInterpolation(cursor, []);
  else if (!takeEnvColon(cursor, codes, true)) takeInterpolation(cursor, codes);
  return true;
}

const ENV_COLON = /\$\{env:([^}"$%\\\r\n]*)\}/y;

/** The name in Honua's `${env:NAME}` at an offset of a text; null if there is none. */
export function envColonName(text: string, at: number): string | null {
  ENV_COLON.lastIndex = at;
  return ENV_COLON.exec(text)?.[1] ?? null;
}

/** Rewrites `${env:NAME}` at the cursor: to `${env("NAME")}` inside a template, to `env("NAME")` outside of one. */
export function takeEnvColon(cursor: Cursor, codes: Range[], insideTemplate: boolean): boolean {
  const name = envColonName(cursor.text, cursor.at);
  if (name === null) return false;
  const call = `env("${ownCopy(name)}")`;
  const length = "${env:}".length + name.length;
  cursor.edits.push({ at: cursor.at, remove: length, insert: insideTemplate ? "${" + call + "}" : call });
  codes.push(anchoredRange(cursor.anchor, cursor.at + 2, cursor.at + length - 1));
  cursor.at += length;
  return true;
}

/** Takes `${…}`; as in HCL's scanner, only a brace outside comments and strings ends it. */
function takeInterpolation(cursor: Cursor, codes: Range[]): void {
  const start = cursor.at + 2;
  const depth = cursor.depth;
  if (!enter(cursor)) return;
  cursor.at = start;
  let braces = 0;
  for (;;) {
    skipBlanks(cursor, true);
    if (atEnd(cursor)) break;
    const c = peek(cursor);
    if (c === CHAR.quote) {
      if (!takeQuoted(cursor).closed) break;
      continue;
    }
    if (atWord(cursor)) {
      takeWord(cursor);
      continue;
    }
    if (atDigit(cursor)) {
      takeNumber(cursor);
      continue;
    }
    if (c === CHAR.openBrace) braces++;
    else if (c === CHAR.closeBrace && braces-- === 0) {
      codes.push(rangeFrom(cursor, start));
      cursor.at++;
      break;
    }
    if (isOpening(c)) enter(cursor);
    else if (isClosing(c)) leave(cursor);
    cursor.at++;
  }
  cursor.depth = depth;
}

/**
 * Takes a heredoc, the cursor at its `<<`; null if there is none. Leaves the cursor after the end marker, before its
 * line end, or at the end of the text if the marker is missing.
 */
export function takeHeredoc(cursor: Cursor): TemplateScan | null {
  HEREDOC.lastIndex = cursor.at;
  const match = HEREDOC.exec(cursor.text);
  if (!match) return null;
  const codes: Range[] = [];
  cursor.at += match[0].length;
  let lineStart = true;
  while (!atEnd(cursor)) {
    if (lineStart) {
      const line = restOfLine(cursor);
      if (line.trim() === match[1]) {
        cursor.at += line.trimEnd().length;
        return { closed: true, codes };
      }
      lineStart = false;
    }
    if (peek(cursor) === CHAR.newline) {
      lineStart = true;
      cursor.at++;
    } else if (!takeTemplateSequence(cursor, codes)) cursor.at++;
  }
  return { closed: false, codes };
}

function restOfLine(cursor: Cursor): string {
  const end = cursor.text.indexOf("\n", cursor.at);
  return cursor.text.slice(cursor.at, end < 0 ? cursor.text.length : end);
}

const ESCAPE = /\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]?))/g;
const ESCAPED: Record<string, string> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

/** The text between quotes with its escapes resolved; null if HCL does not know one of them. */
export function resolveEscapes(inner: string): string | null {
  let valid = true;
  const text = inner.replace(ESCAPE, (_all, simple, short, long, _unknown) => {
    if (simple !== undefined) return ESCAPED[simple]!;
    const code = short ?? long;
    if (code !== undefined && Number.parseInt(code, 16) <= 0x10ffff) {
      return String.fromCodePoint(Number.parseInt(code, 16));
    }
    valid = false;
    return "";
  });
  return valid ? text : null;
}

/**
 * The text of a quoted string without interpolation (a label, a name), given with its quotes: escapes resolved and
 * NFC-normalised, as in HCL. Null if it has an interpolation or an escape that HCL does not know.
 */
export function decodeQuoted(quoted: string): string | null {
  const written = quoted.slice(1, -1);
  const isSingle = quoted.startsWith("'");
  const inner = ownCopy(isSingle ? written.replace(/\\([^])/g, (pair) => pair === "\\'" ? "'" : pair) : written);
  if (!/[$%\\\u0080-\uffff]/.test(inner)) return inner;
  if (/[$%]\{/.test(inner.replace(/\$\$\{|%%\{/g, ""))) return null;
  const text = resolveEscapes(inner);
  return text === null ? null : text.replace(/\$\$\{/g, "${").replace(/%%\{/g, "%{").normalize("NFC");
}
