// Texts joined into bytes, some at a time; what was joined of just the same texts at the same place the last time is the same
// bytes again. It rests where it yields.

/** Bytes in pieces, to be read one after the other. */
export type Pieces = readonly Uint8Array<ArrayBuffer>[];

/** Bytes in pieces, and of which texts each was made. */
export type Joined = readonly { readonly texts: readonly string[]; readonly bytes: Uint8Array<ArrayBuffer> }[];

/** So many texts make a piece: with more of them an edit makes more anew, with fewer there are more pieces. */
const PIECE_TEXTS = 128;

/** Joins texts in UTF-8, given some that were joined before. */
export function* joined(texts: readonly string[], ...known: readonly (Joined | undefined)[]): Generator<void, Joined> {
  const pieces: Joined[number][] = [];
  for (let from = 0; from < texts.length; from += PIECE_TEXTS) {
    const some = texts.slice(from, from + PIECE_TEXTS);
    const same = known.map((one) => one?.[pieces.length]).find((piece) => piece && areSame(piece.texts, some));
    pieces.push(same ?? { texts: some, bytes: new TextEncoder().encode(some.join("")) });
    yield;
  }
  return pieces;
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++) if (some[at] !== others[at]) return false;
  return true;
}
