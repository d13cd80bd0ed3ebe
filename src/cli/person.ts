// The name of the person behind an order, for the history and the journal.

/** The longest name that the daemon takes. */
const MAX_NAME_LENGTH = 64;

/** The name of the command line, else the user before sudo, else the user; null: none is known. */
export function personOf(author: string | null, environment: Readonly<Record<string, string>>): string | null {
  if (author !== null) return author;
  const name = environment["SUDO_USER"] || environment["USER"] || "";
  return /^[^\p{Cc}\p{Cs}]+$/u.test(name) ? name.slice(0, MAX_NAME_LENGTH) : null;
}
