// Joins texts into pieces of bytes. A piece is used again if its texts and its index are those of an earlier join. The
// generator yields to take turns.

/** Bytes in pieces, in their order. */
export type Pieces = readonly Uint8Array<ArrayBuffer>[];

/** Bytes in pieces, each with its texts. */
export type Joined = readonly { readonly texts: readonly string[]; readonly bytes: Uint8Array<ArrayBuffer> }[];

/** Texts in a piece: with more, an edit joins more again; with fewer, there are more pieces. */
const PIECE_TEXTS = 128;

/** Joins texts in UTF-8, and uses pieces of earlier joins again. */
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
