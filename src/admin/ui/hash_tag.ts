// A hash on the page: the first digits, as all commands show it, and the whole one as the title.
import { type Markup, markup } from "./markup.ts";

const DIGITS = 8;

export function shortHash(hash: string): string {
  return hash.slice(0, DIGITS);
}

export function hashTag(hash: string): Markup {
  return markup`<code title="${hash}">${shortHash(hash)}</code>`;
}
