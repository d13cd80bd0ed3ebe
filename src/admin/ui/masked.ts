// Masks the model of a view. A secret is masked before the view renders it, since the escaping of HTML would hide it
// from the mask; and no text from outside changes the writing direction of the sentence that quotes it.
import { glyphOf } from "../../diagnostic/terminal_text.ts";
import { API_WORDS } from "./api_words.ts";

/** Returns a copy of a JSON-like value, every text in it masked and made harmless; other values are the same. */
export function masked<T>(value: T, mask: (text: string) => string): T {
  return copied(value, mask) as T;
}

function copied(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return API_WORDS.has(value) ? value : visible(mask(value));
  if (Array.isArray(value)) return value.map((item) => copied(item, mask));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copied(member, mask)]));
}

/** Controls, and characters that hide or reorder text; outputs have line feeds and tabs, emoji a joiner. */
const INVISIBLE = /[^\P{C}\n\t\u200d]|[\p{Zl}\p{Zp}]/gu;

function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => glyphOf(character).text);
}
