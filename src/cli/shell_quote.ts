// Text as one word of a shell, whatever is in it.

/** For bash and zsh (POSIX): in single quotes, a single quote ended, escaped and begun anew. */
export function posixQuoted(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** For fish: in single quotes, in which a backslash escapes itself and the quote. */
export function fishQuoted(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
