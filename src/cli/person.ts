// The person who gives an order, for the history and the journal.

/** The longest name that the daemon takes. */
const MAX_NAME_LENGTH = 64;

/** The name of the command line, else that of the user who called sudo, else the user's; null: none is known. */
export function personOf(author: string | null, environment: Readonly<Record<string, string>>): string | null {
  if (author !== null) return author;
  const name = environment["SUDO_USER"] || environment["USER"] || "";
  return /^[^\p{Cc}\p{Cs}]+$/u.test(name) ? name.slice(0, MAX_NAME_LENGTH) : null;
}
