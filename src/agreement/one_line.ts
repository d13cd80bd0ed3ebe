// A text from outside as one bounded line, for the records that instances and later versions read.

/**
 * Makes one line of at most `maxLength` UTF-16 units; `?` if nothing is left. No surrogate pair is split, and control
 * characters and line separators become spaces.
 */
export function oneLine(text: string, maxLength: number): string {
  const cut = text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "");
  return cut.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ") || "?";
}
