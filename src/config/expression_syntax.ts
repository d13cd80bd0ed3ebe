// Parses the expressions that a configuration may have: templates, literals, env(), var.x, references, cache.x.enabled
// and conditionals. It refuses all other expressions of HCL by name, at their place. It evaluates nothing.
import type { Range } from "../diagnostic/range.ts";
import type { SourceText } from "../diagnostic/range.ts";
import type { Template } from "../document/document.ts";
import {
  type Constant,
  constant,
  type EnvironmentReference,
  environmentReference,
  type Fault,
  fault,
  numberConstant,
} from "./expressions.ts";
import { partOf } from "./findings.ts";

/** An expression as written. */
export type Syntax =
  | Constant
  | EnvironmentReference
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "variable"; readonly name: string; readonly range: Range }
  | { readonly kind: "cache-enabled"; readonly id: string; readonly range: Range }
  | { readonly kind: "reference"; readonly parts: readonly string[]; readonly range: Range }
  | {
    readonly kind: "choice";
    readonly condition: Syntax;
    readonly yes: Syntax;
    readonly no: Syntax;
    readonly range: Range;
  }
  | { readonly kind: "template"; readonly parts: readonly Syntax[]; readonly range: Range };

/**
 * Parses a template. A template of a single `${…}` results in the expression inside; the literal parts of any other
 * have the kind "text", unlike strings inside code. A place inside code is exact only if `source` contains the code
 * verbatim.
 */
export function parseTemplate(template: Template, source: SourceText): Syntax | Fault {
  const cursor = openCursor(template, source);
  const parts = parseParts(cursor, null);
  if (!Array.isArray(parts)) return parts;
  if (parts.length === 1 && parts[0]!.kind !== "text") return parts[0]!;
  return { kind: "template", parts, range: template.range };
}

const SUPPORTED =
  'An expression may be env("NAME"), env("NAME", "default"), var.x, a reference such as service.x, cache.x.enabled, ' +
  "a literal, a string with ${…}, or CONDITION ? A : B of these";
const MAX_NESTING = 64;
const SPACE = /[ \t\r\n]*/y;
const COMMENT = /#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\//y;
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const OPERATOR = /==|!=|<=|>=|&&|\|\||=>|\.\.\.|[!<>+\-*/%]/y;

interface Cursor {
  readonly text: string;
  readonly template: Template;
  readonly source: SourceText;
  at: number;
  depth: number;
  /** How many `${…}` of the template itself began so far, without those inside strings. */
  codes: number;
  /** The start of the last one in the text. */
  codeStart: number;
  /** Its place in the source. */
  codeRange: Range;
  codeIsVerbatim: boolean;
}

function openCursor(template: Template, source: SourceText): Cursor {
  const { text, range } = template;
  return { text, template, source, at: 0, depth: 0, codes: 0, codeStart: 0, codeRange: range, codeIsVerbatim: false };
}

/** The range in the source of the text from `start` to `end`; of the whole code or template if it is not known. */
function rangeOf(cursor: Cursor, start: number, end: number): Range {
  const { codeRange, codeStart } = cursor;
  if (!cursor.codeIsVerbatim) return codeRange;
  const length = codeRange.end - codeRange.start;
  return partOf(codeRange, Math.min(start - codeStart, length), Math.min(end - codeStart, length));
}

function enterCode(cursor: Cursor): void {
  const range = cursor.template.codes[cursor.codes++];
  cursor.codeStart = cursor.at;
  cursor.codeRange = range ?? cursor.template.range;
  cursor.codeIsVerbatim = range !== undefined &&
    cursor.text.startsWith(cursor.source.text.slice(range.start, range.end), cursor.at);
}

/** Parses the parts of a template: to the end of the text (`closing` null), or to the closing quote inside code. */
function parseParts(cursor: Cursor, closing: '"' | null): Syntax[] | Fault {
  const parts: Syntax[] = [];
  let literal = "";
  const { text } = cursor;
  for (;;) {
    const stop = nextSpecial(text, cursor.at, closing);
    literal += text.slice(cursor.at, stop);
    cursor.at = stop;
    if (stop >= text.length || (closing !== null && text[stop] === closing)) break;
    if (closing !== null && text[stop] === "\\") {
      const escaped = parseEscape(cursor);
      if (typeof escaped !== "string") return escaped;
      literal += escaped;
    } else if (text.startsWith("$${", stop) || text.startsWith("%%{", stop)) {
      literal += text[stop] + "{";
      cursor.at += 3;
    } else if (text.startsWith("${", stop)) {
      if (literal !== "") parts.push({ kind: "text", value: literal });
      literal = "";
      cursor.at += 2;
      if (closing === null) enterCode(cursor);
      const code = parseCode(cursor);
      if (code.kind === "fault") return code;
      parts.push(code);
    } else if (text.startsWith("%{", stop)) {
      return directive(cursor);
    } else {
      literal += text[stop];
      cursor.at++;
    }
  }
  if (literal !== "" || parts.length === 0) parts.push({ kind: "text", value: literal });
  return parts;
}

/** The fault of a directive; it searches the source for the place, which the template has only for `${…}`. */
function directive({ template, source }: Cursor): Fault {
  const { start, end } = template.range;
  const at = source.text.slice(start, end).search(/(?<!%)%\{/);
  const range = at < 0 ? template.range : partOf(template.range, at, at + 2);
  return fault("config/unsupported-expression", "A directive %{…} is not supported", range, {
    why: SUPPORTED,
    suggestion: "Write %%{ for a literal %{",
  });
}

function nextSpecial(text: string, from: number, closing: '"' | null): number {
  for (let at = from; at < text.length; at++) {
    const one = text.charCodeAt(at);
    if (one === 36 || one === 37) return at;
    if (closing !== null && (one === 34 || one === 92)) return at;
  }
  return text.length;
}

/** Parses from after `${` to after its `}`. */
function parseCode(cursor: Cursor): Syntax | Fault {
  const code = parseExpression(cursor);
  if (code.kind === "fault") return code;
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "}") {
    cursor.at++;
    return code;
  }
  return unsupportedHere(cursor);
}

function parseExpression(cursor: Cursor): Syntax | Fault {
  const start = (skipSpace(cursor), cursor.at);
  if (++cursor.depth > MAX_NESTING) {
    const range = rangeOf(cursor, start, start + 1);
    return fault("config/expression-too-deep", `This expression is nested more than ${MAX_NESTING} deep`, range);
  }
  const condition = parsePrimary(cursor);
  if (condition.kind === "fault") return condition;
  if (!take(cursor, "?")) {
    cursor.depth--;
    return condition;
  }
  const yes = parseExpression(cursor);
  if (yes.kind === "fault") return yes;
  if (!take(cursor, ":")) return unsupportedHere(cursor);
  const no = parseExpression(cursor);
  if (no.kind === "fault") return no;
  cursor.depth--;
  return { kind: "choice", condition, yes, no, range: rangeOf(cursor, start, cursor.at) };
}

function parsePrimary(cursor: Cursor): Syntax | Fault {
  skipSpace(cursor);
  const { text, at } = cursor;
  if (text[at] === "(") {
    cursor.at++;
    const inner = parseExpression(cursor);
    if (inner.kind === "fault") return inner;
    return take(cursor, ")") ? inner : unsupportedHere(cursor);
  }
  if (text[at] === '"') return parseQuoted(cursor);
  const digits = match(cursor, NUMBER);
  if (digits !== null) return numberConstant(digits, rangeOf(cursor, at, cursor.at));
  const name = match(cursor, IDENTIFIER);
  if (name === null) return unsupportedHere(cursor);
  if (opensCall(cursor)) return parseCall(cursor, name, at);
  if (name === "true" || name === "false") return constant(name === "true");
  if (name === "null") return constant(null);
  return parseTraversal(cursor, name, at);
}

function parseQuoted(cursor: Cursor): Syntax | Fault {
  const start = cursor.at++;
  if (++cursor.depth > MAX_NESTING) {
    return fault("config/expression-too-deep", "This string is nested too deep", rangeOf(cursor, start, start + 1));
  }
  const parts = parseParts(cursor, '"');
  if (!Array.isArray(parts)) return parts;
  if (cursor.text[cursor.at] !== '"') {
    return unsupported(cursor, start, start + 1, "This string is never closed", 'Close it with "');
  }
  cursor.at++;
  cursor.depth--;
  if (parts.length === 1) return parts[0]!.kind === "text" ? constant(parts[0]!.value) : parts[0]!;
  const strings = parts.map((part) => part.kind === "text" ? constant(part.value) : part);
  return { kind: "template", parts: strings, range: rangeOf(cursor, start, cursor.at) };
}

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map(
  [["n", "\n"], ["r", "\r"], ["t", "\t"], ['"', '"'], ["\\", "\\"]],
);

function parseEscape(cursor: Cursor): string | Fault {
  const start = cursor.at;
  const one = cursor.text.charAt(start + 1);
  const plain = SIMPLE_ESCAPES.get(one);
  if (plain !== undefined) {
    cursor.at += 2;
    return plain;
  }
  const digits = one === "u" ? 4 : one === "U" ? 8 : 0;
  const hex = cursor.text.slice(start + 2, start + 2 + digits);
  const point = hex.length === digits && /^[0-9a-fA-F]+$/.test(hex) ? parseInt(hex, 16) : Infinity;
  if (point > 0x10ffff) {
    return unsupported(
      cursor,
      start,
      start + 2,
      "This escape is not HCL's",
      'HCL has \\n, \\r, \\t, \\", \\\\ and \\uXXXX',
    );
  }
  cursor.at += 2 + digits;
  return String.fromCodePoint(point);
}

/** Whether `(` follows, with white space before it, as HCL allows; if so, moves the cursor to it. */
function opensCall(cursor: Cursor): boolean {
  const { at } = cursor;
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "(") return true;
  cursor.at = at;
  return false;
}

function parseCall(cursor: Cursor, name: string, start: number): Syntax | Fault {
  const range = rangeOf(cursor, start, start + name.length);
  if (name !== "env") {
    return fault("config/unsupported-expression", "This function is not supported", range, {
      why: SUPPORTED,
    });
  }
  cursor.at++;
  const values: string[] = [];
  while (!take(cursor, ")")) {
    if (values.length > 0 && !take(cursor, ",")) return unsupportedHere(cursor);
    if (values.length > 0 && take(cursor, ")")) break;
    const argument = parseExpression(cursor);
    if (argument.kind === "fault") return argument;
    if (argument.kind !== "constant" || argument.value === null || values.length === 2) return envFault(range);
    values.push(argument.text ?? String(argument.value));
  }
  if (values.length === 0 || values[0] === "") return envFault(range);
  return environmentReference(values[0]!, values[1] ?? null, rangeOf(cursor, start, cursor.at));
}

function envFault(range: Range): Fault {
  return fault("config/unsupported-expression", "env() takes a name and, if need be, a default", range, {
    why: "Both are plain strings, so that the names a configuration needs can be read off it",
    suggestion: 'Write env("NAME") or env("NAME", "default")',
  });
}

function parseTraversal(cursor: Cursor, first: string, start: number): Syntax | Fault {
  const parts = [first];
  while (cursor.text[cursor.at] === "." && cursor.text[cursor.at + 1] !== ".") {
    cursor.at++;
    const part = match(cursor, IDENTIFIER);
    if (part === null) {
      const what = cursor.text[cursor.at] === "*" ? "A splat (.*) is not supported" : "A name is missing after the dot";
      return unsupported(cursor, cursor.at, cursor.at + 1, what);
    }
    parts.push(part);
  }
  if (cursor.text[cursor.at] === "[") {
    return unsupported(cursor, cursor.at, cursor.at + 1, "An index […] is not supported", "Name the part with a dot");
  }
  const range = rangeOf(cursor, start, cursor.at);
  if (parts[0] === "var") {
    if (parts.length === 2) return { kind: "variable", name: parts[1]!, range };
    const summary = parts.length === 1
      ? "The name of the variable is missing"
      : "Parts of a variable are not supported";
    return fault("config/unsupported-expression", summary, range, { why: SUPPORTED, suggestion: "Write var.NAME" });
  }
  if (parts[0] === "cache" && parts.length === 3 && parts[2] === "enabled") {
    return { kind: "cache-enabled", id: parts[1]!, range };
  }
  return { kind: "reference", parts, range };
}

function unsupportedHere(cursor: Cursor): Fault {
  const { text, at } = cursor;
  const found = match({ ...cursor }, OPERATOR);
  const end = at + (found?.length ?? 1);
  if (found !== null) return unsupported(cursor, at, end, `The operator ${found} is not supported`);
  if (text[at] === "[") return unsupported(cursor, at, end, "A list […] inside an expression is not supported");
  if (text[at] === "{") return unsupported(cursor, at, end, "A map {…} inside an expression is not supported");
  if (text[at] === "~") return unsupported(cursor, at, end, "The trim marker ~ is not supported");
  if (at >= text.length || text[at] === "}") return unsupported(cursor, at, end, "This expression is not complete");
  return unsupported(cursor, at, end, "This expression is not supported");
}

function unsupported(
  cursor: Cursor,
  start: number,
  end: number,
  summary: string,
  suggestion: string | null = null,
): Fault {
  const range = rangeOf(cursor, start, end);
  return fault("config/unsupported-expression", summary, range, { why: SUPPORTED, suggestion });
}

function skipSpace(cursor: Cursor): void {
  const first = cursor.text.charCodeAt(cursor.at);
  if (first > 32 && first !== 35 && first !== 47) return;
  do match(cursor, SPACE); while (match(cursor, COMMENT) !== null);
}

/** Skips white space, then takes the token if it follows. */
function take(cursor: Cursor, token: string): boolean {
  skipSpace(cursor);
  if (!cursor.text.startsWith(token, cursor.at)) return false;
  cursor.at += token.length;
  return true;
}

/** Takes the match of a sticky expression at the cursor. */
function match(cursor: Cursor, sticky: RegExp): string | null {
  sticky.lastIndex = cursor.at;
  const found = sticky.exec(cursor.text);
  if (found === null) return null;
  cursor.at += found[0].length;
  return found[0];
}
