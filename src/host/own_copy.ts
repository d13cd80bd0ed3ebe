// Strings that keep nothing else alive, and are no larger than they must be. V8 makes a slice of 13 units or more a view of
// the text it was cut from, so a name remembered from a source of megabytes would hold all of it, and one name of every
// edit every source there was; and of a text with one wide character somewhere all parts take two bytes a unit.

/** A slice shorter than this is a copy already. */
const LEAST_VIEW_UNITS = 13;

/** A text that is as long is worth a look at its characters. */
const LEAST_NARROWED_UNITS = 128;

const ASCII = /^[\0-\x7f]*$/;
const [ENCODER, DECODER] = [new TextEncoder(), new TextDecoder()];

/** The same text, held by itself. */
export function ownCopy(text: string): string {
  if (text.length < LEAST_VIEW_UNITS) return text;
  if (text.length >= LEAST_NARROWED_UNITS && ASCII.test(text)) return DECODER.decode(ENCODER.encode(text));
  // Joined and cut again: cutting makes one text of what was joined, and the slice is a view of that.
  return ` ${text}`.slice(1);
}
