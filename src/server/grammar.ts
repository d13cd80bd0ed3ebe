// The grammar of the configuration that a Honua server reads: its names and values, and the form of its texts. It is
// smaller than HCL: no floats, no objects, no null, and no escape for a text that the server expands.
import type { Json } from "../config/json.ts";

/** A value that the grammar has for settings without a schema. */
export type ServerValue = string | number | boolean | readonly string[];

/** Letters and decimal digits of any script, as single UTF-16 units: the server's reader tests each unit. */
const NAME = /^[\p{L}\p{Nd}_]+$/u;
const BEYOND_ONE_UNIT = /[\u{10000}-\u{10ffff}]/u;

/** Whether a setting, a field or a rule can have this name. The label of a block is a text and so can be any. */
export function isName(name: string): boolean {
  return NAME.test(name) && !BEYOND_ONE_UNIT.test(name);
}

/** Returns the value in the grammar's form; null: the grammar has no such value. */
export function serverValueOf(value: Json): ServerValue | null {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return isWholeNumber(value) ? value : null;
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : null;
}

/** Whether a number is a whole one of 32 bits, with a sign. */
export function isWholeNumber(value: number): boolean {
  return (value | 0) === value;
}

/**
 * Whether the server would, or might, expand a text once more: it expands `${env:NAME}`, `env("NAME")` and
 * `env('NAME')` anywhere in a text, and `var.NAME` also within a word, as in `pgvar.internal`.
 */
export function isExpandedAgain(text: string): boolean {
  return /\$\{env:|env\(["']|var\./.test(text);
}

/** Writes a text; a character that has no escape, a NUL included, is written unchanged. */
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

/** Writes a value. */
export function written(value: ServerValue): string {
  if (typeof value === "string") return quoted(value);
  // A template writes `-0` as 0.
  return typeof value === "object" ? `[${value.map(quoted).join(", ")}]` : `${value}`;
}
