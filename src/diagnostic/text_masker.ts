// Masks secrets in texts: each whole secret, its parts that are secret by themselves, and every spelling that a program
// or a server may use for them. All spellings are made once; masking then takes one pass over a text.
import { Buffer } from "node:buffer";
import { decoded, secretParts } from "./secret_parts.ts";
import { MASK } from "./secrets.ts";

/** The shortest secret, or part of one, that is masked: to mask a shorter one would hide ordinary words. */
export const MIN_SECRET_LENGTH = 4;

/**
 * Returns a function that replaces every occurrence of the secrets and of their parts by `[masked]`: at each place the
 * longest one, and occurrences that overlap as one. A secret or part of less than 4 characters is not masked.
 */
export function textMasker(secrets: Iterable<string>): (text: string) => string {
  return openTextMasker()(secrets);
}

/** `textMasker` for one set of secrets after another; the spellings of secrets of the last set are not made again. */
export function openTextMasker(): typeof textMasker {
  let known = new Map<string, readonly string[]>();
  return (secrets) => {
    const wanted = new Set(secrets);
    known = new Map([...wanted].map((secret) => [secret, known.get(secret) ?? maskedTexts(secret)]));
    return spellingMasker(new Set([...known.values()].flat()));
  };
}

/** Returns all spellings of the secrets and of their parts. */
export function secretSpellings(secrets: Iterable<string>): ReadonlySet<string> {
  return new Set([...secrets].flatMap(maskedTexts));
}

function maskedTexts(secret: string): string[] {
  const isLongEnough = (text: string) => text.length >= MIN_SECRET_LENGTH;
  return [secret, ...secretParts(secret)].filter(isLongEnough).flatMap(spellingsOf).filter(isLongEnough);
}

/** The text itself, its spellings in URLs, forms and JSON, its decoded form, and base64 with and without padding. */
function spellingsOf(text: string): string[] {
  const readings = new Set([text, decoded(text), decoded(text.replaceAll("+", " "))]);
  return [...readings].flatMap((one) => [one, ...encodingsOf(one)]);
}

function encodingsOf(text: string): string[] {
  const spellings: string[] = [];
  // Neither encoding can represent half of a surrogate pair.
  const encoded = encodeURIComponent(text.toWellFormed());
  if (encoded !== text) {
    spellings.push(encoded, encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()));
    if (text.includes(" ")) spellings.push(encoded.replaceAll("%20", "+"));
  }
  const padded = Buffer.from(text, "utf8").toString("base64");
  const base64 = padded.replaceAll("=", "");
  const json = JSON.stringify(text).slice(1, -1);
  spellings.push(json, json.replace(/\\"|[&'+<>`\u007f-\uffff]/g, dotnetEscape));
  spellings.push(padded, base64, base64.replaceAll("+", "-").replaceAll("/", "_"));
  return spellings;
}

/** The escape of a character that System.Text.Json escapes although JSON does not require it. */
function dotnetEscape(text: string): string {
  return `\\u${text.charCodeAt(text.length - 1).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** As {@linkcode textMasker}, for the result of {@linkcode secretSpellings}. */
export function spellingMasker(spellings: ReadonlySet<string>): (text: string) => string {
  const byStart = new Map<string, string[]>();
  for (const spelling of spellings) {
    const start = spelling.slice(0, MIN_SECRET_LENGTH);
    const known = byStart.get(start);
    if (known) known.push(spelling);
    else byStart.set(start, [spelling]);
  }
  for (const known of byStart.values()) known.sort((left, right) => right.length - left.length);
  if (byStart.size === 0) return (text) => text;
  return (text) => {
    let masked = "";
    let shown = 0;
    let hiddenEnd = 0;
    for (let at = 0; text[at] !== undefined; at++) {
      const found = byStart.get(text.slice(at, at + MIN_SECRET_LENGTH))?.find((secret) => text.startsWith(secret, at));
      if (found === undefined) continue;
      if (at >= hiddenEnd) masked += text.slice(shown, at) + MASK;
      hiddenEnd = Math.max(hiddenEnd, at + found.length);
      shown = hiddenEnd;
    }
    return masked + text.slice(shown);
  };
}
