// Copies strings so that they keep no other string alive and are as small as possible. In V8 a slice of 13 units or
// more is a view of its text. A remembered name would keep its whole source of megabytes, and a name from each edit
// would keep every source. And if a text has one wide character, all its slices take two bytes a unit.

/** V8 copies a shorter slice. */
const LEAST_VIEW_UNITS = 13;

/** For a shorter text, a check of its characters costs more than it saves. */
const LEAST_NARROWED_UNITS = 128;

const ASCII = /^[\0-\x7f]*$/;
const [ENCODER, DECODER] = [new TextEncoder(), new TextDecoder()];

/** Returns a copy of the text that keeps no other text alive. */
export function ownCopy(text: string): string {
  if (text.length < LEAST_VIEW_UNITS) return text;
  if (text.length >= LEAST_NARROWED_UNITS && ASCII.test(text)) return DECODER.decode(ENCODER.encode(text));
  // Slicing flattens the joined text into a new one, and the slice is a view of only that one.
  return ` ${text}`.slice(1);
}
