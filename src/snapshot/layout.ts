// The layout of a snapshot for people: canonical text with line breaks and indentation between its tokens, and nothing
// else changed. A value's layout depends only on its text and its depth, so values can be laid out one by one.

/** Deeper values, and all lists, are on one line. */
const UNFOLDED_DEPTH = 6;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** A line break, and the indentation at a depth of this many objects. A value on one line has none. */
export function lineBreak(depth: number): string {
  return LINE_BREAKS[depth]!;
}

const LINE_BREAKS = Array.from({ length: UNFOLDED_DEPTH + 1 }, (_, depth) => `\n${"  ".repeat(depth)}`);

/**
 * Lays out the canonical text of a value in `depth` objects. `JSON.stringify` with an indentation does not work: it
 * puts names that look like array indexes first, which is not the canonical order.
 */
export function unfold(canonical: string, depth: number): string {
  let result = "";
  let copied = 0;
  let lists = 0;
  for (let at = 0; at < canonical.length; at++) {
    const character = canonical.charCodeAt(at);
    if (character === QUOTE) {
      at = endOfString(canonical, at);
      continue;
    }
    if (character === OPENING_BRACKET) lists++;
    else if (character === CLOSING_BRACKET) lists--;
    if (lists > 0) continue;
    if (character === OPENING_BRACE) depth++;
    const unfolded = depth <= UNFOLDED_DEPTH;
    if (character === CLOSING_BRACE) depth--;
    if (!unfolded || (character === OPENING_BRACE && canonical.charCodeAt(at + 1) === CLOSING_BRACE)) continue;
    if (character === OPENING_BRACE || character === COMMA) {
      result += canonical.slice(copied, at + 1) + lineBreak(depth);
    } else if (character === COLON) result += `${canonical.slice(copied, at + 1)} `;
    else if (character === CLOSING_BRACE && canonical.charCodeAt(at - 1) !== OPENING_BRACE) {
      result += `${canonical.slice(copied, at)}${lineBreak(depth)}}`;
    } else continue;
    copied = at + 1;
  }
  return result + canonical.slice(copied);
}

/** Returns the offset of the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let character = text.charCodeAt(at); character !== QUOTE; character = text.charCodeAt(at)) {
    at += character === BACKSLASH ? 2 : 1;
  }
  return at;
}
