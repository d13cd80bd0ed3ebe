// The grammar in which a Honua server reads its configuration itself: which names and values it can say, and how texts
// are written in it. It is smaller than HCL: no floats, no objects, no null, and no escape for a text that it expands.
import type { Json } from "../config/json.ts";

/** A value that the grammar can say where no schema shapes it. */
export type ServerValue = string | number | boolean | readonly string[];

/** Letters and decimal digits of any script as single UTF-16 units, which is how the server's reader looks at them. */
const NAME = /^[\p{L}\p{Nd}_]+$/u;
const BEYOND_ONE_UNIT = /[\u{10000}-\u{10ffff}]/u;

/** Whether a setting, a field or a rule can have this name. Labels of blocks are texts, which can be any. */
export function isName(name: string): boolean {
  return NAME.test(name) && !BEYOND_ONE_UNIT.test(name);
}

/** The value as the grammar can say it; null if it cannot. */
export function serverValueOf(value: Json): ServerValue | null {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return isWholeNumber(value) ? value : null;
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : null;
}

/** Whether a number is a whole one of 32 bits. */
export function isWholeNumber(value: number): boolean {
  return (value | 0) === value;
}

/**
 * Whether the server would, or might, expand a text once more: `${env:NAME}`, `env("NAME")` and `env('NAME')` anywhere in
 * it, and `var.NAME` also within a word, as in `pgvar.internal`.
 */
export function isExpandedAgain(text: string): boolean {
  return /\$\{env:|env\(["']|var\./.test(text);
}

/** A text as it is written: every character that has no escape, a NUL included, is written as it is. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\\n\r\t]/g, (character) => ESCAPES[character]!)}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A value as it is written. */
export function written(value: ServerValue): string {
  if (typeof value === "string") return quoted(value);
  // Not `-0`: a template spells it as 0.
  return typeof value === "object" ? `[${value.map(quoted).join(", ")}]` : `${value}`;
}
