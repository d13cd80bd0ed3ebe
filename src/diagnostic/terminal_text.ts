// Makes text fit for a terminal: it removes the effect of control characters, escape sequences and changes of the
// writing direction in a source, a path or a name, and knows the width in columns.

const ZERO_WIDTH = /^[\p{Mn}\p{Me}\u200d\ufe00-\ufe0f]$/u;
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]$/u;
const FORMAT_OR_UNASSIGNED = /^[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]$/u;

/** The safe form of a character (code point) for a terminal. */
export interface Glyph {
  readonly text: string;
  /** The width of `text`: 0 for a combining mark. */
  readonly columns: number;
}

/**
 * Returns the glyph of one code point. A tab is four spaces in any column; another control character is its control
 * picture (`␛`) or `<U+009B>`, and so are format characters that hide or reorder text (Unicode UAX #9 and category Cf)
 * except the zero-width joiner; half of a surrogate pair is U+FFFD. A combining mark takes no column, an East Asian
 * wide character or an emoji two (Unicode UAX #11, exact enough for an underline).
 */
export function glyphOf(character: string): Glyph {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return { text: character, columns: 1 };
  if (code === 0x09) return { text: "    ", columns: 4 };
  if (code < 0x20) return { text: String.fromCodePoint(0x2400 + code), columns: 1 };
  if (code === 0x7f) return { text: "\u2421", columns: 1 };
  if (code >= 0xd800 && code <= 0xdfff) return { text: "\ufffd", columns: 1 };
  if (ZERO_WIDTH.test(character)) return { text: character, columns: 0 };
  if (code < 0xa0 || FORMAT_OR_UNASSIGNED.test(character)) {
    const text = `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
    return { text, columns: text.length };
  }
  return { text: character, columns: WIDE.test(character) ? 2 : 1 };
}

/**
 * Returns at most `maxCharacters` characters of a text on one line, harmless to a terminal; a longer text ends in `…`.
 */
export function terminalText(text: string, maxCharacters = 1_000): string {
  let shown = "";
  let count = 0;
  for (const character of text) {
    if (count++ === maxCharacters) return `${shown}…`;
    shown += glyphOf(character).text;
  }
  return shown;
}

/**
 * Returns a value as one line of JSON and a newline. Characters that could control a terminal are escaped, although
 * JSON does not require it; the parsed value is the same.
 */
export function jsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
  return `${escaped}\n`;
}

/**
 * Whether to colour the output of a stream: only on a terminal, not if `NO_COLOR` is set and not empty (no-color.org),
 * and not if `TERM` is `dumb`.
 */
export function useColour(stream: { isTerminal: boolean; env: (name: string) => string | undefined }): boolean {
  return stream.isTerminal && !stream.env("NO_COLOR") && stream.env("TERM") !== "dumb";
}
