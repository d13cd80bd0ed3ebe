// Any text as one word of a shell.

/** For bash and zsh (POSIX): in single quotes; a single quote ends them, is escaped, and begins them again. */
export function posixQuoted(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** For fish: in single quotes, in which a backslash escapes itself and the quote. */
export function fishQuoted(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
