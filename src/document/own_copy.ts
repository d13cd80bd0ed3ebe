// Strings that keep nothing else alive. V8 makes a slice of 13 units or more a view of the text it was cut from, so a
// name remembered from a source of megabytes would hold all of it, and one name of every edit every source there was.

/** A slice shorter than this is a copy already. */
const LEAST_VIEW_UNITS = 13;

/** The same text, held by itself. */
export function ownCopy(text: string): string {
  // Joined and cut again: cutting makes one text of what was joined, and the slice is a view of that.
  return text.length < LEAST_VIEW_UNITS ? text : ` ${text}`.slice(1);
}
